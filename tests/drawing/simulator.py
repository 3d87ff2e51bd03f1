"""A small simulator of whole activities: draws, calls, absences, a supplement, and the evidence of it all.

It knows nothing of `drawing.replay`: what it writes is how a service would, so that the verifier is tried
on something that it did not make itself.
"""

import random
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drawing import ledger, lots, merkle, pool
from drawing.bodies import FACTS
from drawing.canonical import canon
from drawing.commit import Commit
from drawing.eligibility import Avoid, Condition, Exclusion, Facts, Mode, derived_exclusions, eligible
from drawing.evidence_readme import README
from drawing.lots import Placed
from drawing.rules import Rules
from drawing.signature import key_fingerprint, public_pem
from drawing.transcript import Entry, EntryType, append, stamp

SERVICE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PEM = public_pem(SERVICE.public_key().public_bytes_raw())
ACTIVITY = "CQSQ202611230001"
ACTIVITY_KEY = b"a" * 32
LOTS = ("440100-2026-0001-1", "440100-2026-0001-2")
START = datetime(2026, 11, 23, 1, tzinfo=UTC)
CONDITIONS = (
    Condition("c1", Mode.RESIDENCE, ("440000",), ("A08",), ("A01",), (), (), (), 2),
    Condition("c2", Mode.WILLING, ("440300", "440100"), ("A", "B"), (), (), (), ("住建",), 2),
)
FAILURES = ("busy", "no_answer", "voicemail", "rejected", "trunk_failure", "hung_up_early", "invalid_number")


class Person(NamedTuple):
    """An expert of the snapshot."""

    number: int
    name: str
    id_no: str
    residence: str
    willing: Sequence[str]
    specialties: Sequence[str]
    title: str
    qualifications: Sequence[str]
    authorities: Sequence[str]
    units: Sequence[str]
    asserted: Sequence[str]


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


def people(count: int, seed: int = 1) -> list[Person]:
    """Such experts with their names."""
    return [
        Person(
            each.number, f"专家{each.number}", f"44010619700101{each.number:04d}", each.residence, each.willing, each.specialties,
            each.title, each.qualifications, each.authorities, each.units, each.asserted,
        )
        for each in experts(count, seed)
    ]  # fmt: skip


def facts_of(person: Person, pool_key: bytes, *, old: bool) -> Facts:
    """What a draw knows of a person."""
    expert = pool.pool_id(ACTIVITY_KEY, person.number)
    name, number = pool.identity_salt(pool_key, expert), pool.id_no_salt(pool_key, expert)
    return Facts(
        residence=person.residence,
        willing=_set(person.willing),
        specialties=_set(person.specialties),
        title=person.title,
        qualifications=_set(person.qualifications),
        authorities=_set(person.authorities),
        units=_set(pool.unit_hash(ACTIVITY_KEY, unit) for unit in person.units),
        person=pool.person_hash(ACTIVITY_KEY, sha256(person.id_no.encode()).digest()),
        identity=None if old else pool.identity_hash(name, person.name, person.units[0]),
        id_no=None if old else pool.id_no_hash(number, person.id_no),
    )


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


@dataclass(frozen=True)
class Form:
    """What an evidence shows of draws that are opened."""

    facts: bool = True


@dataclass
class Activity:
    """One simulated activity; `old`: as chains were before commits said `facts`."""

    choose: random.Random
    people: Sequence[Person]
    witnesses: tuple[str, ...] = ("supervisor-1",)
    chain: list[Entry] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    pools: list[list[dict[str, Any]]] = field(default_factory=list)  # lines of pool.jsonl by draw, facts included
    leaves: list[ledger.Leaf] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)  # sizes of the ledger that were given out
    picked: dict[str, dict[str, Any]] = field(default_factory=dict)
    reopened: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, list[Placed]] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = CONDITIONS
    draw: int = 0
    at: datetime = START
    share: bytes = b""
    accepts: float = 0.4
    pauses: bool = True
    old: bool = False
    rules: str = "demo-1"

    def write(self, kind: EntryType, /, **body: Any) -> Entry:
        self.at += timedelta(milliseconds=self.choose.randrange(5_000))
        before = self.chain[-1] if self.chain else None
        self.chain.append(append(before, self.at, kind, body, SERVICE.sign))
        return self.chain[-1]

    def begin(self, conditions: tuple[Condition, ...] = CONDITIONS) -> None:
        """Snapshot, commit, witness."""
        self.draw, self.conditions = self.draw + 1, conditions
        avoid = Avoid((), (pool.unit_hash(ACTIVITY_KEY, "第0设计院"),))
        lines = sorted((self.line(person, avoid) for person in self.people), key=lambda line: str(line["record"]["id"]))
        self.pools.append(lines)
        self.pooled()
        records = [line["record"] for line in lines]
        self.share = self.choose.randbytes(32)
        last_seal = next((each.hash for each in self.chain[::-1] if each.type is EntryType.SEAL), None)
        commit = Commit(
            activity=ACTIVITY,
            avoid=avoid,
            conditions=conditions,
            draw=self.draw,
            counts=pool.count(conditions, records),
            lots=LOTS,
            pool_root=merkle.root([pool.leaf(record) for record in records]).hex(),
            pool_size=len(records),
            previous=(last_seal, last_seal),
            rules=self.rules,
            system_share_hash=sha256(self.share).hexdigest(),
            witnesses=self.witnesses,
            facts=None if self.old else FACTS,
        )
        entry = self.write(EntryType.COMMIT, **commit.to_json())
        self.record(ledger.COMMIT, entry)
        seed = lots.seed(entry.hash, self.share, self.witness())
        units = {line["record"]["id"]: frozenset(line["facts"]["units"]) for line in lines}
        self.orders = {
            each.id: [
                Placed(lot.expert, units[lot.expert])
                for lot in lots.order(seed, each.id, pool.standing(records, each.id))
            ]
            for each in conditions
        }

    def pooled(self) -> None:
        """Before the commit to the pool."""

    def line(self, person: Person, avoid: Avoid) -> dict[str, Any]:
        """A person's line in the pool of the draw that begins."""
        pool_key = bytes([self.draw]) * 32
        expert, facts = pool.pool_id(ACTIVITY_KEY, person.number), facts_of(person, pool_key, old=self.old)
        reasons = {Exclusion(each).value for each in person.asserted}
        reasons |= {each.value for each in derived_exclusions(*avoid.sets(), facts)}
        reasons |= {"picked_before"} if expert in self.picked else set()
        salt = pool.salt(pool_key, expert)
        record = {
            "id": expert,
            "facts_hash": pool.facts_hash(salt, facts),
            "eligible": eligible(self.conditions, facts),
            "excluded": sorted(reasons),
        }
        return {"draw": self.draw, "record": record, "facts": facts.to_json(), "salt": salt.hex()}

    def witness(self) -> dict[str, str] | None:
        if not self.witnesses:
            return None
        by = self.witnesses[0]
        self.heads.append(len(self.leaves))  # on the receipt
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
            pick = lots.next_pick(order, self.picked, self.engaged())
            if pick is None:
                continue
            placed = order[pick.rank]
            entry = self.write(
                EntryType.PICK, condition=condition.id, seat=free[0], expert=pick.expert, rank=pick.rank,
                passed=[list(each) for each in pick.passed],
            )  # fmt: skip
            self.picked[pick.expert] = {
                "draw": self.draw, "condition": condition.id, "seat": free[0], "rank": pick.rank,
                "placed": placed, "outcome": None, "absent": False, "seq": entry.seq, "calls": [],
            }  # fmt: skip
            return True
        return False

    def run(self) -> None:
        """Call until all seats are filled or nobody is left."""
        self.fill()
        paused = not self.pauses
        while waiting := [who for who, pick in self.picked.items() if pick["outcome"] is None]:
            if not paused and self.choose.random() < 0.2:
                paused = True
                agreed = self.agreed()
                self.write(EntryType.PAUSE, reason="改集合时间", agreed=agreed, live=len(waiting))
                self.write(EntryType.RESUME, reason="已改", agreed=agreed, live=0)
            self.call(self.choose.choice(waiting))
            self.fill()

    def call(self, expert: str) -> None:
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
        digest = self.attempt(expert, outcome)
        if outcome in ("accepted", "declined"):
            self.outcome(expert, outcome, [digest])
        elif Rules.load(self.rules).unreached_after([each for _, each in pick["calls"]], 0):
            self.outcome(expert, "unreached", [each for each, _ in pick["calls"]])

    def attempt(self, expert: str, outcome: str) -> str:
        """A call with its evidence; gives the evidence's hash."""
        pick = self.picked[expert]
        number = len(pick["calls"]) + 1
        evidence = {"activity": ACTIVITY, "expert": expert, "attempt": number, "outcome": outcome, "sip": 200}
        evidence |= {"call": f"call-{len(self.calls)}"}
        digest = sha256(canon(evidence)).hexdigest()
        self.calls.append(canon({"hash": digest, "evidence": evidence}))
        elapsed = {} if self.old else {"elapsed_ms": 1000}
        self.write(EntryType.ATTEMPT, expert=expert, attempt=number, evidence=digest, **elapsed)
        pick["calls"].append((digest, outcome))
        return digest

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

    def seal(self) -> None:
        """The end of a draw."""
        if self.agreed() == self.seats():
            self.write(EntryType.COMPLETE, agreed=self.agreed(), seats=self.seats())
        self.record(ledger.SEAL, self.write(EntryType.SEAL, system_share=self.share.hex()))

    def absent(self) -> str:
        """The first who agreed does not come."""
        who = next(who for who, pick in self.picked.items() if pick["outcome"] == "accepted" and not pick["absent"])
        condition = self.picked[who]["condition"]
        self.write(EntryType.ABSENCE, expert=who, condition=condition, reason="请假", right="expert_key")
        self.picked[who]["absent"] = True
        return who

    def undo_absence(self, who: str) -> None:
        """They come after all."""
        self.write(EntryType.ABSENCE_UNDONE, expert=who, by="reviewer-1", reason="登记有误")
        self.picked[who]["absent"] = False

    def unseal(self, draw: int) -> None:
        """Open one draw (the older form: all)."""
        lead = Rules.load(self.rules).unseal_lead_s
        start = stamp(self.at + timedelta(seconds=lead))
        body: dict[str, Any] = {"lead_seconds": lead, "evaluation_start": start}
        self.write(EntryType.UNSEAL, **body if self.old else body | {"draw": draw, "gather_at": start})

    def open_result(self) -> None:
        """Open what is sealed and not opened yet."""
        self.at += timedelta(hours=1)
        if self.old:
            self.unseal(0)
            self.write(EntryType.PRINT, by="handler-1")
            return
        for draw in range(len(self.opened()) + 1, self.draw + 1):
            self.unseal(draw)

    def close(self, reason: str = "ended") -> None:
        """The end of the chain."""
        size = len(self.leaves)
        self.heads.append(size)
        head = {"size": size, "root": merkle.root([leaf.digest() for leaf in self.leaves]).hex()}
        self.write(EntryType.CLOSE, reason=reason, ledger=head)

    def rewrite(self, keep: int, entries: Sequence[tuple[EntryType, dict[str, Any]]]) -> None:
        """Whoever holds the service's key replaces all from entry `keep` on: chained, signed, in the ledger."""
        times = [entry.at for entry in self.chain]
        self.chain = self.chain[:keep]
        for kind, body in entries:
            at = times[min(len(self.chain), len(times) - 1)]
            own = [each for each in self.chain if each.type in (EntryType.COMMIT, EntryType.SEAL)]
            if kind is EntryType.CLOSE:
                size = body["ledger"]["size"]
                root = merkle.root([leaf.digest() for leaf in self.leaves[:size]]).hex()
                body["ledger"] = {"size": size, "root": root}
            entry = append(self.chain[-1] if self.chain else None, at, kind, body, SERVICE.sign)
            self.chain.append(entry)
            if kind in (EntryType.COMMIT, EntryType.SEAL) and len(own) < len(self.own):
                n = self.own[len(own)]
                self.leaves[n] = ledger.Leaf.of(n, kind.value, LOTS, entry.hash)
        self.own = self.own[: sum(each.type in (EntryType.COMMIT, EntryType.SEAL) for each in self.chain)]

    def rest(self, start: int) -> list[tuple[EntryType, dict[str, Any]]]:
        """The entries from there on."""
        return [(entry.type, dict(entry.body)) for entry in self.chain[start:]]

    def first(self, kind: EntryType, **having: Any) -> int:
        """The first entry of that type with these values in its body."""
        return next(each.seq for each in self.chain if each.type is kind and having.items() <= each.body.items())

    def change(self, seq: int, **body: Any) -> None:
        """Whoever holds the key changes one entry and what follows from it."""
        entries = self.rest(seq)
        entries[0][1].update(body)
        self.rewrite(seq, entries)

    def insert(self, seq: int, kind: EntryType, **body: Any) -> None:
        """Whoever holds the key puts an entry between."""
        self.rewrite(seq, [(kind, body), *self.rest(seq)])

    def opened(self) -> set[int]:
        """The draws that are opened."""
        unseals = [entry.body for entry in self.chain if entry.type is EntryType.UNSEAL]
        if self.old:
            return set(range(1, self.draw + 1)) if unseals else set()
        return {body.get("draw", 1) for body in unseals}

    def files(self, form: Form | None = None) -> dict[str, bytes]:
        """The evidence as it would be exported now."""
        facts, opened = form is None or form.facts, self.opened()
        document = ledger.document(self.leaves, self.own, earlier=[1, len(self.leaves), *self.heads])
        files = {
            "transcript.jsonl": self.transcript(opened),
            "pool.jsonl": b"".join(
                canon(line if facts and line["draw"] in opened else public(line)) + b"\n"
                for lines in self.pools
                for line in lines
            ),
            "calls.jsonl": b"".join(line + b"\n" for line in self.calls),
            "ledger.json": canon(document) + b"\n",
            "service.pub": PEM,
            "README.txt": README.encode(),
        }
        if self.old:
            return files
        files["head.json"] = self.head(document)
        return files | ({"names.jsonl": self.names(opened)} if facts and opened else {})

    def transcript(self, opened: set[int]) -> bytes:
        """What is not opened is withheld."""
        draw, lines = 0, []
        for entry in self.chain:
            draw += entry.type is EntryType.COMMIT
            hidden = draw not in opened and entry.type in (EntryType.WITNESS, EntryType.SEAL)
            lines.append(entry.line(withhold=hidden))
        return b"".join(lines)

    def head(self, document: Mapping[str, Any]) -> bytes:
        """head.json."""
        last = self.chain[-1]
        return signed_head(
            {
                "activity": ACTIVITY,
                "at": stamp(last.at + timedelta(seconds=5)),
                "entries": len(self.chain),
                "hash": last.hash,
                "key": key_fingerprint(PEM),
                "ledger": document["head"],
            }
        )

    def names(self, opened: set[int]) -> bytes:
        """names.jsonl: who agreed in an opened draw, unless the activity was ended by force or released."""
        closed = next((each for each in self.chain if each.type is EntryType.CLOSE), None)
        if closed is not None and closed.body["reason"] != "ended":
            return b""
        people = {pool.pool_id(ACTIVITY_KEY, person.number): person for person in self.people}
        forced = self.forced()
        agreed = sorted(
            (pick["draw"], who)
            for who, pick in self.picked.items()
            if pick["outcome"] == "accepted" and pick["draw"] in opened - forced
        )
        return b"".join(
            canon(
                {
                    "draw": draw,
                    "id": who,
                    "name": people[who].name,
                    "unit": people[who].units[0],
                    "salt1": pool.identity_salt(bytes([draw]) * 32, who).hex(),
                }
            )
            + b"\n"
            for draw, who in agreed
        )

    def forced(self) -> set[int]:
        """The draws that were ended by force."""
        commits = [entry.seq for entry in self.chain if entry.type is EntryType.COMMIT]
        return {sum(seq < entry.seq for seq in commits) for entry in self.chain if entry.type is EntryType.FORCE_END}


def public(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of pool.jsonl without facts."""
    return {"draw": line["draw"], "record": line["record"]}


def signed_head(head: Mapping[str, Any]) -> bytes:
    """head.json of all but `sig`."""
    unsigned = {key: item for key, item in head.items() if key != "sig"}
    signature = SERVICE.sign(sha256(canon(unsigned)).digest())
    return canon(unsigned | {"sig": b64encode(signature).decode()}) + b"\n"


def whole_activity(
    seed: int,
    count: int = 60,
    witnesses: tuple[str, ...] = ("supervisor-1",),
    *,
    old: bool = False,
    opened: bool = True,
    closed: bool = True,
) -> Activity:
    """A first draw, an absence and its supplement; opened and closed."""
    activity = Activity(random.Random(seed), people(count), witnesses, old=old)
    activity.begin()
    activity.run()
    activity.seal()
    unfilled = activity.seats() - activity.agreed()
    if activity.agreed():
        activity.absent()
        unfilled += 1
    if unfilled:
        one = Condition("c3", Mode.RESIDENCE, ("450000", "440000"), ("A", "B", "C"), (), (), (), (), unfilled)
        activity.begin((one,))
        activity.run()
        activity.seal()
    if opened:
        activity.open_result()
    if opened and closed and not old:
        activity.close()
    return activity


def put(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files into a new or emptied folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in folder.iterdir()} - set(files):
        (folder / stale).unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
