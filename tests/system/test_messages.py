"""短信 through a real trunk: what arrives, what comes back, and what is not sent at all. One stack for all of it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from asterisk.far_end import Behaviour
from asterisk.inbox import read_messages
from asterisk.instance import authorization
from db.blocking import transaction
from db.contexts import EXPERT_PHONE
from drawing.lifecycle import Role
from drawing.seats import PickOutcome
from drawing.start import start
from ivr.messages import outbox, zh
from ivr.messages.kinds import Kind
from ivr.prompts.facts import InvitationFacts
from tests.drawing.test_draw import Hand
from tests.scenes import add_experts, condition, make_activity, plan, witness
from tests.system.conftest import PATIENCE, POLL, Stack
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]

AGREES = Behaviour.ACCEPTS.number(1)
NO_RECEIPT = Behaviour.UNREACHABLE.number(2)
FAILS = Behaviour.INVALID.number(3)
BY_TRUNK = '[sms]\nby = "trunk"\n'


NEVER_DELIVERED = """
CREATE FUNCTION never_delivered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.state := 'failed';
  RETURN NEW;
END $$;
CREATE TRIGGER never_delivered BEFORE UPDATE ON message FOR EACH ROW WHEN (NEW.state = 'delivered')
  EXECUTE FUNCTION never_delivered()
"""


@pytest.mark.parametrize(
    "stack", [{"qualify_seconds": 1}, {"qualify_seconds": 1, "front": True}], indirect=True, ids=["node", "front"]
)
async def test_messages_through_the_trunk(stack: Stack) -> None:
    hand = await _two_have_agreed(stack)
    await stack.far_end.stop()
    await _trunk_is(stack, "offline")
    worker = await stack.worker(more=BY_TRUNK)

    # The trunk is dead: what is due waits, and no try is spent on it.
    await stack.until("SELECT count(*) = 2 FROM message")
    await stack.far_end.start()
    await stack.until("SELECT bool_and(state <> 'sending') FROM message")

    # A real call, accepted: the details follow by themselves.
    await stack.db.run("UPDATE call SET not_before = clock_timestamp() WHERE state = 'waiting'")
    await stack.until("SELECT count(*) = 1 FROM message WHERE state = 'delivered'")
    await stack.until("SELECT count(*) = 1 FROM message WHERE state = 'failed'")
    assert await _how_far(stack) == {
        AGREES: ("delivered", "DELIVRD 000", 1, ""),
        NO_RECEIPT: ("submitted", "", 1, ""),
        FAILS: ("failed", "UNDELIV 001", 1, ""),
    }
    received = read_messages(stack.far_end.settings.messages_log)
    assert sorted((each.number, each.text) for each in received) == sorted((await _details(stack)).items())
    ids = {row.id for row in await stack.db.all("SELECT id FROM message")}
    assert {each.id for each in received} == ids

    # A text that Asterisk would lose is refused before it is sent.
    await stack.db.run("UPDATE notice SET address = %(address)s", {"address": "广" * 300})
    async with stack.db.transaction() as tx:
        pick = await tx.value("SELECT min(id) FROM pick")
        await outbox.put_for_pick(tx, Kind.TIME_CHANGED, hand.activity, pick, about="1")
    assert (await stack.until("SELECT error FROM message WHERE given_up_at IS NOT NULL")).startswith("短信过长：")
    assert len(read_messages(stack.far_end.settings.messages_log)) == 3

    await worker.stop()
    await stack.no_channels()
    log = worker.log.read_text()
    for row in await stack.db.all("SELECT code FROM pick"):
        assert row.code not in log
    for number in (AGREES, NO_RECEIPT, FAILS):
        assert number not in log
        assert number not in stack.node.log_tail(1_000)


@pytest.mark.parametrize(("number", "heard"), [(1, "witness_receipt_sent"), (2, "witness_receipt")], ids=["delivered", "failed"])
async def test_a_witness_who_has_the_receipt_hears_its_end_only(stack: Stack, number: int, heard: str) -> None:
    """The call waits for what comes of the 短信: what is 已送达 is not said again, everything else is said in full."""
    phone = Behaviour.WITNESS.number(number)
    supervisor = witness(phone)
    if heard == "witness_receipt":
        with transaction(stack.database.owner_dsn) as tx:
            tx.run(NEVER_DELIVERED)
    await begin(stack, [Behaviour.DECLINES], condition(seats=1), witnesses=(supervisor,))
    await stack.worker(more=BY_TRUNK)
    await stack.until("SELECT count(*) = 1 FROM call WHERE flow = 'witness' AND outcome = 'share_given' AND state = 'ended'")
    trail = await stack.db.value("SELECT trail FROM call WHERE flow = 'witness'")
    assert (trail["heard"][0]["prompt"], trail["heard"][0]["whole"]) == (heard, True)
    state = await stack.db.value("SELECT state::text FROM message WHERE kind = 'witness_receipt'")
    assert (state == "delivered") is (heard == "witness_receipt_sent")
    assert phone not in stack.workers[0].log.read_text()


async def _two_have_agreed(stack: Stack) -> Hand:
    """A draw whose third expert waits for a call that is not due yet."""
    phones = [AGREES, NO_RECEIPT, FAILS]
    add_experts(stack.database.dsn, stack.keys.custody.vault, phones)
    number = await make_activity(stack.db, stack.keys.custody.vault, plan([condition(seats=3)]))
    await start(stack.db, stack.keys.custody.vault, number, "clerk", Role.HANDLER)
    hand = Hand(stack.db, stack.database.dsn, stack.keys, number)
    await hand.advance()
    await stack.db.run(
        "UPDATE call SET not_before = 'infinity' WHERE expert = (SELECT min(id) FROM expert)"  # in the order of phones
    )
    for call in await hand.live():
        await hand.answers(call, PickOutcome.ACCEPTED)
        await hand.ends(call, "accepted")
    return hand


async def _trunk_is(stack: Stack, state: str) -> None:
    settings = stack.node.settings
    headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession(headers=headers) as session:
        while True:
            async with session.get(f"{settings.ari_url}/endpoints/PJSIP/carrier") as reply:
                if (await reply.json())["state"] == state:
                    return
            await asyncio.sleep(POLL)


async def _how_far(stack: Stack) -> dict[str, tuple[Any, ...]]:
    rows = await stack.db.all(
        "SELECT p.expert, e.phone_enc, m.state::text AS state, m.receipt, m.tries, m.error"
        " FROM message m JOIN pick p ON p.id = m.pick JOIN expert e ON e.id = p.expert"
    )
    return {_open(stack, row): (row.state, row.receipt, row.tries, row.error) for row in rows}


async def _details(stack: Stack) -> dict[str, str]:
    """The text that each must get, by number."""
    rows = await stack.db.all(
        "SELECT p.expert, e.phone_enc, p.code, n.gather_at, n.address, n.room, n.contact, n.contact_phone, n.note"
        " FROM pick p JOIN expert e ON e.id = p.expert JOIN notice n ON n.activity = p.activity"
    )
    return {
        _open(stack, row): zh.details(
            InvitationFacts(
                gather_at=row.gather_at, district="", duration=None, address=row.address, room=row.room,
                contact=row.contact, contact_phone=row.contact_phone, note=row.note, code=row.code,
            )
        )
        for row in rows
    }  # fmt: skip


def _open(stack: Stack, row: Any) -> str:
    return stack.keys.custody.vault.decrypt(bytes(row.phone_enc), EXPERT_PHONE.at(row.expert)).decode()
