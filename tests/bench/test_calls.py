"""bench/calls holds the conversation in all three ways."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import pytest

from asterisk.instance import authorization
from bench.calls import NAMES, all_over, nothing_left, ratios, run, table
from bench.telephony.ground import Ground, Kind, Load, ground, number
from bench.telephony.measured import Measured
from bench.telephony.telephones import TRUNK

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]


async def measured(names: list[str], rate: float, kind: Kind = "asterisk") -> dict[str, Measured]:
    """For so long that a call of each began and ended meanwhile: those of a busy machine last longer."""
    for seconds in (6.0, 24.0, 96.0):
        found = await run(names, Load(rate=rate, seconds=seconds, ramp=3.0), kind)
        if all(each.calls for each in found.values()):
            break
    assert min(each.calls for each in found.values()) > 0
    return found


async def test_all_three_ways_get_their_receipts() -> None:
    found = await measured(list(NAMES), 4.0)
    assert list(found) == ["a", "b", "c"]
    for each in found.values():
        assert each.failures == 0
        assert min(each.cpu_ms[name] for name in ("node", "far end")) > 0  # (a)'s Python may need less than a tick
    assert min(found["c"].cpu_ms[name] for name in ("python", "postgresql")) > 0
    assert set(ratios(found)) == {"c/a total", "c/a python", "c/b total", "c/b python"}
    assert table(found).row_count == 3


async def test_light_telephones_lose_no_key() -> None:
    found = await measured(["b"], 8.0, "sipp")
    assert found["b"].failures == 0  # a receipt comes after the second key
    assert found["b"].cpu_ms["far end"] > 0


async def test_light_telephones_note_the_end_of_calls_that_are_given_up() -> None:
    async with ground("sipp") as made:
        node = made.node.settings
        headers = {"Authorization": authorization(node.ari_user, node.ari_password)}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{node.ari_url}/events?app=test"),
        ):
            await asyncio.gather(*(_given_up(made, session, number(n)) for n in range(20)))
            await all_over(made)
            await nothing_left(made)
        happened = Counter(event.event for event in made.telephones.log())
        assert happened["incoming"] == happened["ended"] == 20


async def _given_up(made: Ground, session: aiohttp.ClientSession, who: str) -> None:
    """Call that telephone, and hang up when it has been reached: it rings, or answers just now."""
    channels = f"{made.node.settings.ari_url}/channels"
    async with session.post(
        channels, json={"endpoint": f"PJSIP/{who}@{TRUNK}", "app": "test", "channelId": who, "formats": "alaw"}
    ) as reply:
        assert reply.status == 200
    while who not in {event.number for event in made.telephones.log()}:
        await asyncio.sleep(0.005)
    async with session.delete(f"{channels}/{who}") as reply:
        assert reply.status == 204
