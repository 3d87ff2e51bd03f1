"""(b): the conversation as a bare aiohttp script has it: no database, no retries, no timers, no evidence, no doubt.

python -m bench.telephony.bare URL USER PASSWORD RATE SECONDS PROMPT CONFIRM RECEIPT RECEIPTS
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from asterisk.instance import authorization
from bench.telephony.ground import CALLER_ID, number
from bench.telephony.telephones import TRUNK


class Script:
    """One connection, and what each call is at."""

    def __init__(self, session: aiohttp.ClientSession, url: str, *sounds: str) -> None:
        self.session, self.url, self.sounds = session, url, sounds
        self.steps: dict[str, int] = {}
        self.receipts: list[str] = []
        self.refused = 0
        self.tasks = set[asyncio.Task[None]]()

    async def send(self, method: str, path: str, **body: Any) -> int:
        async with self.session.request(method, f"{self.url}/{path}", json=body or None) as reply:
            await reply.read()
            return reply.status

    async def call(self, who: str) -> None:
        self.steps[who] = 0
        status = await self.send(
            "POST", "channels", endpoint=f"PJSIP/{who}@{TRUNK}", app="bare", channelId=who, callerId=CALLER_ID,
            timeout=30, formats="alaw",
        )  # fmt: skip
        self.refused += status != 200

    async def play(self, channel: str, step: int) -> None:
        if step:
            await self.send("DELETE", f"playbacks/{channel}-{step - 1}")
        await self.send("POST", f"channels/{channel}/play/{channel}-{step}", media=[f"sound:{self.sounds[step]}"])
        if step == 2:
            self.receipts.append(f"{time.time():.3f} {channel}\n")

    async def hang_up(self, channel: str) -> None:
        await self.send("DELETE", f"channels/{channel}")

    def received(self, event: Any) -> None:
        match event["type"]:
            case "StasisStart":
                self.go(self.play(event["channel"]["id"], 0))
            case "ChannelDtmfReceived":
                channel = event["channel"]["id"]
                self.steps[channel] += 1
                if self.steps[channel] <= 2:
                    self.go(self.play(channel, self.steps[channel]))
            case "PlaybackFinished" if event["playback"]["id"].endswith("-2"):
                self.go(self.hang_up(event["playback"]["target_uri"].removeprefix("channel:")))
            case "ChannelDestroyed":
                self.steps.pop(event["channel"]["id"], None)

    def go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def pace(self, rate: float, seconds: float) -> None:
        start = time.monotonic()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(start + n / rate - time.monotonic())
            self.go(self.call(number(n)))
        async with asyncio.timeout(30):
            while self.steps:
                await asyncio.sleep(0.1)


async def main(url: str, user: str, password: str, rate: str, seconds: str, *names: str) -> None:
    """Call at that rate, write the receipts, print how many calls were refused."""
    *sounds, receipts = names
    async with aiohttp.ClientSession(headers={"Authorization": authorization(user, password)}) as session:
        script = Script(session, url, *sounds)
        async with session.ws_connect(f"{url}/events?app=bare", max_msg_size=0) as socket:
            pacing = asyncio.create_task(script.pace(float(rate), float(seconds)))
            pacing.add_done_callback(lambda _: asyncio.create_task(socket.close()))
            async for message in socket:
                script.received(json.loads(message.data))
        await asyncio.gather(pacing, return_exceptions=True)
    Path(receipts).write_text("".join(script.receipts))
    print(script.refused)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
