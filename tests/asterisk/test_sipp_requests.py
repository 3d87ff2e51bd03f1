"""Requests within a call: each gets a final answer, and none makes Asterisk transfer, replace or dial anything.

Played twice: at a node, where Asterisk leaves some without any answer, and at a node with a SIP front, where it may leave none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import Answer, Digit, Outcome
from ivr.trunk_results import TrunkEnd, trunk_end
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Hand, Made, all_called, listens, twice
from tests.asterisk.telephones import Request, Telephone, Watched

pytestmark = pytest.mark.telephone

ELSEWHERE = "13900139000"
"""A third person's number, in every header that could name one."""
_REPLACES = "0000000000;to-tag=1;from-tag=2"
_TELLING = (
    f"P-Asserted-Identity: <sip:{ELSEWHERE}@127.0.2.1>",
    f"Diversion: <sip:{ELSEWHERE}@127.0.2.1>;reason=unconditional",
    f"History-Info: <sip:{ELSEWHERE}@127.0.2.1>;index=1",
)


def typed(kind: str) -> tuple[str, ...]:
    return (f"Content-Type: {kind}",)


REQUESTS: Mapping[Request, tuple[int, int]] = {
    # the answer with a front, and the one of Asterisk alone; 0: none
    Request("empty INFO", "INFO"): (200, 200),
    Request("INFO with a key", "INFO", typed("application/dtmf-relay"), "Signal=5\r\nDuration=160\r\n"): (200, 0),
    Request("INFO with text", "INFO", typed("text/plain"), "hello"): (200, 0),
    Request("INFO with ISUP", "INFO", typed("application/ISUP;version=itu-t92+"), "\x01\x02"): (200, 0),
    Request("INFO of a compact type", "INFO", ("c: application/media_control+xml",), "<media_control/>"): (200, 0),
    Request("REFER", "REFER", (f"Refer-To: <sip:{ELSEWHERE}@127.0.2.1>", *_TELLING)): (603, 0),
    Request("REFER to a call", "REFER", (f"Refer-To: <sip:{ELSEWHERE}@127.0.2.1?Replaces={_REPLACES}>",)): (603, 0),
    Request("REFER to nobody", "REFER"): (603, 0),
    Request("NOTIFY", "NOTIFY", ("Event: refer", "Subscription-State: active")): (405, 0),
    Request("NOTIFY of nothing", "NOTIFY"): (405, 0),
    Request("NOTIFY to keep alive", "NOTIFY", ("Event: keep-alive",)): (405, 0),
    Request("SUBSCRIBE", "SUBSCRIBE", ("Event: dialog", "Expires: 60")): (405, 0),
    Request("SUBSCRIBE to presence", "SUBSCRIBE", ("Event: presence", "Expires: 60")): (405, 0),
    Request("PUBLISH", "PUBLISH", ("Event: presence",)): (405, 0),
    Request("REGISTER", "REGISTER"): (405, 501),
    Request("unknown", "FOO"): (405, 0),
    Request("in lower case", "info"): (200, 0),
    Request("OPTIONS", "OPTIONS"): (200, 200),
    Request("UPDATE", "UPDATE", _TELLING): (200, 200),
    Request("PRACK of nothing", "PRACK", ("RAck: 1 1 INVITE",)): (200, 200),
    Request("MESSAGE", "MESSAGE", typed("text/plain"), f"call {ELSEWHERE}"): (202, 202),
}


async def asks(flow: Watched, phone: Telephone) -> None:
    """All of them once the invitation sounds, and then the keys; what Asterisk alone does not answer is not waited for."""
    await flow.until("invitation")
    for request, (_, alone) in REQUESTS.items():
        await phone.ask(request, wait=alone > 0)
    await twice("none")(flow, phone)


async def asks_the_front(flow: Watched, phone: Telephone) -> None:
    await flow.until("invitation")
    for request in REQUESTS:
        await phone.ask(request)
    await twice("none")(flow, phone)


DIALECTS: Mapping[str, tuple[str, str, bool]] = {
    # a key K in each body, its type, and whether Asterisk itself understands it
    "plain": ("Signal=K\r\nDuration=160\r\n", "application/dtmf-relay", True),
    "lines end with LF": ("Signal=K\nDuration=160\n", "application/dtmf-relay", True),
    "lines end with CR": ("Signal=K\rDuration=160", "application/dtmf-relay", True),
    "a blank after =": ("Signal= K\r\nDuration= 160\r\n", "application/dtmf-relay", True),
    "blanks around =": ("Signal = K\r\nDuration = 160\r\n", "application/dtmf-relay", False),
    "tabs": ("Signal\t=\tK\r\nDuration\t=\t160\r\n", "application/dtmf-relay", False),
    "indented": ("  Signal=K\r\n  Duration=160\r\n", "application/dtmf-relay", False),
    "duration first": ("Duration=160\r\nSignal=K\r\n", "application/dtmf-relay", True),
    "duration first, blanks": ("Duration = 160\r\nSignal = K\r\n", "application/dtmf-relay", False),
    "lower case": ("signal=K\r\nduration=160\r\n", "application/dtmf-relay", True),
    "upper case": ("SIGNAL=K\r\nDURATION=160\r\n", "application/dtmf-relay", True),
    "no duration": ("Signal=K", "application/dtmf-relay", True),
    "a colon": ("Signal: K\r\nDuration: 160\r\n", "application/dtmf-relay", False),
    "quoted": ('Signal="K"\r\nDuration="160"\r\n', "application/dtmf-relay", False),
    "no number for a duration": ("Signal=K\r\nDuration=long\r\n", "application/dtmf-relay", True),
    "an empty line first": ("\r\nSignal=K\r\nDuration=160\r\n", "application/dtmf-relay", True),
    "the key alone": ("K", "application/dtmf-relay", False),
    "type in capitals": ("Signal=K\r\nDuration=160\r\n", "Application/DTMF-Relay", False),
    "type with a parameter": ("Signal=K\r\nDuration=160\r\n", "application/dtmf-relay; charset=utf-8", True),
    "dtmf": ("K", "application/dtmf", True),
    "dtmf with CRLF": ("K\r\n", "application/dtmf", True),
    "dtmf with a blank": (" K\r\n", "application/dtmf", False),
    "dtmf in lines": ("Signal=K\r\nDuration=160\r\n", "application/dtmf", False),
    "dtmf in capitals": ("K", "APPLICATION/DTMF", False),
    "telephone-event": ("K", "audio/telephone-event", False),
    "Nortel": ("p=Digit-Collection\r\ny=Digits\r\n\r\nd=K\r\n", "application/vnd.nortelnetworks.digits", False),
    "held for a day": ("Signal=K\r\nDuration=86400000\r\n", "application/dtmf-relay", False),
    "after it": ("Signal=K\r\nDuration=160\r\n", "application/dtmf-relay", False),
}
KEYS = {name: str(number % 10) for number, name in enumerate(DIALECTS)}
NO_KEYS = {
    "no body": ("", "application/dtmf-relay"),
    "nonsense": ("hello", "application/dtmf-relay"),
    "two keys": ("12", "application/dtmf"),
    "flash": ("Signal=16\r\nDuration=160\r\n", "application/dtmf-relay"),
    "text": ("1", "text/plain"),
    "no type": ("Signal=1", ""),
}
SPECIAL = {"10": "*", "11": "#", "*": "*", "#": "#"}


def says(front: bool) -> Mapping[Request, str]:
    """INFOs in the order in which they are sent, and the key of each, if it is one."""
    found = {
        Request(name, "INFO", typed(kind), body.replace("K", KEYS[name])): KEYS[name]
        for name, (body, kind, alone) in DIALECTS.items()
        if alone or front
    }
    for said, key in SPECIAL.items():
        found[Request(f"Signal={said}", "INFO", typed("application/dtmf-relay"), f"Signal={said}\r\nDuration=160\r\n")] = key
    if front:
        for name, (body, kind) in NO_KEYS.items():
            found[Request(name, "INFO", typed(kind) if kind else (), body)] = ""
    return found


def says_keys(front: bool) -> Hand:
    async def say(flow: Watched, phone: Telephone) -> None:
        invite = await phone.invite()
        await flow.until("invitation")
        for request in says(front):
            await phone.ask(request)
        wanted = sum(bool(key) for key in says(front).values())
        await flow.keys(wanted)
        phone.hangs_up(invite)
        await phone.go_on()

    return say


STRICT: Mapping[str, int] = {"INFO": 200, "NOTIFY": 405, "REFER": 603}
"""Requests after which a strict far side ends the call, where a node alone leaves it without an answer; a front's answer."""
PATIENCE_MS = 4_000
"""RFC 3261 says 32 s (64 T1); where its BYE says why, it is the same for the node."""
WHOLE_PATIENCE_MS = 32_000
TIMED_OUT = "SIP;cause=408"


def strict(method: str, reason: str, front: bool) -> Case:
    patience = PATIENCE_MS if reason else WHOLE_PATIENCE_MS
    values = {"method": method, "code": STRICT[method] if front else 0, "patience": patience, "reason": reason}
    if front:
        return Case(Outcome.ACCEPTED, "strict", keys="11", hand=twice("none"), values=values)
    timings = patient(reply_seconds=60.0, silences=0)
    return Case(Outcome.LINE_DROPPED, "strict", hand=listens, timings=timings, values=values)


def cases(front: bool) -> Mapping[str, Case]:
    return {
        "asks": Case(Outcome.ACCEPTED, keys="11", hand=asks_the_front if front else asks),
        "says keys": Case(Outcome.HUNG_UP_EARLY, "leaves", hand=says_keys(front), dtmf_mode="info", listens=True),
        **{f"strict {method}": strict(method, TIMED_OUT, front) for method in STRICT},
        "strict and silent": strict("INFO", "", front),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[False, True], ids=["node", "front"])
async def made(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[bool, Mapping[str, Made]]]:
    front: bool = request.param
    async with all_called(
        cases(front), tmp_path_factory.mktemp("requests"), short_folder / "requests", front=front, copies=True
    ) as results:
        yield front, results


def test_each_gets_a_final_answer(made: tuple[bool, Mapping[str, Made]]) -> None:
    front, results = made
    expected = {request.name: codes[0 if front else 1] for request, codes in REQUESTS.items()}
    assert results["asks"].answers == {name: code for name, code in expected.items() if code}
    assert not front or all(expected.values())


def test_the_call_goes_on(made: tuple[bool, Mapping[str, Made]]) -> None:
    """With the keys that were pressed, and no other."""
    call = made[1]["asks"]
    assert (call.outcome, call.complaint, call.decisions) == (Outcome.ACCEPTED, "", [Answer(Outcome.ACCEPTED)])
    assert "".join(each.key for each in call.trail.pressed) == "11"
    assert call.messages.count("INVITE sip:") == 1


@pytest.mark.parametrize("name", [*(f"strict {method}" for method in STRICT), "strict and silent"])
def test_a_strict_far_side_needs_the_front(made: tuple[bool, Mapping[str, Made]], name: str) -> None:
    """Without it the call is lost. That is the network's doing, and told as what it is, whether its BYE says why or not
    (docs/lines.md)."""
    front, results = made
    call, case = results[name], cases(front)[name]
    assert (call.outcome, call.complaint) == (case.outcome, "")
    assert "".join(each.key for each in call.trail.pressed) == case.keys
    assert trunk_end(call.trail) is (TrunkEnd.UNANSWERED if call.outcome is Outcome.LINE_DROPPED else None)


def test_nothing_keeps_a_third_number(made: tuple[bool, Mapping[str, Made]]) -> None:
    for call in made[1].values():
        assert ELSEWHERE not in repr(call.trail)
        assert ELSEWHERE not in call.logs


def test_every_dialect_says_its_key(made: tuple[bool, Mapping[str, Made]]) -> None:
    """In its order, and none of more."""
    front, results = made
    call = results["says keys"]
    assert (call.outcome, call.complaint) == (Outcome.HUNG_UP_EARLY, "")
    keys = [event.key for event in call.flow.events if isinstance(event, Digit)]
    assert keys == [key for key in says(front).values() if key]
    assert set(call.answers.values()) == {200}
