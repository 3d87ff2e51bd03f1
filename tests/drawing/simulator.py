"""A small simulator of whole activities: draws, calls, absences, a supplement, and the evidence of it all.

It knows nothing of `drawing.replay`: what it writes is how a service would, so that the verifier is tried
on something that it did not make itself.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drawing import blocks, bulk, ledger, lots, pool
from drawing.canonical import canon
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Mode
from drawing.evidence_readme import README
from drawing.lots import Placed
from drawing.rules import Rules
from drawing.signature import public_pem
from drawing.transcript import Entry, EntryType, append, stamp

SERVICE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ACTIVITY_KEY = b"a" * 32
LOTS = ("440100-2026-0001-1", "440100-2026-0001-2")
START = datetime(2026, 11, 23, 1, tzinfo=UTC)
CONDITIONS = (
    Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 2),
    Condition("c2", Mode.WILLING, ("440300", "440100"), ("A", "B"), (), (), (), ("住建",), 2),
)
FAILURES = ("busy", "no_answer", "voicemail", "rejected", "trunk_failure", "hung_up_early", "invalid_number")


def experts(count: int, seed: int = 1) -> list[pool.Expert]:
    """Some experts; few units, so that colleagues meet."""
    choose = random.Random(seed)
    return [
        pool.Expert(
            number,
            sha256(b"%d" % number).digest(),
            choose.choice(("440106", "440305", "450102")),
            choose.sample(("440100", "440300", "445200"), 2),
            choose.sample(("A0801", "A0101", "B01", "C0101"), 2),
            choose.choice(("高级", "正高级")),
            ["注册建造师"] if number % 3 else [],
            ["住建", "交通"] if number % 4 else ["水利"],
            [f"第{choose.randrange(6)}设计院", f"单位{number}"],
            ["suspended"] if number % 17 == 0 else [],
        )
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Form:
    """What an evidence shows."""

    facts: bool = True
    sealed: bool = False


@dataclass
class Activity:
    """One simulated activity."""

    choose: random.Random
    people: Sequence[pool.Expert]
    witnesses: tuple[str, ...] = ("supervisor-1",)
    chain: list[Entry] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    pool_lines: list[bytes] = field(default_factory=list)
    leaves: list[ledger.Leaf] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    picked: dict[str, dict[str, Any]] = field(default_factory=dict)
    reopened: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, list[bytes]] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = CONDITIONS
    draw: int = 0
    at: datetime = START
    share: bytes = b""
    accepts: float = 0.4
    pauses: bool = True

    def write(self, kind: EntryType, /, **body: Any) -> Entry:
        self.at += timedelta(milliseconds=self.choose.randrange(5_000))
        before = self.chain[-1] if self.chain else None
        self.chain.append(append(before, self.at, kind, body, SERVICE.sign))
        return self.chain[-1]

    def begin(self, conditions: tuple[Condition, ...] = CONDITIONS) -> None:
        """Snapshot, commit, witness."""
        self.draw, self.conditions = self.draw + 1, conditions
        avoid = Avoid((), (pool.unit_hash(ACTIVITY_KEY, "第0设计院"),))
        keys = pool.Keys(ACTIVITY_KEY, bytes([self.draw]) * 32)
        found = bulk.snapshot(self.people, bulk.Setting(keys, conditions, avoid, self.draw, frozenset(self.picked)))
        for block in found.pool_blocks:
            self.pool_lines += blocks.pool_lines(block)
        self.share = self.choose.randbytes(32)
        last_seal = next((each.hash for each in self.chain[::-1] if each.type is EntryType.SEAL), None)
        commit = Commit(
            activity="CQSQ202611230001",
            avoid=avoid,
            conditions=conditions,
            draw=self.draw,
            counts=found.counts,
            lots=LOTS,
            pool_root=found.pool_root,
            pool_size=found.size,
            previous=(last_seal, last_seal),
            rules="demo-1",
            system_share_hash=sha256(self.share).hexdigest(),
            witnesses=self.witnesses,
        )
        entry = self.write(EntryType.COMMIT, **commit.to_json())
        self.record(ledger.COMMIT, entry)
        share = self.witness()
        seed = lots.seed(entry.hash, self.share, share)
        self.orders = {each.id: bulk.order(seed, each.id, found.standing[each.id]) for each in conditions}

    def witness(self) -> dict[str, str] | None:
        if not self.witnesses:
            return None
        by = self.witnesses[0]
        self.write(EntryType.WITNESS_TRY, by=by, attempt=1, happened="no_answer")
        share = {"by": by, "value": ("48291306", "7305519284")[self.draw - 1]}
        self.write(EntryType.WITNESS, share=share)
        return share

    def record(self, kind: str, entry: Entry) -> None:
        """Into the ledger, where others stand too."""
        for _ in range(self.choose.randrange(3)):
            other = sha256(self.choose.randbytes(8)).hexdigest()
            self.leaves.append(ledger.Leaf.of(len(self.leaves), ledger.COMMIT, ["other"], other))
        self.own.append(len(self.leaves))
        self.leaves.append(ledger.Leaf.of(len(self.leaves), kind, LOTS, entry.hash))

    def engaged(self) -> list[Placed]:
        every = sorted([*self.picked.values(), *self.reopened], key=lambda pick: int(pick["seq"]))
        return [
            pick["placed"]
            for pick in every
            if pick["outcome"] is None or (pick["outcome"] == "accepted" and not pick["absent"])
        ]

    def fill(self) -> None:
        """Pick until no seat is open."""
        while self.pick_one():
            pass

    def pick_one(self) -> bool:
        for condition in self.conditions:
            held = {
                pick["seat"]
                for pick in self.picked.values()
                if (pick["draw"], pick["condition"]) == (self.draw, condition.id)
                and pick["outcome"] in (None, "accepted")
            }
            free = [seat for seat in range(1, condition.seats + 1) if seat not in held]
            if not free:
                continue
            order = self.orders[condition.id]
            pick = lots.next_pick(blocks.placed(order), self.picked, self.engaged())
            if pick is None:
                continue
            placed = list(blocks.placed(order))[pick.rank]
            entry = self.write(
                EntryType.PICK, condition=condition.id, seat=free[0], expert=pick.expert, rank=pick.rank,
                passed=[list(each) for each in pick.passed],
            )  # fmt: skip
            self.picked[pick.expert] = {
                "draw": self.draw, "condition": condition.id, "seat": free[0], "rank": pick.rank,
                "placed": placed, "outcome": None, "absent": False, "seq": entry.seq, "calls": [],
                "since": None,
            }  # fmt: skip
            return True
        return False

    def run(self) -> None:
        """Call until all seats are filled or nobody is left."""
        rules = Rules.load("demo-1")
        self.fill()
        paused = not self.pauses
        while waiting := [who for who, pick in self.picked.items() if pick["outcome"] is None]:
            if not paused and self.choose.random() < 0.2:
                paused = True
                agreed = self.agreed()
                self.write(EntryType.PAUSE, reason="改集合时间", agreed=agreed, live=len(waiting))
                self.write(EntryType.RESUME, reason="已改", agreed=agreed, live=0)
            self.call(self.choose.choice(waiting), rules)
            self.fill()

    def call(self, expert: str, rules: Rules) -> None:
        pick = self.picked[expert]
        if self.choose.random() < 0.05:
            self.outcome(expert, "unavailable", [sha256(b"elsewhere").hexdigest()])
            return
        chance = self.choose.random()
        outcome = self.choose.choice(FAILURES)
        if chance < self.accepts:
            outcome = "accepted"
        elif chance < self.accepts + 0.2:
            outcome = "declined"
        evidence = {"expert": expert, "attempt": len(pick["calls"]) + 1, "outcome": outcome, "sip": 200}
        digest = sha256(canon(evidence)).hexdigest()
        self.calls.append(canon({"hash": digest, "evidence": evidence}))
        self.write(EntryType.ATTEMPT, expert=expert, attempt=len(pick["calls"]) + 1, evidence=digest)
        pick["calls"].append((digest, outcome))
        pick["since"] = pick["since"] or self.at
        if outcome in ("accepted", "declined"):
            self.outcome(expert, outcome, [digest])
        elif rules.unreached_after([each for _, each in pick["calls"]], 0):
            self.outcome(expert, "unreached", [each for each, _ in pick["calls"]])

    def outcome(self, expert: str, outcome: str, rests_on: list[str]) -> None:
        self.write(EntryType.OUTCOME, expert=expert, outcome=outcome, rests_on=rests_on)
        self.picked[expert]["outcome"] = outcome

    def agreed(self) -> int:
        return sum((p["draw"], p["outcome"]) == (self.draw, "accepted") for p in self.picked.values())

    def seats(self) -> int:
        return sum(condition.seats for condition in self.conditions)

    def reopen(self, condition: str) -> None:
        again = sorted(
            (pick["rank"], who)
            for who, pick in self.picked.items()
            if (pick["draw"], pick["condition"], pick["outcome"]) == (self.draw, condition, "unreached")
        )
        self.write(EntryType.REOPEN, condition=condition, experts=[[who, rank] for rank, who in again])
        self.reopened += [self.picked.pop(who) for _, who in again]

    def close(self) -> None:
        if self.agreed() == self.seats():
            self.write(EntryType.COMPLETE, agreed=self.agreed(), seats=self.seats())
        self.record(ledger.SEAL, self.write(EntryType.SEAL, system_share=self.share.hex()))

    def absent(self) -> None:
        who = next(who for who, pick in self.picked.items() if pick["outcome"] == "accepted")
        condition = self.picked[who]["condition"]
        self.write(EntryType.ABSENCE, expert=who, condition=condition, reason="请假", right="expert_key")
        self.picked[who]["absent"] = True

    def open_result(self) -> None:
        self.at += timedelta(hours=1)
        start = stamp(self.at + timedelta(seconds=30))
        self.write(EntryType.UNSEAL, lead_seconds=Rules.load("demo-1").unseal_lead_s, evaluation_start=start)
        self.write(EntryType.PRINT, by="handler-1")

    def files(self, form: Form) -> dict[str, bytes]:
        """The evidence."""
        hidden = (EntryType.WITNESS, EntryType.SEAL) if form.sealed else ()
        lines = self.pool_lines if form.facts else map(blocks.public_line, self.pool_lines)
        document = ledger.document(self.leaves, self.own, earlier=[1, len(self.leaves)])
        return {
            "transcript.jsonl": b"".join(each.line(withhold=each.type in hidden) for each in self.chain),
            "pool.jsonl": b"".join(line + b"\n" for line in lines),
            "calls.jsonl": b"".join(line + b"\n" for line in self.calls),
            "ledger.json": canon(document) + b"\n",
            "service.pub": public_pem(SERVICE.public_key().public_bytes_raw()),
            "README.txt": README.encode(),
        }


def whole_activity(seed: int, count: int = 60, witnesses: tuple[str, ...] = ("supervisor-1",)) -> Activity:
    """A first draw, an absence and its supplement, opened."""
    activity = Activity(random.Random(seed), experts(count), witnesses)
    activity.begin()
    activity.run()
    activity.close()
    unfilled = activity.seats() - activity.agreed()
    if activity.agreed():
        activity.absent()
        unfilled += 1
    if unfilled:
        one = Condition("c3", Mode.RESIDENCE, ("450000", "440000"), ("A", "B", "C"), (), (), (), (), unfilled)
        activity.begin((one,))
        activity.run()
        activity.close()
    activity.open_result()
    return activity


def put(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
