"""Masked calls for real: nobody learns a number.

What is searched: all SIP on both sides, every ARI event, every variable that tells of a party, all rows, all logs, all files
and their names.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

import pytest

from ivr.bridged import second_leg
from tests.system.conftest import CALLER_ID
from tests.system.masked import NUMBERS, Masked, Scene
from tests.system.wiretap import Message

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]


def numbers_in(text: str) -> set[str]:
    return {number for number in NUMBERS if number in text}


def by_dialog(sip: Sequence[Message]) -> dict[str, set[str]]:
    """The telephones' numbers that each leg's SIP names anywhere."""
    found: dict[str, set[str]] = defaultdict(set)
    for message in sip:
        found[message.dialog] |= numbers_in(message.text)
    return found


ALONE = (Scene.STAFF_BUSY, Scene.STAFF_SILENT)
RUNG = {scene.staff for scene in Scene if scene is not Scene.LATE} | {
    scene.expert for scene in Scene if scene not in (*ALONE, Scene.LATE)
}


def test_no_leg_carries_the_others_number(masked: Masked) -> None:
    """In no header, no body, in neither direction, on neither side. That a leg's own number is found shows that the search
    can find one."""
    found = by_dialog(masked.sip)
    assert all(len(numbers) == 1 for numbers in found.values()), found
    assert {number for numbers in found.values() for number in numbers} == RUNG
    assert len(found) == len(RUNG)


def test_the_search_would_find_a_leak(masked: Masked) -> None:
    """The same capture, with one connected line told as Asterisk would tell it."""
    own, other = Scene.EXPERT_LEAVES.staff, Scene.EXPERT_LEAVES.expert
    dialog = next(each for each, numbers in by_dialog(masked.sip).items() if numbers == {own})
    leak = Message(
        dialog, f"UPDATE sip:{own}@127.0.0.1 SIP/2.0\r\nP-Asserted-Identity: <sip:{other}@127.0.0.1>\r\n\r\n"
    )
    assert by_dialog([*masked.sip, leak])[dialog] == {own, other}


TELLING = ("p-asserted-identity", "p-preferred-identity", "remote-party-id", "history-info", "diversion", "call-info")


def test_no_message_tells_of_another_party(masked: Masked) -> None:
    """Not even in a form that the search for digits would not see: no UPDATE or re-INVITE, no header about a third party, and
    the published number alone as who calls."""
    sides = 2  # each message is captured where it is sent and where it arrives
    invites: dict[str, int] = defaultdict(int)
    for message in masked.sip:
        headers = [line.partition(":") for line in message.text.split("\r\n\r\n")[0].split("\r\n")[1:]]
        assert not [name for name, _, _ in headers if name.strip().lower() in TELLING], message.text
        assert not message.first_line.startswith("UPDATE"), message.text
        if message.first_line.startswith("INVITE"):
            invites[message.dialog] += 1
            sender = next(value for name, _, value in headers if name.strip().lower() in ("from", "f"))
            assert f"sip:{CALLER_ID}@" in sender, sender
    assert set(invites.values()) == {sides}, invites
    assert len(invites) == len(RUNG)


def test_no_event_names_both(masked: Masked) -> None:
    """Each channel's events name its own telephone at most, and nobody else's."""
    legs = {masked.calls[scene].id: scene.staff for scene in Scene}
    legs |= {second_leg(masked.calls[scene].id): scene.expert for scene in Scene}
    found: set[str] = set()
    for event in masked.events:
        text = json.dumps(event)
        assert len(numbers_in(text)) <= 1, event
        channel = event.get("channel", event.get("peer", {})).get("id")
        assert numbers_in(text) <= {legs.get(channel, "")}, event
        found |= numbers_in(text)
    assert found  # such as the dialled string of a leg's own Dial


def test_no_variable_of_a_leg_tells_of_the_other(masked: Masked) -> None:
    assert len(masked.variables) == 4
    for own, variables in masked.variables.items():
        assert numbers_in(variables) == {own}, variables
        assert CALLER_ID in variables


def test_no_number_is_written_anywhere(masked: Masked) -> None:
    """Neither side's: in rows, logs, evidence, and names of files."""
    assert any(where.endswith(".log") for where in masked.texts)
    assert any("messages" in where for where in masked.texts)
    assert numbers_in(" ".join(masked.texts.values())) == set()
    assert "masked" in masked.texts["table call"]
