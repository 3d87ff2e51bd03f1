"""Real calls with the real voice: one draw calls every kind of person at once, beside a witnessed one, and what was kept
of it is read by many small tests (see `Talk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asterisk.far_end import Behaviour, LoggedEvent
from drawing import chain, evidence
from drawing.activities import Plan
from drawing.canonical import read
from drawing.lifecycle import Role
from drawing.lots import fingerprint
from drawing.merkle import root
from drawing.start import start
from ivr import prompts
from ivr.prompts import ConditionCount, InvitationFacts, Prompt, WitnessFacts
from ivr.speech import Pyttsx3Engine, Speech
from tests.scenes import add_experts, condition, make_activity, plan, witness
from tests.system import audio
from tests.system.audio import Samples
from tests.system.conversations import Listener, Person, people

if TYPE_CHECKING:  # it has the fixture, and imports this
    from tests.system.conftest import Stack

CUT_OFF = Behaviour.ACCEPTS.number(50)
"""Agrees; then the line breaks down before the details."""
AFTER_THE_WITNESS = Behaviour.DECLINES.number(51)
WITNESS = Behaviour.CARELESS_WITNESS.number(52)
DIGITS = "31415926"
NOT_INVITED = (Behaviour.WITNESS, Behaviour.CARELESS_WITNESS, Behaviour.STAFF, Behaviour.TALKS)
ALONE: list[Behaviour] = [
    each for each in Behaviour if each not in NOT_INVITED and not each.value.later  # of those: test_inbound.py
]
PHONES = [*(each.number(n) for n, each in enumerate(ALONE)), CUT_OFF, AFTER_THE_WITNESS]
TIMES = {"press_after": 3.0, "press_again_after": 2.5, "early_press_after": 1.4, "hang_up_after": 6.0}
LONGEST = 600.0


@dataclass(frozen=True)
class Talk:
    """What is left of the run."""

    people: Mapping[str, Person]
    log: tuple[LoggedEvent, ...]
    transcript: tuple[Any, ...]
    """Of the witnessed activity."""
    texts: Mapping[str, str]
    """Everything that was written or named anywhere, by where."""
    spoken: Mapping[str, Prompt]

    def __getitem__(self, who: Behaviour | str) -> Person:
        return self.people[who if isinstance(who, str) else who.number(ALONE.index(who))]

    def listen(self, who: Behaviour | str, call: int = 0) -> Listener:
        person = self[who]
        return Listener(person.calls[call], person.prompts)


async def held(stack: Stack) -> Talk:
    """Let them all talk; the far end's telephones have TIMES."""
    add_experts(stack.database.dsn, stack.keys.custody.vault, PHONES)
    await stack.db.run("UPDATE expert SET specialties = '{B0101}' WHERE id = %(id)s", {"id": len(PHONES)})
    made = plan((condition(seats=len(PHONES) - 1),))
    other = plan((condition(main=("B01",)),), witnesses=(witness(WITNESS),), opens_in=timedelta(days=9))
    worker = await stack.worker(quick=False)
    witnessed = await _start(stack, other)
    await stack.until("SELECT count(*) > 0 FROM call WHERE state = 'live'")
    drawn = await _start(stack, made)
    await _cut_off(stack)
    await stack.until(OVER, LONGEST, picks=len(PHONES) - 1, failing=ALONE.index(Behaviour.TRUNK_FAILURE) + 1)
    await worker.stop()
    await stack.no_channels()
    return await _kept(stack, made, drawn, witnessed)


OVER = """
SELECT count(*) FILTER (WHERE outcome <> 'open') = %(picks)s
       AND NOT EXISTS (SELECT FROM call WHERE state <> 'ended' AND expert IS DISTINCT FROM %(failing)s) FROM pick
"""
"""All is over but for the number behind a failing trunk, which is tried on and on."""


async def _start(stack: Stack, made: Plan) -> str:
    number = await make_activity(stack.db, stack.keys.custody.vault, made)
    await start(stack.db, stack.keys.custody.vault, number, "clerk", Role.HANDLER)
    return number


async def _cut_off(stack: Stack) -> None:
    """Break the line once the acceptance is recorded."""
    sql = "SELECT outcome = 'accepted' FROM call WHERE expert = %(id)s"
    await stack.until(sql, LONGEST, id=PHONES.index(CUT_OFF) + 1)
    await stack.hang_up(CUT_OFF)


TRANSCRIPT = """
SELECT type, body, encode(hash, 'hex') AS hash FROM transcript WHERE activity = %(activity)s ORDER BY seq
"""


async def _kept(stack: Stack, made: Plan, drawn: str, witnessed: str) -> Talk:
    transcript = await stack.db.all(TRANSCRIPT, {"activity": witnessed})
    codes = {row.code: row.activity for row in await stack.db.all("SELECT code, activity FROM pick")}
    notice = made.notices[0]
    facts = InvitationFacts(
        gather_at=notice.gather_at, district="广州市越秀区", duration=timedelta(hours=3),
        address=notice.address, contact=notice.contact, contact_phone=notice.contact_phone, code="000000",
    )  # fmt: skip
    later = replace(facts, gather_at=facts.gather_at + timedelta(days=8))
    speech = Speech(stack.speech, Pyttsx3Engine())
    await speech.start()
    try:
        sounds: dict[str | None, Mapping[str, Samples]] = {
            code: await _sounds(speech, prompts.invitation(replace(facts if of == drawn else later, code=code)))
            for code, of in codes.items()
        }
        sounds[None] = await _witness_sounds(speech, await _receipt(stack, transcript))
    finally:
        await speech.close()
    texts = await _texts(stack, witnessed)
    return Talk(await people(stack, sounds), stack.telephone_log(), tuple(transcript), texts, prompts.invitation(facts))


async def _sounds(speech: Speech, wanted: Mapping[str, Prompt]) -> dict[str, Samples]:
    return {name: audio.joined(media) for name, media in (await speech.render_all(wanted)).items()}


async def _witness_sounds(speech: Speech, facts: WitnessFacts) -> Mapping[str, Samples]:
    sounds = await _sounds(speech, prompts.witness(facts))
    media = await speech.render_all(prompts.witness(facts))
    return sounds | {"witness_readback": audio.joined([p for part in prompts.readback(DIGITS) for p in media[part]])}


async def _receipt(stack: Stack, transcript: list[Any]) -> WitnessFacts:
    """What the witness must hear: from the transcript's commit and the ledger as it was then."""
    entry = next(row for row in transcript if row.type == "commit")
    commit = read(entry.body)
    leaf = chain.leaf_of((await stack.db.all(chain.Q.ledger))[0]).digest()
    return WitnessFacts(
        activity=commit["activity"], draw=1, pool_size=len(PHONES), eligible=(ConditionCount(1, 0),),
        excluded={}, fingerprint=fingerprint(entry.hash), ledger_size=1, ledger_root=root([leaf]).hex(),
    )  # fmt: skip


async def _texts(stack: Stack, activity: str) -> dict[str, str]:
    """All rows of all tables, all files of ours, and all their names."""
    tables = await stack.db.all(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    texts = {
        f"table {table.name}": await stack.db.value(f"SELECT string_agg(t::text, ' ') FROM {table.name} t") or ""
        for table in tables
    }
    await evidence.export(stack.db, stack.keys.custody, activity, stack.folder / "evidence")
    for folder in (stack.folder, stack.node.settings.folder, stack.speech):
        for path in sorted(folder.rglob("*")):
            texts[f"name {path}"] = path.name
            if path.is_file() and path.suffix not in (".wav", ".alaw"):
                texts[f"file {path}"] = path.read_text(errors="replace")
    return texts
