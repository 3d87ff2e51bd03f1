"""Something to see on every page of the console: projects, activities in every state of a draw, a pool, imports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import ClientSession, CookieJar, FormData

from drawing import halts, number_faults, recordings, supervisors, witnesses
from drawing.decide import share_on_page
from drawing.lifecycle import Role
from drawing.result import unseal
from drawing.seats import PickOutcome
from drawing.stages import Stage
from ivr.noting import Notes
from script.registering import TERMINAL, preregister
from tests.drawing.experts.test_read_csv import table, text
from tests.drawing.test_draw import Hand
from tests.scenes import a_day_passes, condition, masked_call, standby, wav, witness
from tests.web.clerk import complete, make_draft, make_project, submitted
from tests.web.conftest import Visitor
from tests.web.draws import DIGITS, Draws, everybody_agrees, opened

EXPERTS = 40


@dataclass
class World:
    """Names for the places of the pages' addresses."""

    places: dict[str, str] = field(default_factory=dict)

    def path(self, pattern: str) -> str:
        """`/projects/{project}` with a project that is there."""
        return pattern.format(**self.places)


async def make_world(address: str, draws: Draws) -> World:
    """By hand what can be done by hand, by HTTP what a clerk types."""
    made = World()
    await _draws(made, draws)
    async with ClientSession(address, cookie_jar=CookieJar(unsafe=True)) as session:
        await _typed(made, Visitor(session))  # type: ignore[arg-type]
        made.places["operation"] = str(await draws.db.value("SELECT max(id) FROM operation"))
    return made


async def _draws(made: World, draws: Draws) -> None:
    """The clock reaches every opening at once, so the opened one comes first."""
    two = [condition(seats=2), condition("c2", seats=1)]
    hand = await draws.started(EXPERTS, two, witnesses=(witness(),))
    await _witnessed(hand, draws)
    await _lines(made, hand, draws)
    await opened(hand)
    made.places["opened"] = hand.activity
    await unseal(draws.db, draws.keys.custody, hand.activity)
    a_day_passes(hand.dsn, hand.activity)
    await _recorded(hand, draws)
    hand = await draws.started(0, two)
    await everybody_agrees(hand)
    made.places["sealed"] = hand.activity
    hand = await draws.started(0, [condition(seats=1), condition("c2", seats=2, regions=("440300",))])
    await everybody_agrees(hand)
    made.places["short"] = hand.activity
    hand = await draws.started(0, [condition(seats=4)])
    redirected, declines, *talking = await hand.live()
    await hand.ends(redirected, "redirected")
    await hand.answers(declines, PickOutcome.DECLINED)
    await hand.advance()
    await hand.ends(declines, "declined")
    await hand.advance()
    notes = Notes(draws.db, 1)
    for call, stage in zip(talking, (Stage.RINGING, Stage.INVITING), strict=True):
        notes.note(call.id, stage)
    await notes.write()
    made.places["drawing"] = hand.activity
    hand = await draws.started(0, [condition(seats=3)])
    await _halt(hand, draws, halts.pause)
    made.places["paused"] = hand.activity
    hand = await draws.started(0, [condition(seats=2)])
    await _halt(hand, draws, halts.force_end)
    made.places["ended"] = hand.activity
    made.places["waiting"] = (await draws.committed_more()).activity
    made.places["ready"] = (await draws.ready(0, witnesses=(witness(), standby()))).activity
    await _supervisors(made, draws)


async def _lines(made: World, hand: Hand, draws: Draws) -> None:
    """Two trunks, one of them with alarms; two numbers that want attention."""
    await draws.db.run(TRUNKS)
    first, second, _ = await hand.live()
    await draws.db.run("UPDATE call SET node = 'n', trunk = 'carrier' WHERE state = 'live'")
    for call, outcome in ((first, "redirected"), (second, "invalid_number")):
        await hand.ends(call, outcome)
        async with draws.db.transaction() as tx:
            await number_faults.note(tx, call.id, outcome)
    await hand.advance()
    made.places["expert"] = str(await draws.db.value("SELECT expert FROM number_fault WHERE fault = 'redirected'"))


TRUNKS = """
INSERT INTO node (name, epoch) VALUES ('n', 1) ON CONFLICT DO NOTHING;
UPDATE node SET holder = gen_random_uuid(), lease_until = clock_timestamp() + interval '1 hour' WHERE name = 'n';
INSERT INTO trunk (node, name, position, online) VALUES ('n', 'carrier', 1, true), ('n', 'spare', 2, false);
INSERT INTO trunk_alarm (node, trunk, alarm, calls, raised_at, lifted_at)
SELECT 'n', trunk, alarm::trunk_alarm_kind, calls, clock_timestamp() - interval '1 hour', lifted
FROM (VALUES ('carrier', 'keyless', 8, NULL), ('carrier', 'dropping', 3, NULL), ('spare', 'failing', 5, clock_timestamp()))
     AS a (trunk, alarm, calls, lifted)
"""


async def _supervisors(made: World, draws: Draws) -> None:
    """The stand-by is replaced by nobody, and has a new number, about which a call waits."""
    db, vault = draws.db, draws.keys.custody.vault
    first = await preregister(db, vault, witness())
    number = await preregister(db, vault, standby())
    made.places["supervisor"] = str(first)
    async with db.transaction() as tx:
        await witnesses.choose(tx, vault, made.places["ready"], TERMINAL, {"supervisor": first}, "候补监督人出差")
        details = supervisors.Details("孙监督", "监督办公室", "13900000099")
        await supervisors.change(tx, vault, TERMINAL, number, details, "demo-1")


async def _witnessed(hand: Hand, draws: Draws) -> None:
    async with draws.db.transaction() as tx:
        await share_on_page(tx, draws.keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
    await hand.advance()


async def _recorded(hand: Hand, draws: Draws) -> None:
    """Two talks with who has agreed, one of them erased since."""
    agreed = "SELECT expert FROM pick WHERE activity = %(a)s AND outcome = 'accepted' ORDER BY id"
    for n, row in enumerate(await draws.db.all(agreed, {"a": hand.activity})):
        call = await masked_call(draws.db, hand.activity, row.expert)
        await recordings.keep(draws.db, draws.keys.custody.vault, call, wav(1.0), 65.0 + n)
    await draws.db.run("UPDATE recording SET data_enc = NULL, erased_at = clock_timestamp() WHERE seconds > 66")


async def _halt(hand: Hand, draws: Draws, halt: Callable[..., Awaitable[None]]) -> None:
    async with draws.db.transaction() as tx:
        await halt(tx, draws.keys.custody, hand.activity, "张经办（handler-a1）", Role.HANDLER, "集合时间有变")
    await hand.advance()


async def _typed(made: World, visitor: Visitor) -> None:
    await visitor.log_in("handler-a1")
    made.places["new_project"] = await make_project(visitor, lots=("一标段", "二标段"), name="尚未抽取的项目")
    made.places["project"] = await make_project(visitor, lots=("一标段", "二标段"))
    lot = f"P{int(made.places['project']):06d}-01"
    made.places["draft"] = await make_draft(visitor, made.places["project"], lots=[lot])
    await complete(visitor, made.places["draft"], seats="1")
    here = f"/activities/{made.places['draft']}/avoidance"
    await visitor.post(f"{here}/units", unit="某某投标公司", reason="投标人")
    await visitor.post(f"{here}/persons", person="王回避", reason="其他")
    made.places["submitted"] = await submitted(visitor)
    await visitor.log_in("administrator-1")
    rows = table(30)
    made.places["import"] = await _imported(visitor, rows, "专家名单.csv")
    rows[3][1] = "44010419800101"
    rows[5][5] = "Z99"
    made.places["bad_import"] = await _imported(visitor, rows, "有误的专家名单.csv")


async def _imported(visitor: Visitor, rows: list[list[str]], name: str) -> str:
    """Upload it; its number once it is over."""
    await visitor.get("/pool/imports")
    form = FormData(quote_fields=False)
    form.add_field("_csrf", visitor.csrf)
    form.add_field("file", text(rows).encode(), filename=name, content_type="text/csv")
    response = await visitor.client.post("/pool/imports", data=form, allow_redirects=False)
    assert response.status == 303, await response.text()
    address = response.headers["Location"]
    while 'http-equiv="refresh"' in await visitor.text(address):
        pass
    return address.rsplit("/", 1)[1]
