"""The same kinds of fault in other forms: redirects, refusals, ends, sessions and requests as carriers write them.

Every call is a list of steps (tests/asterisk/plays.py); all at once at a node, and at one with a SIP front.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.calls import EndedBy, Outcome
from tests.asterisk.exchange import patient
from tests.asterisk.lines import Case, Hand, Made, all_called, listens, twice
from tests.asterisk.plays import Step, answers, asks, comes, hangs_up, pause, reply, rings, sdp
from tests.asterisk.telephones import Telephone, Watched

pytestmark = pytest.mark.telephone

ELSEWHERE = "13900139000"
"""A third person's number: no evidence and no log may have it."""
THIRD = f"sip:{ELSEWHERE}@127.0.2.1"
GIVING_UP = patient(ring_seconds=6.0)
WAITING = patient(reply_seconds=20.0, silences=0)


def redirected(
    line: str, *headers: str, body: str = "", kind: str = "text/html", before: tuple[Step, ...] = ()
) -> Case:
    steps = (*(before or (rings(),)), pause(100), reply(line, *headers, body=body, kind=f"Content-Type: {kind}"))
    return Case(Outcome.REDIRECTED, "plays", sip=int(line[:3]), values={"steps": steps}, timings=GIVING_UP)


def refused(outcome: Outcome, line: str, *headers: str, before: tuple[Step, ...] = (), sip: int | None = None) -> Case:
    steps = (*before, reply(line, *headers))
    return Case(outcome, "plays", sip=int(line[:3]) if sip is None else sip, values={"steps": steps}, timings=GIVING_UP)


def ends(outcome: Outcome, *headers: str) -> Case:
    """Answered, and ended by them."""
    steps = (rings(), answers(), pause(1500), hangs_up(*headers))
    return Case(outcome, "plays", hand=listens, values={"steps": steps}, timings=WAITING)


def agrees(*steps: Step, hand: Hand | None = None, outcome: Outcome = Outcome.ACCEPTED, keys: str = "11") -> Case:
    """The person presses 1 and 1 again, whatever the line does."""
    return Case(outcome, "plays", keys, hand or twice("none"), values={"steps": (*steps, comes("BYE"))})


def asking(method: str, code: int, *headers: str, body: str = "", kind: str = "application/sdp", ack: str = "") -> Case:
    """A request within the call, which goes on."""
    return agrees(
        rings(), answers(), pause(300), asks(method, code, *headers, body=body, kind=f"Content-Type: {kind}", ack=ack)
    )


def breaks(method: str, code: int, body: str) -> Case:
    """A request within the call over which Asterisk ends it: that is the line's doing."""
    steps = (rings(), answers(), pause(300), asks(method, code, body=body), comes("BYE"))
    return Case(Outcome.LINE_DROPPED, "plays", hand=listens, timings=WAITING, values={"steps": steps})


async def from_another_port(flow: Watched, phone: Telephone) -> None:
    """What its session says is not where it sends from, from the beginning on (a NAT)."""
    await phone.invite()
    await phone.rtp.moves()
    await flow.until("invitation")
    await phone.rtp.quiet(25)
    await phone.rtp.press("1", "none")
    await flow.until("confirm_accept")
    await phone.rtp.quiet(50)
    await phone.rtp.press("1", "none")


async def late(flow: Watched, phone: Telephone) -> None:
    """Its sound begins two seconds after the answer, with the key."""
    await phone.invite()
    await flow.until("invitation")
    await phone.rtp.hears(100)
    await twice("none")(flow, phone)


async def changes_source(flow: Watched, phone: Telephone) -> None:
    """Another SSRC after the first key."""
    await flow.until("invitation")
    await phone.rtp.hears(25)
    await phone.rtp.press("1", "none")
    await flow.until("confirm_accept")
    phone.rtp._source += 1
    await phone.rtp.quiet(50)
    await phone.rtp.press("1", "none")


SESSION = sdp(version=2)
VIDEO = sdp("m=video 40000 RTP/AVP 96", "a=rtpmap:96 H264/90000", version=2)
FAX = "\n".join((
    "v=0", "o=telephone 1 2 IN IP4 [local_ip]", "s=-", "c=IN IP4 [local_ip]", "t=0 0", "m=image 40000 udptl t38",
    "a=T38FaxVersion:0",
))  # fmt: skip
G729 = "\n".join((
    "v=0", "o=telephone 1 2 IN IP4 [local_ip]", "s=-", "c=IN IP4 [local_ip]", "t=0 0", "m=audio [media] RTP/AVP 18 101",
    "a=rtpmap:18 G729/8000", "a=rtpmap:101 telephone-event/8000",
))  # fmt: skip
PARTS = (
    "--part\nContent-Type: application/sdp\n\n" + sdp() + "\n--part\nContent-Type: application/isup;version=itu-t92+\n"
    "Content-Disposition: signal;handling=optional\n\n123\n--part--"
)
RELIABLE = "Require: 100rel\nRSeq: 1"
LONG = "X-Long: " + "x" * 1_200

REDIRECTS: Mapping[str, Case] = {
    "several contacts": redirected("300 Multiple Choices", f"Contact: <{THIRD}>;q=0.9, <sip:b@127.0.2.1>;q=0.5"),
    "two Contact headers": redirected("302 Moved Temporarily", f"Contact: <{THIRD}>", "Contact: <sip:b@127.0.2.1>"),
    "tel": redirected("302 Moved Temporarily", f"Contact: <tel:+86{ELSEWHERE}>"),
    "compact": redirected("302 Moved Temporarily", f"m: <{THIRD}>;expires=60"),
    "no contact": redirected("302 Moved Temporarily"),
    "a name in UTF-8": redirected("301 Moved Permanently", f'Contact: "张三" <{THIRD}>'),
    "early media": redirected(
        "302 Moved Temporarily", f"Contact: <{THIRD}>", before=(rings("183 Session Progress", body=sdp()),)
    ),
    "forwarded before": redirected(
        "302 Moved Temporarily", f"Contact: <{THIRD}>",
        before=(rings("181 Call Is Being Forwarded", f"Diversion: <{THIRD}>;reason=no-answer"),),
    ),
    "at once": redirected("302 Moved Temporarily", f"Contact: <{THIRD}>", before=(pause(10),)),
    "use proxy": redirected("305 Use Proxy", "Contact: <sip:127.0.2.1;lr>", "Reason: Q.850;cause=16"),
    "unknown": redirected("399 Elsewhere", f"Contact: <{THIRD}>"),
    "with a page": redirected("300 Multiple Choices", f"Contact: <{THIRD}>", body=f"<a href='{THIRD}'>there</a>"),
    "sips": redirected("302 Moved Temporarily", f"Contact: <sips:{ELSEWHERE}@127.0.2.1>"),
    "history": redirected(
        "302 Moved Temporarily", f"Contact: <{THIRD}>", f"History-Info: <{THIRD}?Reason=SIP%3Bcause%3D302>;index=1.1"
    ),
}  # fmt: skip
BUSY, FAILED, AWAY, REFUSED = Outcome.BUSY, Outcome.TRUNK_FAILURE, Outcome.UNREACHABLE, Outcome.REJECTED
REFUSALS: Mapping[str, Case] = {
    "lower case": refused(BUSY, "503 Service Unavailable", "reason: q.850;cause=17"),
    "upper case, blanks": refused(BUSY, "503 Service Unavailable", 'REASON : Q.850 ; CAUSE = 17 ; TEXT = "User busy"'),
    "the text first": refused(BUSY, "503 Service Unavailable", 'Reason: Q.850;text="a;b,cause=1";cause=17'),
    "two headers": refused(BUSY, "500 Server Error", "Reason: SIP;cause=500", "Reason: Q.850;cause=17"),
    "other headers between": refused(
        BUSY, "500 Server Error", "Reason: X;cause=1", "Server: x", "Reason: Q.850;cause=17"
    ),
    "a number in the text": refused(BUSY, "503 Service Unavailable", f'Reason: Q.850;cause=17;text="{ELSEWHERE} busy"'),
    "a number for a cause": refused(FAILED, "503 Service Unavailable", f"Reason: Q.850;cause={ELSEWHERE}"),
    "zeros before": refused(BUSY, "503 Service Unavailable", "Reason: Q.850;cause=017"),
    "behind long headers": refused(BUSY, "503 Service Unavailable", *[LONG] * 3, "Reason: Q.850;cause=17"),
    "early, in a 180": refused(
        AWAY, "503 Service Unavailable", before=(rings("180 Ringing", "Reason: Q.850;cause=20"),)
    ),
    "early, in a 199": refused(
        AWAY,
        "503 Service Unavailable",
        before=(rings(), rings("199 Early Dialog Terminated", "Reason: Q.850;cause=20", tag="another")),
    ),
    "queued": refused(BUSY, "486 Busy Here", before=(rings("182 Queued"), rings())),
    "401 without a challenge": refused(FAILED, "401 Unauthorized"),
    "407 without a challenge": refused(FAILED, "407 Proxy Authentication Required"),
    "407": refused(FAILED, "407 Proxy Authentication Required", 'Proxy-Authenticate: Digest realm="x", nonce="1"'),
    "421": refused(FAILED, "421 Extension Required", "Require: timer"),
    "422": refused(FAILED, "422 Session Interval Too Small", "Min-SE: 1800"),
    "423": refused(FAILED, "423 Interval Too Brief", "Min-Expires: 60"),
    "433": refused(REFUSED, "603 Decline", "Reason: SIP;cause=433"),
    "491": refused(FAILED, "491 Request Pending"),
    "494": refused(FAILED, "494 Security Agreement Required"),
    "503, later": refused(FAILED, "503 Service Unavailable", "Retry-After: 1"),
    "604": refused(Outcome.INVALID_NUMBER, "604 Does Not Exist Anywhere"),
    "606": refused(FAILED, "606 Not Acceptable"),
    "607": refused(REFUSED, "607 Unwanted"),
    "608": refused(REFUSED, "608 Rejected", f"Call-Info: <{THIRD}>;purpose=jwscard"),
    "699": refused(FAILED, "699 Whatever"),
}
PERSON, DROPPED = Outcome.HUNG_UP_EARLY, Outcome.LINE_DROPPED
ENDS: Mapping[str, Case] = {
    "bye, lower case": ends(DROPPED, "reason: q.850;cause=41"),
    "bye, two headers": ends(DROPPED, "Reason: SIP;cause=200", "Reason: Q.850;cause=38"),
    "bye, one header": ends(DROPPED, "Reason: SIP;cause=200, Q.850;cause=38"),
    "bye, a number in the text": ends(PERSON, f'Reason: Q.850;cause=16;text="{ELSEWHERE}"'),
    "bye, 603": ends(PERSON, "Reason: SIP;cause=603"),
    "bye, 21": ends(PERSON, "Reason: Q.850;cause=21"),
    "bye, 480": ends(DROPPED, "Reason: SIP;cause=480"),
    "bye, with a body": Case(
        PERSON, "plays", hand=listens, timings=WAITING,
        values={"steps": (rings(), answers(), pause(1500), asks("BYE", 200, body="x", kind="Content-Type: text/plain"))},
    ),
}  # fmt: skip
CALLS: Mapping[str, Case] = {
    # before the answer
    "queued and forwarded": agrees(
        rings("182 Queued"), rings("181 Call Is Being Forwarded", f"Diversion: <{THIRD}>"), rings(), pause(200), answers()
    ),
    "forked": agrees(
        rings(tag="a"), rings("183 Session Progress", body=sdp(), tag="b"),
        rings("199 Early Dialog Terminated", tag="a"), pause(200), answers(tag="telephone"),
    ),
    "reliable": agrees(
        rings(), rings("183 Session Progress", RELIABLE, body=sdp()), comes("PRACK"), pause(200), answers()
    ),
    "an unknown provisional": agrees(rings("188 Whatever"), pause(200), answers()),
    # the answer
    "names in UTF-8": agrees(rings(), answers("Server: 电话", 'P-Asserted-Identity: "张三" <sip:1@127.0.1.1>')),
    "long headers": agrees(rings(), answers(LONG, LONG, LONG)),
    "mu-law": agrees(rings(), answers(body=sdp("a=rtpmap:0 PCMU/8000", audio="[media] RTP/AVP 8 0 101"))),
    "events as 127": agrees(rings(), answers(body=sdp(audio="[media] RTP/AVP 8 127", events=127))),
    "parts": agrees(rings(), answers(body=PARTS, kind="Content-Type: multipart/mixed;boundary=part")),
    "lines of its own": agrees(rings(), answers(body=sdp("a=x-unknown:1", "a=setup:active", "b=AS:64"))),
    # the media
    "from another port": agrees(rings(), answers(), hand=from_another_port),
    "late": agrees(rings(), answers(), hand=late),
    "another source": agrees(rings(), answers(), hand=changes_source),
    # requests within the call
    "video is offered": asking("INVITE", 200, body=VIDEO),
    "a fax is offered": asking("INVITE", 488, body=FAX),
    "another codec": breaks("INVITE", 500, body=G729),
    "no offer": asking("INVITE", 200, ack=SESSION),
    "the same again": asking("INVITE", 200, body=SESSION),
    "update": asking("UPDATE", 200, body=SESSION),
    "update to another codec": breaks("UPDATE", 488, body=G729),
    "refreshes": asking("UPDATE", 200, "Supported: timer", "Session-Expires: 1800;refresher=uac"),
    "refreshes too often": asking("INVITE", 200, "Supported: timer", "Session-Expires: 90;refresher=uac", body=SESSION),
    "requires what we lack": asking("INVITE", 200, "Require: foo", body=SESSION),
    "a message in UTF-8": asking("MESSAGE", 202, body="您好", kind="text/plain;charset=utf-8"),
    "options with a body": asking("OPTIONS", 200, body=SESSION),
    "too short a length": agrees(rings(), answers(), pause(300), asks("INFO", 0, "Content-Length: 1", "X: y")),
    "cancel after the answer": asking("CANCEL", 481),
}  # fmt: skip
STREAMS: Mapping[str, Case] = {
    f"{name}, over TCP": replace(case, transport="tcp")
    for name, case in {
        "a key": agrees(rings(), answers()),
        "redirected": REDIRECTS["early media"],
        "refused": REFUSALS["two headers"],
        "ended": ENDS["bye, two headers"],
        "hold and back": agrees(
            rings(), answers(), pause(300), asks("INVITE", 200, body=sdp("a=sendonly", version=2)), pause(300),
            asks("INVITE", 200, body=sdp(version=3)),
        ),
    }.items()
}  # fmt: skip
CASES = {**REDIRECTS, **REFUSALS, **ENDS, **CALLS, **STREAMS}
AT_A_NODE_ONLY = {name for name, case in STREAMS.items() if case.outcome in (Outcome.ACCEPTED, Outcome.LINE_DROPPED)}
"""Requests within a call over TCP do not come through a front: docs/lines.md."""
WHO = {PERSON: EndedBy.PERSON, DROPPED: EndedBy.NETWORK, Outcome.ACCEPTED: EndedBy.US}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[False, True], ids=["node", "front"])
async def made(
    tmp_path_factory: pytest.TempPathFactory, short_folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Mapping[str, Made]]:
    """All telephones at once."""
    folder = short_folder / "variants"
    cases = {name: case for name, case in CASES.items() if not (request.param and name in AT_A_NODE_ONLY)}
    async with all_called(
        cases, tmp_path_factory.mktemp("variants"), folder, front=request.param, copies=True
    ) as results:
        yield results


@pytest.mark.parametrize("name", CASES)
def test_the_outcome(made: Mapping[str, Made], name: str) -> None:
    if name not in made:
        pytest.skip("TCP within a call, through a front")
    case, call = CASES[name], made[name]
    assert (call.outcome, call.complaint) == (case.outcome, "")
    assert "".join(each.key for each in call.trail.pressed) == case.keys
    if call.trail.answered is None:
        assert call.trail.sip == case.sip
    assert call.flow.finishes == 1
    if call.trail.answered is not None:
        assert call.trail.ended_by is WHO[case.outcome]


@pytest.mark.parametrize("name", CASES)
def test_one_invitation_and_no_third_number(made: Mapping[str, Made], name: str) -> None:
    """A trail and the logs of its node and its front."""
    if name not in made:
        pytest.skip("TCP within a call, through a front")
    call = made[name]
    assert call.messages.count("INVITE sip:13800138000") == 1
    assert ELSEWHERE not in repr(call.trail)
    assert ELSEWHERE not in call.logs
