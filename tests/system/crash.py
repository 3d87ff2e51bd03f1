"""What must hold whatever dies, looked at while a draw runs and when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from db.errors import Unavailable
from drawing import evidence
from drawing.__main__ import main
from drawing.chain import Q
from drawing.result import unseal
from tests.system.conftest import PATIENCE, POLL, Stack, Worker

SEALED = "SELECT count(*) > 0 FROM draw WHERE sealed_at IS NOT NULL"
LIVE = "SELECT count(*) > 0 FROM call WHERE state = 'live'"
QUIET = "SELECT count(*) = 0 FROM call WHERE state <> 'ended'"
TALKING = "SELECT count(*) > 0 FROM call WHERE state = 'live' AND dialled_at < clock_timestamp() - interval '2 seconds'"

_OVERFULL = """
SELECT 'seats of ' || c.id FROM condition c
WHERE c.seats < (SELECT count(*) FROM pick p WHERE p.condition = c.id AND p.outcome IN ('open', 'accepted'))
UNION ALL
SELECT 'calls out and agreed' FROM activity a
WHERE a.seats < (SELECT count(*) FROM pick p WHERE p.outcome = 'accepted')
              + (SELECT count(*) FROM call k WHERE k.state = 'live' AND k.outcome IS NULL AND k.flow = 'invitation')
UNION ALL
SELECT 'two live calls to one expert' FROM call WHERE state = 'live' AND expert IS NOT NULL GROUP BY expert HAVING count(*) > 1
UNION ALL
SELECT 'a number is held by no live call, or a live call holds none'
FROM call c FULL JOIN live_number n ON n.call = c.id AND c.state = 'live'
WHERE n.call IS NULL AND c.state = 'live' OR c.id IS NULL
"""
_DECIDED = """
SELECT c.id, c.outcome::text AS outcome, p.outcome::text AS picked FROM call c JOIN pick p ON p.id = c.pick
WHERE c.decided_at IS NOT NULL
"""


@dataclass
class Watch:
    """Looks at the rows all the time: what was wrong at any moment, and every decision that was ever seen."""

    stack: Stack
    wrong: set[str] = field(default_factory=set)
    decided: dict[str, str] = field(default_factory=dict)
    looks: int = 0

    async def run(self) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                self.wrong |= {row[0] for row in await self.stack.db.all(_OVERFULL)}
                for row in await self.stack.db.all(_DECIDED):
                    self._decided(row.id, row.outcome, row.picked)
                self.looks += 1
            await asyncio.sleep(2 * POLL)

    def _decided(self, call: str, outcome: str, picked: str) -> None:
        if self.decided.setdefault(call, outcome) != outcome or picked != outcome:
            self.wrong.add(f"call {call} was decided as {self.decided[call]} and is {outcome}, its pick {picked}")


@asynccontextmanager
async def watched(stack: Stack) -> AsyncIterator[Watch]:
    """Watch while the body runs."""
    watch = Watch(stack)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def comes_to_its_end(watch: Watch, activity: str, folder: Path, cuts: Sequence[float] = ()) -> None:
    """The draw ends, and nothing that must hold was ever broken. `cuts`: when our Asterisk died (seconds since the epoch)."""
    stack = watch.stack
    await stack.until(SEALED)
    await stack.until(QUIET)
    await stack.no_channels()
    assert watch.looks > 0
    assert watch.wrong == set()
    assert await stack.db.value("SELECT state::text FROM activity WHERE id = %(a)s", {"a": activity}) == "completed"
    assert await stack.db.value("SELECT count(*) FROM pick WHERE outcome = 'accepted'") == await stack.db.value(
        "SELECT sum(seats) FROM condition"
    )
    await _decisions_stand(watch)
    await _everybody_knows_where_to_go(stack)
    await _no_seat_twice_in_the_transcript(stack, activity)
    nobody_rung_twice_at_once(stack, cuts)
    await unseal(stack.db, stack.keys.custody, activity)
    await evidence.export(stack.db, stack.keys.custody, activity, folder / "evidence")
    assert main(["verify", str(folder / "evidence")]) == 3


async def _decisions_stand(watch: Watch) -> None:
    now = {row.id: row.outcome for row in await watch.stack.db.all(_DECIDED)}
    assert watch.decided.items() <= now.items()


async def _everybody_knows_where_to_go(stack: Stack) -> None:
    """Who agreed has heard the details: in the invitation, or in a call of their own."""
    told = set()
    for row in await stack.db.all("SELECT pick, outcome::text AS outcome, trail FROM call WHERE trail IS NOT NULL"):
        trail = row.trail if isinstance(row.trail, dict) else json.loads(row.trail)
        if row.outcome == "delivered" or any(h["prompt"] == "details" and h["whole"] for h in trail["heard"]):
            told.add(row.pick)
    assert {row.id for row in await stack.db.all("SELECT id FROM pick WHERE outcome = 'accepted'")} <= told


async def _no_seat_twice_in_the_transcript(stack: Stack, activity: str) -> None:
    held: dict[tuple[str, int], str] = {}
    for row in await stack.db.all(Q.chain, {"activity": activity}):
        body = json.loads(row.body)
        if row.type == "pick":
            seat = (body["condition"], body["seat"])
            assert seat not in held, f"entry {row.seq} picks for a seat that is held"
            held[seat] = body["expert"]
        elif row.type == "outcome" and body["outcome"] != "accepted":
            held = {seat: expert for seat, expert in held.items() if expert != body["expert"]}


def nobody_rung_twice_at_once(stack: Stack, cuts: Sequence[float] = ()) -> None:
    """As the telephones saw it."""
    for number, spans in _spans(stack, cuts).items():
        for (_, end), (begin, _) in itertools.pairwise(sorted(spans)):
            assert end <= begin, f"{number} was rung at {begin} while a call lasted until {end}"


def _spans(stack: Stack, cuts: Sequence[float]) -> dict[str, list[tuple[float, float]]]:
    began: dict[str, tuple[str, float]] = {}
    ended: dict[str, float] = {}
    for event in stack.telephone_log():
        if event.event == "incoming":
            began[event.call] = (event.number, event.at)
        elif event.event == "ended":
            ended[event.call] = event.at
    spans = defaultdict(list)
    for call, (number, at) in began.items():
        end = min([ended.get(call, float("inf")), *(cut for cut in cuts if cut > at)])
        spans[number].append((at, end))
    return spans


def children(worker: Worker) -> list[int]:
    """Every process below this one."""
    parents = dict(_parents())
    found = {worker.process.pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {worker.process.pid})


def _parents() -> Iterable[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


async def gone(processes: Sequence[int]) -> None:
    """None of these processes is left."""
    async with asyncio.timeout(PATIENCE):
        while any(_alive(process) for process in processes):
            await asyncio.sleep(POLL)


def _alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
