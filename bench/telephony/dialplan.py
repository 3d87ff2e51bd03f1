"""(a): pure dialplan. Python does nothing but originate, as somebody must.

python -m bench.telephony.dialplan URL USER PASSWORD RATE SECONDS PROMPT CONFIRM RECEIPT RECEIPTS
"""

import asyncio
import sys

import aiohttp

from asterisk.instance import authorization
from bench.telephony.ground import CALLER_ID, number
from bench.telephony.telephones import TRUNK


async def main(url: str, user: str, password: str, rate: str, seconds: str, *names: str) -> None:
    """Originate at that rate; print how many were refused."""
    refused = 0
    loop = asyncio.get_running_loop()
    start, tasks = loop.time(), set[asyncio.Task[int]]()
    variables = dict(zip(("PROMPT", "CONFIRM", "RECEIPT", "RECEIPTS"), names, strict=True))
    async with aiohttp.ClientSession(headers={"Authorization": authorization(user, password)}) as session:

        async def originate(who: str) -> int:
            body = {
                "endpoint": f"PJSIP/{who}@{TRUNK}", "context": "bench", "extension": "s", "priority": 1, "timeout": 30,
                "callerId": CALLER_ID, "formats": "alaw", "variables": variables | {"NUMBER": who},
            }  # fmt: skip
            async with session.post(f"{url}/channels", json=body) as reply:
                return reply.status

        for n in range(int(float(rate) * float(seconds))):
            await asyncio.sleep(start + n / float(rate) - loop.time())
            tasks.add(asyncio.create_task(originate(number(n))))
        for status in await asyncio.gather(*tasks):
            refused += status != 200
    print(refused)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
