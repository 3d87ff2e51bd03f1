"""What the demo registers: a project of 张经办's company with two 标段, and an activity for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from db.pool import Database
from db.vault import Vault
from drawing import projects
from drawing.activities import AvoidedPerson, AvoidedUnit, Lot, Notice, Plan, create
from drawing.eligibility import Condition, Mode
from drawing.lifecycle import ActivityState
from drawing.projects import NewLot, Owner, Project
from drawing.rules import Rules
from script.registering import Preregistered, preregister
from web import ownership
from web.development import IDENTITIES

RULES = Rules.load("demo-4")
RULES_TO_THE_END = Rules.load("demo-5")  # opens a minute before the evaluation, whose end can be waited for then
OPENS_AFTER = timedelta(minutes=8)  # from the start: 预计评标开始 is set so that the clock opens it then, if it is sealed
LASTS = timedelta(minutes=3)  # 预计评标开始 to 预计评标结束 of the first activity; twelve calls took six minutes
SECOND_OPENS_AFTER = timedelta(minutes=8)
SECOND_LASTS = timedelta(hours=3)
GATHERS_BEFORE = timedelta(minutes=5)  # 集合时间 before 预计评标开始; a draw is not started after it
SUPERVISOR = Preregistered("supervisor-1", "李监督", "13900000000")
# This telephone rings in vain, so that in the second draw the digits are given on the supervisor's page.
SUPERVISOR_AWAY = Preregistered("supervisor-2", "孙监督", "13900000012")
CLERK = "handler-a1"
LOTS = ("一标段", "二标段")
PROJECT = Project(
    name="招标代理演示项目", kind="A01", region="440104", funding="01", method="1", organisation="2", tenderer_kind="1",
    investment=Decimal(12000), tenderer="广州市建设投资有限公司", tenderer_code="91440101MA0000003Y",
    contact_phone="02083186888", contact="张工", code="440100-2026-0617", agency="广东演示招标代理有限公司",
    agency_code="91440000MA00000015",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """When the two activities open, from now."""

    first: timedelta = OPENS_AFTER
    second: timedelta = SECOND_OPENS_AFTER
    first_gathers_before: timedelta = timedelta()
    """集合时间 before 预计评标开始, after which no draw is started."""


async def register(db: Database, vault: Vault, times: Times = Times()) -> tuple[str, str]:
    """A project of the company of 张经办 with two 标段, and an activity for each: one to watch, one to start oneself."""
    clerk = next(each for each in IDENTITIES if each.id == CLERK)
    assert clerk.company is not None
    owner = Owner(clerk.company.code, clerk.id, clerk.name)
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        project = await projects.create(tx, owner, PROJECT)
        scope = {"company": owner.company, "handler": owner.handler}
        lots = [Lot(await projects.add_lot(tx, scope, project, NewLot(name)), PROJECT.name, name) for name in LOTS]
    for each, rules in ((SUPERVISOR, RULES_TO_THE_END), (SUPERVISOR_AWAY, RULES)):
        await preregister(db, vault, each, rules.version)
    first_plan = plan(lots[0], SUPERVISOR, RULES_TO_THE_END, now + times.first, LASTS, times.first_gathers_before)
    second_plan = plan(lots[1], SUPERVISOR_AWAY, RULES, now + times.second, SECOND_LASTS, GATHERS_BEFORE)
    first, second = [await create(db, vault, each) for each in (first_plan, second_plan)]
    async with db.transaction() as tx:
        for number in (first, second):
            await ownership.own(tx, clerk, number)
            await tx.run("UPDATE activity SET project = %(project)s WHERE id = %(id)s", {"project": project, "id": number})
    return first, second


def plan(lot: Lot, witness: Preregistered, rules: Rules, opens: datetime, lasts: timedelta, gathers_before: timedelta) -> Plan:
    """Five seats under two conditions, for one 标段, with a result that opens at `opens`; the evaluation `lasts` so long, and its
    experts gather so long before it."""
    begins = opens + timedelta(seconds=rules.unseal_lead_s)
    notice = Notice(
        venue="广东省公共资源交易中心", district="440104", address="广州市越秀区越华路118号", room="3楼302室",
        gather_at=begins - gathers_before, contact="张工", contact_phone="02083186888", note="请带身份证件",
    )  # fmt: skip
    return Plan(
        name=f"{lot.project}({lot.name})",
        lots=(lot,),
        district="440104",
        bid_opening=datetime.now(UTC),
        evaluation_start=begins,
        evaluation_end=begins + lasts,
        rules=rules.version,
        notices=(notice,),
        conditions=(
            (Condition("c1", Mode.RESIDENCE, ("440100", "440600", "440400"), ("A08",), ("A01",), (), (), (), 3), 0),
            (Condition("c2", Mode.WILLING, ("440100",), ("A01", "A02"), ("A03",), (), (), (), 2), 0),
        ),
        units=(
            AvoidedUnit("广州市建设投资有限公司", "项目业主", fixed=True),
            AvoidedUnit("广东省招标代理有限公司", "代理机构", fixed=True),
        ),
        persons=(AvoidedPerson("王伟", None, "与投标人有利害关系"),),
        witnesses=(witness.account,),
        state=ActivityState.READY,
    )
