"""Masked calls, all at once and once for all tests: staff and experts are telephones of the far end (see `Masked`).

Two talks are recorded. While they last nothing can be stored: the worker that has fetched a recording is killed before it could
store it, and the next one has to find what it left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import psycopg2

from asterisk.far_end import VOICES, Behaviour
from drawing import decide, masked, recordings
from drawing.masked import Entry
from drawing.recordings import Recording
from ivr.bridged import bridge_of, second_leg
from tests.scenes import add_experts, add_picks, condition, make_activity, plan
from tests.system import audio, voices, wiretap
from tests.system.audio import Samples
from tests.system.voices import TALK_SECONDS, seconds_of
from tests.system.wiretap import Message

if TYPE_CHECKING:  # it has the fixture, and imports this
    from tests.system.conftest import Stack

PATIENCE, POLL = 300.0, 0.01

TIMES = {"press_after": 3.0, "press_again_after": 2.5, "hang_up_after": 4.0}
LEASE = 6.0
LATELY = 6 * audio.RATE


class Scene(Enum):
    """Staff's telephone, the expert's, and whether the talk is recorded."""

    EXPERT_LEAVES = Behaviour.STAFF, Behaviour.TALKS, False
    STAFF_LEAVES = Behaviour.STAFF, Behaviour.TALKS, True
    KILLED = (Behaviour.STAFF, Behaviour.TALKS, True, "the worker dies in mid-talk")
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
RECORDED = (Scene.STAFF_LEAVES, Scene.KILLED)


@dataclass(frozen=True)
class Masked:
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
    recordings: Mapping[str, Recording]
    """By call."""
    sealed: Mapping[str, bytes]
    plain: Mapping[str, bytes]
    modes: tuple[int, int]
    """Of the folder that recordings are made in while two talked, and of what lies above it."""
    operations: Sequence[Any]
    channels: Sequence[str]
    bridges: Sequence[str]
    files: Sequence[str]
    """What is left in that folder."""

    def trail(self, scene: Scene) -> Any:
        return self.calls[scene].trail


async def held(stack: Stack) -> Masked:
    """All the scenes, from asking to the end."""
    async with wiretap.every_event(stack.node) as events:
        await wiretap.tap(stack.node)
        await wiretap.tap(stack.far_end)
        activity, picks = await _agreed(stack)
        variables: dict[str, str] = {}
        with _nothing_is_stored(stack.database.owner_dsn):
            first = await stack.worker(lease=LEASE)
            await stack.until("SELECT count(*) > 0 FROM node")  # its phrases are made: nobody who asks now waits for those
            calls = {scene: await _ask(stack, activity, picks[scene], scene) for scene in Scene}
            await _play(stack, calls, variables)
            modes = _modes(stack)
            last = await stack.worker(lease=LEASE)  # waits for the node
            await stack.until(STORING)
            first.kill()
            await first.ended()
        await stack.until("SELECT bool_and(state = 'ended') FROM call")
        await stack.until("SELECT count(*) = %(n)s FROM recording", n=len(RECORDED))
        await last.stop()
        await stack.no_channels()
        return await _left(stack, activity, calls, picks, events, variables, modes)


STORING = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'recording'::regclass AND NOT granted"
"""Somebody has fetched a recording and can't go on."""


@contextmanager
def _nothing_is_stored(owner_dsn: str) -> Iterator[None]:
    connection = psycopg2.connect(owner_dsn)
    try:
        connection.cursor().execute("LOCK TABLE recording IN EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


async def _play(stack: Stack, calls: Mapping[Scene, str], variables: dict[str, str]) -> None:
    """Until all have ended but the one in which the worker dies: there both talk."""
    await asyncio.gather(
        _ends_by(stack, calls, Scene.EXPERT_LEAVES, Scene.EXPERT_LEAVES.expert, variables),
        _ends_by(stack, calls, Scene.STAFF_LEAVES, Scene.STAFF_LEAVES.staff, variables),
        _gives_up(stack),
        stack.until("SELECT count(*) = %(n)s FROM call WHERE state = 'ended'", PATIENCE, n=len(Scene) - 1),
        _talking(stack, calls[Scene.KILLED], Scene.KILLED),
    )


def _modes(stack: Stack) -> tuple[int, int]:
    folder = stack.node.settings.folder
    assert [*(folder / "spool/recording").iterdir()]
    return (folder / "spool/recording").stat().st_mode & 0o777, folder.stat().st_mode & 0o777


async def _left(
    stack: Stack,
    activity: str,
    calls: Mapping[Scene, str],
    picks: Mapping[Scene, int],
    events: Sequence[Mapping[str, Any]],
    variables: Mapping[str, str],
    modes: tuple[int, int],
) -> Masked:
    db, vault = stack.db, stack.keys.custody.vault
    by_id = {row.id: row for row in await db.all("SELECT id, outcome::text AS outcome, evidence, trail, pick FROM call")}
    kept = {each.call: each for each in await recordings.recordings(db, activity)}
    return Masked(
        calls={scene: by_id[call] for scene, call in calls.items()},
        entries={scene: await masked.log(db, activity, picks[scene]) for scene in Scene},
        heard={number: voices.heard(stack.far_end, number) for number in NUMBERS},
        sounds={name: voices.sound(stack.far_end, name) for name in (*VOICES, "greeting", "announcement")},
        sip=[*await wiretap.tapped(stack.node), *await wiretap.tapped(stack.far_end)],
        events=events,
        variables=variables,
        texts=await _texts(stack),
        recordings=kept,
        sealed={row.call: bytes(row.data_enc) for row in await db.all("SELECT call, data_enc FROM recording")},
        plain={call: await recordings.opened(db, vault, activity, call) for call in kept},
        modes=modes,
        operations=await db.all("SELECT actor, role, act, activity, remark FROM operation ORDER BY id"),
        channels=await stack.channels(),
        bridges=await _bridges(stack),
        files=[path.name for path in (stack.node.settings.folder / "spool/recording").iterdir()],
    )


async def _agreed(stack: Stack) -> tuple[str, dict[Scene, int]]:
    """An activity whose draw is over, in which every expert of the scenes has agreed."""
    add_experts(stack.database.dsn, stack.keys.custody.vault, [scene.expert for scene in Scene])
    activity = await make_activity(stack.db, stack.keys.custody.vault, plan((condition(seats=len(Scene)),)))
    await stack.db.run("UPDATE activity SET state = 'completed' WHERE id = %(a)s", {"a": activity})
    experts = range(1, len(Scene) + 1)
    picks = await add_picks(stack.db, stack.keys.custody, activity, dict.fromkeys(experts, "accepted"))
    return activity, dict(zip(Scene, picks.values(), strict=True))


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


async def _talking(stack: Stack, call: str, scene: Scene) -> None:
    """Both have heard some of the other's voice."""
    settings, far_end = stack.node.settings, stack.far_end
    async with wiretap.ari(stack.node) as session, asyncio.timeout(PATIENCE):
        url = f"{settings.ari_url}/bridges/{bridge_of(call)}"
        while len((await wiretap.json_of(session, url) or {"channels": []})["channels"]) < 2:
            await asyncio.sleep(POLL * 10)
        for number, voice in ((scene.staff, "voice-high"), (scene.expert, "voice-low")):
            said = voices.sound(far_end, voice)
            while seconds_of(said, voices.heard(far_end, number)[-LATELY:]) < TALK_SECONDS:
                await asyncio.sleep(POLL * 50)


async def _ends_by(stack: Stack, calls: Mapping[Scene, str], scene: Scene, number: str, seen: dict[str, str]) -> None:
    """In mid-talk, everything that tells of a party is read, then this telephone hangs up."""
    call = calls[scene]
    await _talking(stack, call, scene)
    for channel, own in ((call, scene.staff), (second_leg(call), scene.expert)):
        seen[own] = await wiretap.all_variables(stack.node, channel)
    await stack.hang_up(number)


async def _gives_up(stack: Stack) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(
            each.event == "ringing" and each.number == Scene.GAVE_UP.expert for each in stack.telephone_log()
        ):
            await asyncio.sleep(POLL * 10)
    await stack.hang_up(Scene.GAVE_UP.staff)


async def _bridges(stack: Stack) -> list[str]:
    settings = stack.node.settings
    async with wiretap.ari(stack.node) as session, asyncio.timeout(PATIENCE):
        while found := [each["id"] for each in await wiretap.json_of(session, f"{settings.ari_url}/bridges")]:
            await asyncio.sleep(POLL * 10)
    return found


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
