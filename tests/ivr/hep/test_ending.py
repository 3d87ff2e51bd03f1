"""Which of a call's messages say why it ended."""

from __future__ import annotations

import pytest

from ivr.calls import Reason
from ivr.hep import sip
from ivr.hep.ending import Ending
from tests.ivr.hep.copies import request, response

BUSY, ABSENT = "Reason: Q.850;cause=17", "Reason: Q.850;cause=20"
INVITE, RINGING, OK = request("INVITE"), response("180 Ringing"), response("200 OK")


def ended(*messages: bytes, ours: bool = True) -> Ending:
    ending = Ending(ours=ours)
    for each in messages:
        if (message := sip.read(each, sender_known=ending.sender_known)) is not None:
            ending.take(message)
    return ending


@pytest.mark.parametrize(
    ("messages", "cause"),
    [
        ((RINGING, response("503 Nope", BUSY)), 17),
        ((response("503 Nope"),), 0),
        ((response("183 Progress", ABSENT), response("480 Nobody")), 20),
        ((response("183 Progress", ABSENT), response("486 Busy", BUSY)), 17),
        ((response("401 Who are you"), INVITE, response("503 Nope", BUSY)), 17),
        ((response("401 Who are you", ABSENT), INVITE, response("503 Nope")), 0),
        ((response("422 Too small"), INVITE, RINGING, response("480 Nobody", ABSENT)), 20),
        ((response("486 Busy", BUSY), response("486 Busy", BUSY)), 17),
        ((RINGING, OK, request("BYE", BUSY, theirs=True)), 17),
        ((RINGING, OK, request("BYE", theirs=True)), 0),
        ((response("183 Progress", ABSENT), OK, request("BYE", theirs=True)), 0),
        ((OK, response("488 Not that", ABSENT), request("BYE", BUSY, theirs=True)), 17),
        ((OK, request("INVITE", theirs=True), request("BYE", BUSY, theirs=True)), 17),
    ],
)
def test_of_a_call_that_we_made(messages: tuple[bytes, ...], cause: int) -> None:
    ending = ended(INVITE, *messages)
    assert (ending.over, ending.by_us) == (True, False)
    assert (0 if ending.reason is None else ending.reason.cause) == cause


@pytest.mark.parametrize(
    "messages",
    [
        (RINGING, request("CANCEL", BUSY), response("487 Terminated", BUSY)),
        (RINGING, request("CANCEL"), response("486 Busy", BUSY)),
        (RINGING, OK, request("BYE", BUSY)),
        (OK, request("BYE"), request("BYE", BUSY, theirs=True)),
    ],
)
def test_what_we_ended_has_no_reason_of_theirs(messages: tuple[bytes, ...]) -> None:
    ending = ended(INVITE, *messages)
    assert (ending.over, ending.by_us, ending.reason) == (True, True, None)


def test_an_announcement_that_said_why_counts_when_we_give_up() -> None:
    ending = ended(INVITE, response("183 Progress", BUSY), request("CANCEL"), response("487 Terminated"))
    assert (ending.by_us, ending.reason) == (True, Reason("Q.850", 17))


def test_a_call_under_way_is_not_over() -> None:
    later = ((), (RINGING,), (RINGING, OK), (OK, response("488 Not that")), (response("401 Who are you", BUSY), INVITE))
    for messages in later:
        ending = ended(INVITE, *messages)
        assert (ending.over, ending.reason) == (False, None)


def test_of_a_call_from_outside() -> None:
    """There the caller's tag is theirs: it is seen in our own responses."""
    for before in ((), (RINGING,)):
        cancelled = ended(*before, request("CANCEL", BUSY), response("487 Request Terminated"), ours=False)
        assert (cancelled.over, cancelled.by_us, cancelled.reason) == (True, False, Reason("Q.850", 17))
    left = ended(OK, request("BYE", BUSY), ours=False)
    assert (left.by_us, left.reason) == (False, Reason("Q.850", 17))
    ours = ended(OK, request("BYE", BUSY, theirs=True), ours=False)
    assert (ours.over, ours.by_us, ours.reason) == (True, True, None)
    refused = ended(response("486 Busy", BUSY), ours=False)
    assert (refused.over, refused.reason) == (True, None)


def test_whose_bye_it_is_is_not_guessed() -> None:
    ending = ended(request("BYE", BUSY))
    assert (ending.over, ending.by_us, ending.reason) == (True, False, None)


INFO, LEAVES = request("INFO", theirs=True), request("BYE", theirs=True)
ANSWER = response("405 No", method="INFO", theirs=True)


@pytest.mark.parametrize(
    ("messages", "given_up"),
    [
        (((0, INFO), (32, LEAVES)), True),
        (((0, INFO), (0.5, INFO), (16, INFO), (32.1, LEAVES)), True),
        (((0, INFO), (4, LEAVES)), False),  # somebody hangs up meanwhile
        (((0, INFO), (50, LEAVES)), False),  # it goes on without an answer
        (((0, INFO), (1, ANSWER), (32, LEAVES)), False),
        (((0, request("INFO")), (32, LEAVES)), False),  # a request of ours
        (((0, INFO), (32, request("BYE"))), False),  # we hang up
    ],
)
def test_whether_the_other_side_gave_up_waiting_for_an_answer(messages: tuple[tuple[float, bytes], ...], given_up: bool) -> None:
    ending = ended(INVITE, RINGING, OK)
    for tick, each in messages:
        message = sip.read(each, sender_known=ending.sender_known)
        assert message is not None
        ending.take(message, 1000.0 + tick)
    assert ending.given_up is given_up
