"""What the demo registers: a project of 张经办's company with two 标段, and an activity for each."""

from __future__ import annotations

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

RULES = Rules.load("demo-1")
OPENS_AFTER = timedelta(minutes=4)  # from the start: 预计评标开始 is set so that the result opens then, by the clock alone
SECOND_OPENS_AFTER = timedelta(minutes=6)
GATHERS_BEFORE = timedelta(minutes=5)  # 集合时间 before 预计评标开始; a draw is not started after it
SUPERVISOR = Preregistered("supervisor-1", "李监督", "13900000000")
# This telephone rings in vain, so that in the second draw the digits are given on the supervisor's page.
SUPERVISOR_AWAY = Preregistered("supervisor-2", "孙监督", "13900000012")
CLERK = "handler-a1"
LOTS = ("一标段", "二标段")
PROJECT = Project(
    name="招标代理演示项目", kind="A01", region="440104", funding="01", method="1", organisation="2", tenderer_kind="1",
    investment=Decimal(12000), tenderer="广州市建设投资有限公司", tenderer_code="91440101MA0000003R",
    contact_phone="02083186888", contact="张工", code="440100-2026-0617", agency="广东演示招标代理有限公司",
    agency_code="91440000MA0000001X",
)  # fmt: skip


async def register(db: Database, vault: Vault) -> tuple[str, str]:
    """A project of the company of 张经办 with two 标段, and an activity for each: one to watch, one to start oneself."""
    clerk = next(each for each in IDENTITIES if each.id == CLERK)
    assert clerk.company is not None
    owner = Owner(clerk.company.code, clerk.id, clerk.name)
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        project = await projects.create(tx, owner, PROJECT)
        scope = {"company": owner.company, "handler": owner.handler}
        lots = [Lot(await projects.add_lot(tx, scope, project, NewLot(name)), PROJECT.name, name) for name in LOTS]
    for each in (SUPERVISOR, SUPERVISOR_AWAY):
        await preregister(db, vault, each, RULES.version)
    plans = (plan(lots[0], SUPERVISOR, now + OPENS_AFTER), plan(lots[1], SUPERVISOR_AWAY, now + SECOND_OPENS_AFTER))
    first, second = [await create(db, vault, each) for each in plans]
    async with db.transaction() as tx:
        for number in (first, second):
            await ownership.own(tx, clerk, number)
            await tx.run("UPDATE activity SET project = %(project)s WHERE id = %(id)s", {"project": project, "id": number})
    return first, second


def plan(lot: Lot, witness: Preregistered, opens: datetime) -> Plan:
    """Five seats under two conditions, for one 标段, with a result that opens at `opens`."""
    begins = opens + timedelta(seconds=RULES.unseal_lead_s)
    notice = Notice(
        venue="广东省公共资源交易中心", district="440104", address="广州市越秀区越华路118号", room="3楼302室",
        gather_at=begins - GATHERS_BEFORE, contact="张工", contact_phone="02083186888", note="请带身份证件",
    )  # fmt: skip
    return Plan(
        name=f"{lot.project}({lot.name})",
        lots=(lot,),
        district="440104",
        bid_opening=datetime.now(UTC),
        evaluation_start=begins,
        evaluation_end=begins + timedelta(hours=3),
        rules=RULES.version,
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
