"""Masked calls for real: staff and experts are telephones of the far end, all at once; and nobody learns a number.

What is searched for numbers: all SIP on both sides, every ARI event, every variable that tells of a party, all rows, all
logs, all files and their names.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from asterisk.far_end import VOICES, Behaviour
from asterisk.instance import authorization
from db.pool import Database
from drawing import decide, masked
from drawing.masked import Entry, Reached
from ivr.bridged import bridge_of, second_leg
from tests.postgres import Cluster, TestDatabase, fresh_database
from tests.scenes import add_experts, condition, make_activity, plan
from tests.system import audio, wiretap
from tests.system.audio import Samples
from tests.system.conftest import CALLER_ID, PATIENCE, POLL, Stack, running_stack
from tests.system.wiretap import Message

pytestmark = [pytest.mark.telephone, pytest.mark.postgres]

TIMES = {"press_after": 3.0, "press_again_after": 2.5, "hang_up_after": 4.0}
LEASE = 6.0
LATELY = 6 * audio.RATE
TALK_SECONDS = 1.5
"""So much of the other's voice is heard before somebody hangs up."""


class Scene(Enum):
    """Staff's telephone, the expert's, and whether the talk is recorded."""

    EXPERT_LEAVES = Behaviour.STAFF, Behaviour.TALKS, False
    STAFF_LEAVES = Behaviour.STAFF, Behaviour.TALKS, True
    KILLED = (Behaviour.STAFF, Behaviour.TALKS, False, "the worker dies in mid-talk")
    REFUSED = Behaviour.STAFF, Behaviour.DECLINES, False
    BUSY = Behaviour.STAFF, Behaviour.BUSY, False
    NO_ANSWER = Behaviour.STAFF, Behaviour.NEVER_ANSWERS, False
    GAVE_UP = (Behaviour.STAFF, Behaviour.NEVER_ANSWERS, False, "staff hangs up while the expert's telephone rings")
    VOICEMAIL = Behaviour.STAFF, Behaviour.VOICEMAIL, False
    ANNOUNCEMENT = Behaviour.STAFF, Behaviour.ANNOUNCEMENT, False
    STAFF_BUSY = Behaviour.BUSY, Behaviour.TALKS, False
    STAFF_SILENT = Behaviour.VOICEMAIL, Behaviour.TALKS, False
    LATE = (Behaviour.STAFF, Behaviour.TALKS, False, "asked for so long ago that staff waits no more")

    @property
    def place(self) -> int:
        return list(Scene).index(self)

    @property
    def staff(self) -> str:
        """Staff's number."""
        behaviour: Behaviour = self.value[0]
        return behaviour.number(51_700 + self.place)

    @property
    def expert(self) -> str:
        """The expert's number."""
        behaviour: Behaviour = self.value[1]
        return behaviour.number(83_400 + self.place)


NUMBERS = [number for scene in Scene for number in (scene.staff, scene.expert)]
TALKED = (Scene.EXPERT_LEAVES, Scene.STAFF_LEAVES, Scene.KILLED)


@dataclass(frozen=True)
class Kept:
    """What is left of the run."""

    calls: Mapping[Scene, Any]
    entries: Mapping[Scene, Sequence[Entry]]
    heard: Mapping[str, Samples]
    """By number."""
    sounds: Mapping[str, Samples]
    sip: Sequence[Message]
    events: Sequence[Mapping[str, Any]]
    variables: Mapping[str, str]
    """Of channels while two talked, by the number of their own telephone."""
    texts: Mapping[str, str]
    recording: Samples
    operations: Sequence[Any]
    channels: Sequence[str]
    bridges: Sequence[str]

    def trail(self, scene: Scene) -> Any:
        return self.calls[scene].trail


@pytest.fixture(scope="module")
def kept(cluster: Cluster, speech_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with fresh_database(cluster) as database:
        yield asyncio.run(_run(database, tmp_path_factory.mktemp("masked"), speech_cache))


async def _run(database: TestDatabase, folder: Path, cache: Path) -> Kept:
    async with (
        Database(database.dsn) as db,
        running_stack(db, database, folder, cache, **TIMES) as stack,
        wiretap.every_event(stack.node) as events,
    ):
        await wiretap.tap(stack.node)
        await wiretap.tap(stack.far_end)
        activity, picks = await _agreed(stack)
        first = await stack.worker(lease=LEASE)
        await stack.until("SELECT count(*) > 0 FROM node")  # its phrases are made: nobody who asks now waits for those
        calls = {scene: await _ask(stack, activity, picks[scene], scene) for scene in Scene}
        variables: dict[str, str] = {}
        await asyncio.gather(
            _ends_by(stack, calls, Scene.EXPERT_LEAVES, Scene.EXPERT_LEAVES.expert, variables),
            _ends_by(stack, calls, Scene.STAFF_LEAVES, Scene.STAFF_LEAVES.staff, variables),
            _gives_up(stack),
            stack.until("SELECT count(*) = %(n)s FROM call WHERE state = 'ended'", 300.0, n=len(Scene) - 1),
            _talking(stack, calls[Scene.KILLED], Scene.KILLED),
        )
        last = await stack.worker(lease=LEASE)  # waits for the node
        first.kill()
        await first.ended()
        await stack.until("SELECT bool_and(state = 'ended') FROM call")
        await last.stop()
        await stack.no_channels()
        rows = await db.all("SELECT id, outcome::text AS outcome, evidence, trail, pick FROM call")
        by_id = {row.id: row for row in rows}
        recorded = stack.node.settings.folder / f"spool/recording/{calls[Scene.STAFF_LEAVES]}.wav"
        return Kept(
            calls={scene: by_id[call] for scene, call in calls.items()},
            entries={scene: await masked.log(db, activity, picks[scene]) for scene in Scene},
            heard={number: _heard(stack, number) for number in NUMBERS},
            sounds={name: audio.read(stack.far_end.settings.folder / f"sounds/{name}.wav")
                    for name in (*VOICES, "greeting", "announcement")},
            sip=[*await wiretap.tapped(stack.node), *await wiretap.tapped(stack.far_end)],
            events=events,
            variables=variables,
            texts=await _texts(stack),
            recording=audio.read(recorded),
            operations=await db.all("SELECT actor, role, act, activity, remark FROM operation ORDER BY id"),
            channels=await stack.channels(),
            bridges=await _bridges(stack),
        )  # fmt: skip


async def _agreed(stack: Stack) -> tuple[str, dict[Scene, int]]:
    """An activity whose draw is over, in which every expert of the scenes has agreed."""
    add_experts(stack.database.dsn, stack.keys.custody.vault, [scene.expert for scene in Scene])
    activity = await make_activity(stack.db, stack.keys.custody.vault, plan((condition(seats=len(Scene)),)))
    await stack.db.run("UPDATE activity SET state = 'completed' WHERE id = %(a)s", {"a": activity})
    sql = """INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, decided_at)
             SELECT %(a)s, 1, 'c1', id, id, 'p' || id, '{}', id, to_char(id, 'FM000000'), 'accepted', clock_timestamp()
             FROM expert ORDER BY id RETURNING id"""
    picks = [row.id for row in await stack.db.all(sql, {"a": activity})]
    return activity, dict(zip(Scene, sorted(picks), strict=True))


async def _ask(stack: Stack, activity: str, pick: int, scene: Scene) -> str:
    async with stack.db.transaction() as tx:
        await decide.lock(tx, activity)
        values = (activity, pick, scene.staff, "经办人甲", "handler")
        call = await masked.ask(tx, stack.keys.custody, *values, record=scene.value[2])
        if scene is Scene.LATE:
            past = """UPDATE call SET matter = matter || '{"asked": 1}' WHERE id = %(call)s"""
            await tx.run(past, {"call": call})
        return call


# --- while it runs --------------------------------------------------------------------------------------------


@asynccontextmanager
async def _ari(settings: Any) -> Any:
    headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def _json(session: aiohttp.ClientSession, url: str, **params: str) -> Any:
    async with session.get(url, params=params) as reply:
        return await reply.json() if reply.status == 200 else None


async def _talking(stack: Stack, call: str, scene: Scene) -> None:
    """Both have heard some of the other's voice."""
    settings, voices = stack.node.settings, _voices(stack)
    async with _ari(settings) as session, asyncio.timeout(PATIENCE):
        url = f"{settings.ari_url}/bridges/{bridge_of(call)}"
        while len((await _json(session, url) or {"channels": []})["channels"]) < 2:
            await asyncio.sleep(POLL * 10)
        for number, voice in ((scene.staff, "voice-high"), (scene.expert, "voice-low")):
            while seconds_of(voices[voice], _heard(stack, number)[-LATELY:]) < TALK_SECONDS:
                await asyncio.sleep(POLL * 50)


async def _ends_by(stack: Stack, calls: Mapping[Scene, str], scene: Scene, number: str, seen: dict[str, str]) -> None:
    """In mid-talk, everything that tells of a party is read, then this telephone hangs up."""
    call = calls[scene]
    await _talking(stack, call, scene)
    for channel, own in ((call, scene.staff), (second_leg(call), scene.expert)):
        seen[own] = await _all_variables(stack, channel)
    await _hang_up_at_far_end(stack, number)


async def _gives_up(stack: Stack) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(
            each.event == "ringing" and each.number == Scene.GAVE_UP.expert for each in stack.telephone_log()
        ):
            await asyncio.sleep(POLL * 10)
    await _hang_up_at_far_end(stack, Scene.GAVE_UP.staff)


async def _hang_up_at_far_end(stack: Stack, number: str) -> None:
    settings = stack.far_end.settings
    async with _ari(settings) as session:
        for channel in await _json(session, f"{settings.ari_url}/channels"):
            url = f"{settings.ari_url}/channels/{channel['id']}"
            if (await _json(session, f"{url}/variable", variable="NUMBER") or {}).get("value") == number:
                await session.delete(url)


VARIABLES = (
    "CALLERID(all)", "CALLERID(num)", "CALLERID(name)", "CALLERID(ani)", "CALLERID(dnid)", "CALLERID(rdnis)",
    "CONNECTEDLINE(all)", "CONNECTEDLINE(num)", "CONNECTEDLINE(name)", "REDIRECTING(from-num)", "REDIRECTING(to-num)",
    "REDIRECTING(orig-num)", "CHANNEL(name)", "CHANNEL(pjsip,remote_uri)", "CHANNEL(pjsip,local_uri)",
    "CHANNEL(pjsip,target_uri)", "CHANNEL(pjsip,request_uri)", "BRIDGEPEER", "BRIDGEPVTCALLID", "DIALEDPEERNUMBER",
    "DIALEDPEERNAME", "EXTEN",
)  # fmt: skip


async def _all_variables(stack: Stack, channel: str) -> str:
    settings = stack.node.settings
    url = f"{settings.ari_url}/channels/{channel}"
    async with _ari(settings) as session:
        found = {"channel": await _json(session, url)}
        for name in VARIABLES:
            found[name] = await _json(session, f"{url}/variable", variable=name)
    return json.dumps(found)


async def _bridges(stack: Stack) -> list[str]:
    settings = stack.node.settings
    async with _ari(settings) as session, asyncio.timeout(PATIENCE):
        while found := [each["id"] for each in await _json(session, f"{settings.ari_url}/bridges")]:
            await asyncio.sleep(POLL * 10)
    return found


# --- afterwards -----------------------------------------------------------------------------------------------


async def _texts(stack: Stack) -> dict[str, str]:
    """All rows of all tables, all files of ours, and all their names."""
    tables = await stack.db.all(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
    )
    texts = {
        f"table {table.name}": await stack.db.value(f"SELECT string_agg(t::text, ' ') FROM {table.name} t") or ""
        for table in tables
    }
    for folder in (stack.folder, stack.node.settings.folder, stack.speech):
        for path in sorted(folder.rglob("*")):
            texts[f"name {path}"] = path.name
            if path.is_file() and path.suffix not in (".wav", ".pcap"):
                texts[f"file {path}"] = path.read_text(errors="replace")
    return texts


def _voices(stack: Stack) -> dict[str, Samples]:
    return {name: audio.read(stack.far_end.settings.folder / f"sounds/{name}.wav") for name in VOICES}


def _heard(stack: Stack, number: str) -> Samples:
    """What this telephone has heard so far; nothing when it was not answered."""
    files = sorted(stack.far_end.settings.recordings.glob(f"{number}-*.wav"))
    if not files:
        return audio.SILENCE
    data = files[0].read_bytes()[44:]  # its header is written at the end
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2") / 32768.0


def seconds_of(voice: Samples, recording: Samples) -> float:
    """For how long that voice is heard: a quarter of a second of it after the other is looked for everywhere."""
    piece, found = audio.RATE // 4, 0
    around = np.concatenate([voice, voice[:piece]])  # it is said again and again
    for begin in range(0, len(recording) - piece, piece):
        part = recording[begin : begin + piece]
        if np.max(np.abs(part)) > 0.02 and audio.correlation(around, part).max() > audio.LIKE:
            found += 1
    return found * piece / audio.RATE


# --- what it comes to -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "outcome", "reached"),
    [
        (Scene.EXPERT_LEAVES, "connected", Reached.TALKED),
        (Scene.STAFF_LEAVES, "connected", Reached.TALKED),
        (Scene.KILLED, "interrupted", Reached.UNKNOWN),
        (Scene.REFUSED, "rejected", Reached.EXPERT),
        (Scene.BUSY, "busy", Reached.EXPERT),
        (Scene.NO_ANSWER, "no_answer", Reached.EXPERT),
        (Scene.GAVE_UP, "cancelled", Reached.EXPERT),
        (Scene.VOICEMAIL, "no_key", Reached.EXPERT),
        (Scene.ANNOUNCEMENT, "unreachable", Reached.EXPERT),
        (Scene.STAFF_BUSY, "busy", Reached.STAFF),
        (Scene.STAFF_SILENT, "no_key", Reached.STAFF),
        (Scene.LATE, "cancelled", Reached.UNKNOWN),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_it_comes_to(kept: Kept, scene: Scene, outcome: str, reached: Reached) -> None:
    assert kept.calls[scene].outcome == outcome, kept.trail(scene)
    (entry,) = kept.entries[scene]
    assert (entry.outcome, entry.reached) == (outcome, reached)
    if scene is Scene.LATE:
        return
    evidence = json.loads(kept.calls[scene].evidence)
    assert (evidence["flow"], evidence["outcome"], evidence["call"]) == ("masked", outcome, kept.calls[scene].id)


@pytest.mark.parametrize("scene", TALKED, ids=lambda each: each.name)
def test_each_hears_the_other(kept: Kept, scene: Scene) -> None:
    low, high = kept.sounds["voice-low"], kept.sounds["voice-high"]
    assert seconds_of(high, kept.heard[scene.staff]) >= TALK_SECONDS
    assert seconds_of(low, kept.heard[scene.expert]) >= TALK_SECONDS
    assert seconds_of(low, kept.heard[scene.staff]) == 0  # and not themselves
    assert seconds_of(high, kept.heard[scene.expert]) == 0


@pytest.mark.parametrize("scene", [each for each in Scene if each not in TALKED], ids=lambda each: each.name)
def test_who_is_not_joined_hears_nothing_of_the_other(kept: Kept, scene: Scene) -> None:
    """No voice, no voicemail's greeting, no announcement of the network."""
    for name in ("voice-high", "greeting", "announcement"):
        assert seconds_of(kept.sounds[name], kept.heard[scene.staff]) == 0, name
    assert seconds_of(kept.sounds["voice-low"], kept.heard[scene.expert]) == 0


def test_the_search_for_a_greeting_finds_one(kept: Kept) -> None:
    greeting = kept.sounds["greeting"]
    assert seconds_of(greeting, greeting) > 3
    assert seconds_of(kept.sounds["voice-high"], greeting) == 0


@pytest.mark.parametrize(
    ("scene", "gone_first"), [(Scene.EXPERT_LEAVES, "expert"), (Scene.STAFF_LEAVES, "staff")], ids=["expert", "staff"]
)
def test_the_end_of_either_ends_both(kept: Kept, scene: Scene, gone_first: str) -> None:
    trail = kept.trail(scene)
    ended = {side: trail[side]["by_us"] for side in ("staff", "expert")}
    assert ended == {"staff": gone_first == "expert", "expert": gone_first == "staff"}
    (entry,) = kept.entries[scene]
    assert entry.talked_s >= TALK_SECONDS


def test_the_call_log_tells_how_far_it_went(kept: Kept) -> None:
    refused = kept.trail(Scene.REFUSED)
    assert [each["key"] for each in refused["expert"]["pressed"]][:1] == ["2"]
    assert refused["staff"]["heard"][0]["prompt"] == "masked_staff"
    assert refused["staff"]["heard"][-1]["prompt"] == "masked_refused"
    assert (refused["joined"], refused["parted"], refused["recording"]) == (None, None, None)
    assert kept.trail(Scene.BUSY)["expert"]["sip"] == 486
    assert kept.trail(Scene.STAFF_BUSY)["expert"] is None


def test_it_is_recorded_where_that_was_asked_for(kept: Kept) -> None:
    assert kept.entries[Scene.STAFF_LEAVES][0].recorded
    assert not kept.entries[Scene.EXPERT_LEAVES][0].recorded
    assert kept.trail(Scene.STAFF_LEAVES)["recording"] == kept.calls[Scene.STAFF_LEAVES].id
    assert len(kept.recording) > TALK_SECONDS * audio.RATE / 2
    assert np.max(np.abs(kept.recording)) > 0.05


def test_who_asked_is_in_the_operation_log(kept: Kept) -> None:
    asked = {row.remark: (row.actor, row.role, row.act) for row in kept.operations if row.act == "masked_call"}
    assert asked == {call.id: ("经办人甲", "handler", "masked_call") for call in kept.calls.values()}


def test_nothing_is_left(kept: Kept) -> None:
    assert not kept.channels
    assert not kept.bridges


# --- secrecy --------------------------------------------------------------------------------------------------


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


def test_no_leg_carries_the_others_number(kept: Kept) -> None:
    """In no header, no body, in neither direction, on neither side. That a leg's own number is found shows that the search
    can find one."""
    found = by_dialog(kept.sip)
    assert all(len(numbers) == 1 for numbers in found.values()), found
    assert {number for numbers in found.values() for number in numbers} == RUNG
    assert len(found) == len(RUNG)


def test_the_search_would_find_a_leak(kept: Kept) -> None:
    """The same capture, with one connected line told as Asterisk would tell it."""
    own, other = Scene.EXPERT_LEAVES.staff, Scene.EXPERT_LEAVES.expert
    dialog = next(each for each, numbers in by_dialog(kept.sip).items() if numbers == {own})
    leak = Message(
        dialog, f"UPDATE sip:{own}@127.0.0.1 SIP/2.0\r\nP-Asserted-Identity: <sip:{other}@127.0.0.1>\r\n\r\n"
    )
    assert by_dialog([*kept.sip, leak])[dialog] == {own, other}


TELLING = ("p-asserted-identity", "p-preferred-identity", "remote-party-id", "history-info", "diversion", "call-info")


def test_no_message_tells_of_another_party(kept: Kept) -> None:
    """Not even in a form that the search for digits would not see: no UPDATE or re-INVITE, no header about a third party, and
    the published number alone as who calls."""
    sides = 2  # each message is captured where it is sent and where it arrives
    invites: dict[str, int] = defaultdict(int)
    for message in kept.sip:
        headers = [line.partition(":") for line in message.text.split("\r\n\r\n")[0].split("\r\n")[1:]]
        assert not [name for name, _, _ in headers if name.strip().lower() in TELLING], message.text
        assert not message.first_line.startswith("UPDATE"), message.text
        if message.first_line.startswith("INVITE"):
            invites[message.dialog] += 1
            sender = next(value for name, _, value in headers if name.strip().lower() in ("from", "f"))
            assert f"sip:{CALLER_ID}@" in sender, sender
    assert set(invites.values()) == {sides}, invites
    assert len(invites) == len(RUNG)


def test_no_event_names_both(kept: Kept) -> None:
    """Each channel's events name its own telephone at most, and nobody else's."""
    legs = {kept.calls[scene].id: scene.staff for scene in Scene}
    legs |= {second_leg(kept.calls[scene].id): scene.expert for scene in Scene}
    found: set[str] = set()
    for event in kept.events:
        text = json.dumps(event)
        assert len(numbers_in(text)) <= 1, event
        channel = event.get("channel", event.get("peer", {})).get("id")
        assert numbers_in(text) <= {legs.get(channel, "")}, event
        found |= numbers_in(text)
    assert found  # such as the dialled string of a leg's own Dial


def test_no_variable_of_a_leg_tells_of_the_other(kept: Kept) -> None:
    assert len(kept.variables) == 4
    for own, variables in kept.variables.items():
        assert numbers_in(variables) == {own}, variables
        assert CALLER_ID in variables


def test_no_number_is_written_anywhere(kept: Kept) -> None:
    """Neither side's: in rows, logs, evidence, and names of files."""
    assert any(where.endswith(".log") for where in kept.texts)
    assert any("messages" in where for where in kept.texts)
    assert numbers_in(" ".join(kept.texts.values())) == set()
    assert "masked" in kept.texts["table call"]
