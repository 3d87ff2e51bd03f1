"""Sound that does not come through, on real lines: what is heard is what flowed, and no try is lost for a line's silence.

The telephones are SIPp's with RTP of their own, as in test_sipp.py. Each prompt is played in full; what the evidence says of it is
what differs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ivr.calls import EndedBy, Outcome
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Hand, Made, all_called, listens
from tests.asterisk.telephones import Telephone, Watched

pytestmark = pytest.mark.telephone

ONCE = patient(reply_seconds=6.0, silences=0, key_guard=0.5, confirm_seconds=0.5)
"""The invitation (3 s), a wait, good-bye."""
TWICE = patient(reply_seconds=6.0, silences=1, key_guard=0.5, confirm_seconds=0.5)
LONG = patient(reply_seconds=20.0, silences=0, key_guard=0.5, confirm_seconds=0.5)

HERE, NOWHERE = "[local_ip]", "0.0.0.0"


def way(first: str, *then: tuple[int, str, str], where: str = HERE) -> Mapping[str, Any]:
    """Which way the media goes: in the answer, and after so many ms."""
    return {"first": first, "where": where, "ways": then}


def held(after: int, how: str = "sendonly", where: str = HERE) -> Case:
    return Case(Outcome.NO_MEDIA, "directions", hand=listens, timings=ONCE, values=way("sendrecv", (after, how, where)))


def moves(after: float, hand: Hand) -> Hand:
    """Its sound comes from another port after so many seconds, and nothing from the former one; then it does `hand`."""

    async def moving(flow: Watched, phone: Telephone) -> None:
        await phone.invite()
        await phone.rtp.quiet(round(after * 50))
        await phone.rtp.moves()
        await phone.rtp.quiet(25)
        await hand(flow, phone)

    return moving


async def confirms(flow: Watched, phone: Telephone) -> None:
    """1 while the invitation is waited on, 1 again when that is asked."""
    await phone.rtp.press("1", "none")
    await flow.until("confirm_accept")
    await phone.rtp.quiet(100)
    await phone.rtp.press("1", "none")


async def taken_back(flow: Watched, phone: Telephone) -> None:
    """It was held and taken back before the invitation is repeated, and then presses."""
    await flow.until("no_key")
    await phone.rtp.hears(25)
    await confirms(flow, phone)


CASES: Mapping[str, Case] = {
    "listens": Case(Outcome.NO_KEY, hand=listens, timings=ONCE),
    # nothing goes out
    "a codec that was not offered": Case(Outcome.NO_MEDIA, "other_codec", timings=ONCE),
    "inactive from the answer on": Case(Outcome.NO_MEDIA, "directions", timings=ONCE, values=way("inactive")),
    # it goes out, and nobody listens
    "held in the answer": Case(Outcome.NO_MEDIA, "directions", hand=listens, timings=ONCE, values=way("sendonly")),
    "held in the answer, old style": Case(
        Outcome.NO_MEDIA, "directions", hand=listens, timings=ONCE, values=way("sendrecv", where=NOWHERE)
    ),
    "held at once": held(50),
    "held at once, inactive": held(50, "inactive"),
    "held at once, old style": held(50, "sendrecv", NOWHERE),
    "held from the middle on": held(1500),
    "held from the middle on, inactive": held(1500, "inactive"),
    "held from the middle on, old style": held(1500, "sendrecv", NOWHERE),
    "held and taken back": Case(
        Outcome.NO_KEY, "directions", hand=listens, timings=TWICE,
        values=way("sendrecv", (1000, "sendonly", HERE), (3000, "sendrecv", HERE)),
    ),
    "held and taken back, then a key": Case(
        Outcome.ACCEPTED, "directions", "11", taken_back, timings=TWICE,
        values=way("sendrecv", (1000, "sendonly", HERE), (3000, "sendrecv", HERE)),
    ),
    # nothing comes in
    "nothing comes in": Case(Outcome.NO_MEDIA, timings=ONCE),
    "one way, towards them": Case(Outcome.NO_MEDIA, "directions", timings=ONCE, values=way("recvonly")),
    "one way, and keys by INFO": Case(Outcome.ACCEPTED, "info", "11", timings=ONCE, dtmf_mode="info"),
    "moves early": Case(Outcome.ACCEPTED, "answers", "11", moves(2.0, confirms), timings=LONG),
    "moves late": Case(Outcome.NO_MEDIA, "answers", hand=moves(7.0, listens), timings=LONG),
    "moves late, and presses in vain": Case(Outcome.NO_MEDIA, "answers", hand=moves(7.0, confirms), timings=LONG),
}  # fmt: skip
WITHOUT_STREAM = ["a codec that was not offered", "inactive from the answer on"]
HELD_AT_ONCE = [name for name in CASES if name.startswith(("held in the answer", "held at once"))]
HELD_LATER = [name for name in CASES if name.startswith("held from")]
TAKEN_BACK = [name for name in CASES if name.startswith("held and")]
DEAF = ["nothing comes in", "one way, towards them"]
MOVED = ["moves late", "moves late, and presses in vain"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory, short_folder: Path) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once."""
    async with all_called(CASES, tmp_path_factory.mktemp("sipp"), short_folder) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_the_outcome(made: Mapping[str, Made], name: str) -> None:
    case, call = CASES[name], made[name]
    assert (call.outcome, call.complaint) == (case.outcome, "")
    assert "".join(each.key for each in call.trail.pressed) == case.keys
    assert call.trail.ended_by is EndedBy.US
    assert call.trail.codec == ("" if name == WITHOUT_STREAM[0] else "alaw")


def invitation(call: Made) -> tuple[int, int, bool]:
    """How long the invitation was heard, how long it was played to nobody, and whether it was heard whole."""
    (found,) = [each for each in call.trail.heard if each.prompt == "invitation"]
    return found.for_ms, found.lost_ms, found.whole


def test_what_came_through_was_heard_whole(made: Mapping[str, Made]) -> None:
    for name in ("listens", *DEAF, *MOVED):
        heard, lost, whole = invitation(made[name])
        assert (lost, whole) == (0, True), name
        assert heard > 2500
    counted = made["listens"].trail.media
    assert counted is not None
    assert counted.sent > 150  # three seconds of the invitation
    assert counted.received > 300
    assert (counted.unsent, made["listens"].trail.holds) == ((), ())


@pytest.mark.parametrize("name", WITHOUT_STREAM)
def test_what_did_not_go_out_was_heard_by_nobody(made: Mapping[str, Made], name: str) -> None:
    call = made[name]
    assert sum(each.for_ms for each in call.trail.heard) < 500
    counted = call.trail.media
    assert counted is not None
    assert (counted.sent, counted.received, len(counted.unsent)) == (0, 0, 1)
    assert call.packets == []


@pytest.mark.parametrize("name", HELD_AT_ONCE)
def test_who_holds_us_from_the_beginning_hears_nothing(made: Mapping[str, Made], name: str) -> None:
    """Asterisk goes on sending to who holds; that it sent says nothing."""
    call = made[name]
    heard, lost, whole = invitation(call)
    assert heard < lost
    assert not whole
    (hold,) = call.trail.holds
    assert (hold.at_ms < 2000, hold.whole) == (True, False)
    assert len(call.packets) > 100 or NOWHERE in str(CASES[name].values)


@pytest.mark.parametrize("name", HELD_LATER)
def test_who_holds_us_later_has_heard_the_beginning(made: Mapping[str, Made], name: str) -> None:
    heard, lost, whole = invitation(made[name])
    assert heard > 500
    assert lost > 0
    assert not whole


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_who_takes_us_back_hears_the_rest(made: Mapping[str, Made], name: str) -> None:
    call = made[name]
    (hold,) = call.trail.holds
    assert hold.whole
    assert invitation(call)[2] is False
    assert [each.lost_ms for each in call.trail.heard if each.prompt == "no_key"] == [0]


@pytest.mark.parametrize("name", DEAF)
def test_a_line_from_which_nothing_comes(made: Mapping[str, Made], name: str) -> None:
    counted = made[name].trail.media
    assert counted is not None
    assert counted.sent > 150
    assert counted.received == 0


@pytest.mark.parametrize("name", MOVED)
def test_a_source_that_moves_after_asterisk_has_learnt_it_is_noticed(made: Mapping[str, Made], name: str) -> None:
    """Within five seconds of the answer Asterisk follows; later it takes nothing from a stranger's port."""
    counted = made[name].trail.media
    assert counted is not None
    last = counted.unreceived[-1]
    assert counted.received > 200
    assert last.for_ms > 8000
    assert last.until_ms >= counted.watched_ms
