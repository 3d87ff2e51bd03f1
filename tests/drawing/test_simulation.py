"""Dozens of random draws in a real database, killed between and inside transactions: the invariants hold after every step.

Calls are not made but come to what the dice say; what is written of them is written by the worker's own recorder.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.pool import Database, Transaction
from drawing import snapshot
from drawing.__main__ import main
from drawing.advance import Need, advance
from drawing.audit.findings import Finding
from drawing.audit.run import audit
from drawing.evidence import export
from drawing.lifecycle import Role
from drawing.orders import Orders
from drawing.result import unseal
from drawing.rules import OUR_FAILURES, TRIES, CallOutcome
from drawing.start import start
from ivr.calls import Answer, Heard, Outcome, Recorded, Refused, Share, Trail
from ivr.dispatch import Q, Ready
from ivr.lease import Lease
from ivr.preparing import Conversation
from ivr.record import Recorder
from tests.postgres import TestDatabase
from tests.scenes import Keys, add_experts, condition, make_activity, make_keys, plan, shift_times, witness

pytestmark = pytest.mark.postgres

DRAWS = 20  # of each seed
WRONG = """
SELECT 'seats' FROM condition c WHERE c.activity = %(activity)s AND c.seats < (
  SELECT count(*) FROM pick p WHERE (p.activity, p.condition) = (c.activity, c.id) AND p.outcome IN ('open', 'accepted'))
UNION ALL SELECT 'calls and agreed' FROM activity a WHERE a.id = %(activity)s AND a.seats < (
  SELECT count(*) FROM pick p WHERE p.activity = a.id AND p.outcome = 'accepted') + (SELECT count(*) FROM call k
  WHERE k.activity = a.id AND k.flow = 'invitation' AND k.state = 'live' AND k.outcome IS NULL)
UNION ALL SELECT 'decided' FROM call k JOIN pick p ON p.id = k.pick
  WHERE k.activity = %(activity)s AND k.decided_at IS NOT NULL AND k.outcome::text <> p.outcome::text
UNION ALL SELECT 'appointment' FROM pick p WHERE p.activity = %(activity)s
  AND (p.outcome = 'accepted') <> EXISTS (SELECT FROM appointment a WHERE a.pick = p.id)
UNION ALL SELECT 'number held' FROM call k FULL JOIN live_number n ON n.call = k.id AND k.state = 'live'
  WHERE n.call IS NULL AND k.state = 'live' OR k.id IS NULL
"""
CALLS = """
SELECT c.id, c.flow, c.attempt, c.pick, c.outcome::text AS outcome, coalesce(p.pseudonym, c.witness) AS who
FROM call c LEFT JOIN pick p ON p.id = c.pick WHERE c.activity = %(activity)s AND c.state = %(state)s ORDER BY c.not_before, c.id
"""


class Killed(BaseException):
    """The worker is gone, in the middle of whatever it did."""


class Mortal(Transaction):
    """Dies after so many statements."""

    def __init__(self, tx: Transaction, breaths: int) -> None:
        super().__init__(tx._session)
        self._breaths = breaths

    async def _execute(self, sql: str, params: Any, take: Any) -> Any:
        self._breaths -= 1
        if self._breaths < 0:
            raise Killed
        return await super()._execute(sql, params, take)


class MortalDatabase(Database):
    """Now and then a transaction of it dies inside, or right after its commit."""

    dice: random.Random

    @asynccontextmanager
    async def transaction(self, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
        dies = self.dice.random() < 0.08
        async with super().transaction(snapshot=snapshot) as tx:
            mortal = Mortal(tx, self.dice.randrange(25) if dies else 10_000)
            yield mortal
            tx._posted = mortal._posted  # what is left goes with the COMMIT
        if dies and self.dice.random() < 0.5:
            raise Killed


class _NoFlow:
    def receive(self, event: Any, now: Any) -> Any:
        raise AssertionError


class Worker:
    """One life after another of a worker, and the dead ones' late words."""

    def __init__(self, db: Database, mortal: MortalDatabase, dsn: str, keys: Keys, activity: str) -> None:
        self.db, self.mortal, self.dsn, self.keys, self.activity = db, mortal, dsn, keys, activity
        self.dice, self.recorder = mortal.dice, Recorder(mortal, keys.custody, Orders(keys.custody.vault), 0)
        self.deaths = 0

    async def take_over(self) -> None:
        """The lease, and with it what was live; the one before finds itself refused."""
        await self.db.run("UPDATE node SET lease_until = '-infinity'")
        lease, ghost = Lease(self.db, "n", 60.0), self.recorder
        assert await lease.take()
        left = await self.calls("live")
        immortal = Recorder(self.db, self.keys.custody, Orders(self.keys.custody.vault), ghost.epoch)
        for call in left:
            if call.flow == "invitation":
                answer = await immortal.decide(self.ready(call), Answer(Outcome.DECLINED), self.trail(call))
                assert isinstance(answer, Refused), "a worker that lost its lease has written"
        self.recorder = Recorder(self.mortal, self.keys.custody, Orders(self.keys.custody.vault), lease.epoch)
        self.lease = {"node": "n", "holder": lease.holder, "epoch": lease.epoch}
        for call in left:
            await self.recorder.end(self.ready(call), Outcome(call.outcome or "interrupted"), self.trail(call))

    async def step(self) -> None:
        """One thing that a worker does, as the dice say."""
        live, waiting = await self.calls("live"), await self.calls("waiting")
        what = self.dice.choice(["advance"] + ["call"] * bool(waiting) + ["decide", "end"] * bool(live))
        if what == "advance":
            await self.advance()
        elif what == "call":
            call = self.dice.choice(waiting)
            values = {"call": call.id, "trunk": "carrier", "numbers": [call.who.encode()], **self.lease}
            if not await self.db.value("SELECT owed FROM activity WHERE id = %(a)s", {"a": self.activity}):
                await self.db.run(Q.go_live, values)
        elif what == "decide":
            await self.decide(self.dice.choice(live))
        else:
            await self.end(self.dice.choice(live))

    async def advance(self) -> None:
        async with self.mortal.transaction() as tx:
            need = await advance(tx, self.keys.custody, self.recorder.orders, self.activity)
        if need is Need.COMMIT:
            snapshot.commit_draw(self.dsn, self.keys.master, self.keys.signing, self.activity)
        elif need is Need.ORDER:
            snapshot.order_draw(self.dsn, self.keys.master, self.activity)

    async def decide(self, call: Any) -> None:
        if call.flow == "details":
            return
        accepts = Answer(Outcome.ACCEPTED if self.dice.random() < 0.6 else Outcome.DECLINED)
        decision = accepts if call.flow == "invitation" else Share(f"{self.dice.randrange(10**8):08d}")
        for _ in range(self.dice.choice([1, 1, 2])):  # the same again: its answer was lost
            answer = await self.recorder.decide(self.ready(call), decision, self.trail(call))
            assert isinstance(answer, Recorded | Refused)

    async def end(self, call: Any) -> None:
        outcome = call.outcome or self.dice.choice(sorted(TRIES | OUR_FAILURES - {CallOutcome.CANCELLED}))
        if call.flow == "details":
            outcome = self.dice.choice(["delivered", "busy", "interrupted"])
        await self.recorder.end(self.ready(call), Outcome(outcome), self.trail(call))

    async def calls(self, state: str) -> list[Any]:
        return await self.db.all(CALLS, {"activity": self.activity, "state": state})

    def ready(self, call: Any) -> Ready:
        talk = Conversation(call.who, "", _NoFlow(), {})
        return Ready(call.id, self.activity, call.flow, call.attempt, call.pick, talk, trunk="carrier")

    def trail(self, call: Any) -> Trail:
        return Trail(call.id, "carrier", heard=(Heard("details", 0, 9, self.dice.random() < 0.5),))

    async def live(self) -> None:
        """Live and die until nothing is left to do; look after every step."""
        steps = 0
        while not await self.over():
            try:
                await self.take_over()
                while not await self.over():
                    steps += 1
                    assert steps < 2000, "this draw never ends"
                    await self.step()
                    assert await self.db.all(WRONG, {"activity": self.activity}) == []
            except Killed:
                self.deaths += 1
                assert await self.db.all(WRONG, {"activity": self.activity}) == []

    async def over(self) -> bool:
        return bool(
            await self.db.value(
                "SELECT state IN ('completed', 'short') AND NOT EXISTS (SELECT FROM call c WHERE c.activity = a.id"
                " AND c.state <> 'ended')"
                " AND (state = 'short' OR EXISTS (SELECT FROM draw d WHERE d.activity = a.id AND sealed_at IS NOT NULL))"
                " FROM activity a WHERE id = %(activity)s",
                {"activity": self.activity},
            )
        )


@pytest.mark.parametrize("seed", [2026, 2027, 2028])
async def test_random_draws_with_random_deaths(db: Database, database: TestDatabase, tmp_path: Path, seed: int) -> None:
    dice, keys, deaths, sealed = random.Random(seed), make_keys(tmp_path), 0, 0
    phones = [f"138000000{n:02d}" for n in range(14)]
    add_experts(database.dsn, keys.custody.vault, phones, units=[f"单位{n // 2}" for n in range(14)])
    await db.run("INSERT INTO node (name) VALUES ('n')")
    mortal = MortalDatabase(database.dsn)
    mortal.dice = dice
    async with mortal:
        for n in range(DRAWS):
            conditions = [condition(f"c{k}", seats=dice.randint(1, 3)) for k in range(1, dice.randint(2, 3))]
            witnesses = (witness(),) if dice.random() < 0.4 else ()
            rules = ("demo-2", "demo-4")[n % 2]  # faults of the line end a pick, or never do
            made = plan(conditions, opens_in=timedelta(days=1 + 2 * n), witnesses=witnesses, rules=rules)
            activity = await make_activity(db, keys.custody.vault, made)
            await start(db, keys.custody.vault, activity, "clerk", Role.HANDLER)
            worker = Worker(db, mortal, database.dsn, keys, activity)
            await worker.live()
            deaths += worker.deaths
            if await db.value("SELECT state = 'completed' FROM activity WHERE id = %(a)s", {"a": activity}):
                sealed += 1
                shift_times(database.dsn, activity, start="0 s")
                await unseal(db, keys.custody, activity)
                folder = tmp_path / activity
                await export(db, keys.custody, activity, folder)
                assert main(["verify", str(folder)]) == 3, folder
    assert deaths > DRAWS / 4
    assert sealed > DRAWS / 4
    found: list[Finding] = []
    audit(database.auditor_dsn, keys.custody.signer.public_pem.encode(), found.append)
    assert found == [], "whatever died when: rows, chains, ledger and log agree"
