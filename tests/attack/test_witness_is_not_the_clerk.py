"""The clerk who could be the witness: any telephone and any account were taken, and every supervisor saw every draw.

What a page can do is tried by HTTP; what a constraint holds is tried with the service's own database role.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.contexts import PEOPLE, STAFF_PHONE, SUPERVISOR_PHONE, WITNESS_PHONE
from db.errors import Conflict, Forbidden
from db.pool import Database
from drawing import decide, halts, supervisors, witnesses
from drawing.chain import Q
from drawing.lifecycle import Role
from drawing.planning import Refused
from drawing.snapshot import WitnessUnfit
from drawing.start import CannotStart, start
from script.registering import TERMINAL, Preregistered, preregister
from tests.scenes import Keys, add_experts, condition, standby, witness
from tests.web.clerk import decide as review
from tests.web.clerk import errors, submitted
from tests.web.conftest import Visitor, client, draws, keys, settings, visit
from tests.web.draws import DIGITS, Draws, opened

__all__ = ["client", "draws", "keys", "settings", "visit"]  # fixtures
pytestmark = pytest.mark.postgres
Visit = Callable[..., Awaitable[Visitor]]
CLERKS_PHONE = "13568846647"
"""经办人 of tests.web.clerk.draft; the same telephone in every way in which it may be written."""
SPELLINGS = [CLERKS_PHONE, "+86 135-6884-6647", "０１３５６８８４６６４７", "0086 135 6884 6647", "013568846647"]


# --- whose telephone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", SPELLINGS)
async def test_the_clerks_own_telephone_is_no_witness(visit: Visit, db: Database, keys: Keys, written: str) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    chosen = await preregister(db, keys.custody.vault, Preregistered("supervisor-1", "李监督", written))
    response = await review(reviewer, activity, "pass", consent="true", supervisor=str(chosen))
    assert response.status == 422
    assert errors(await response.text()) == ["该监督人的电话与本活动经办人的电话相同，不能见证本活动。请选择其他监督人。"]
    assert await db.value("SELECT count(*) FROM witness") == 0


@pytest.mark.parametrize(
    ("phone", "whose"),
    [("18080808080", "本活动项目联系人"), ("13568846647", "本活动经办人"), ("13812345678", "本活动虚拟呼叫的工作人员")],
)
async def test_nor_is_anybody_elses_who_takes_part(
    visit: Visit, db: Database, keys: Keys, draws: Draws, phone: str, whose: str
) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    await _staff_called(draws, activity, "13812345678")
    for field in ("supervisor", "standby"):
        first = await preregister(db, keys.custody.vault, standby())
        chosen = await preregister(db, keys.custody.vault, Preregistered("supervisor-1", "李监督", phone))
        wanted = {"supervisor": str(first), field: str(chosen)}
        response = await review(reviewer, activity, "pass", consent="true", **wanted)
        assert f"与{whose}的电话相同" in errors(await response.text())[0]


async def test_another_number_of_the_clerks_from_another_activity_is_refused_too(
    visit: Visit, db: Database, keys: Keys
) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    await submitted(clerk)
    activity = await submitted(clerk)
    vault = keys.custody.vault
    people = b'{"name": "a", "phone": "13700000000", "id_card": "", "supervision": []}'
    await db.run(
        "UPDATE activity SET people_enc = %(p)s WHERE id = %(a)s",
        {"p": vault.encrypt(people, PEOPLE.at(activity)), "a": activity},
    )
    chosen = await preregister(db, vault, Preregistered("supervisor-1", "李监督", CLERKS_PHONE))
    response = await review(reviewer, activity, "pass", consent="true", supervisor=str(chosen))
    assert "同一单位其他活动经办人" in errors(await response.text())[0]


async def test_a_notices_contact_is_refused_on_site_and_asked_for_elsewhere(
    visit: Visit, db: Database, keys: Keys
) -> None:
    """The manual: in a 进场 = 否 activity 联系方式 is the supervisor's."""
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    chosen = await preregister(db, keys.custody.vault, Preregistered("supervisor-1", "李监督", "18088888888"))
    await db.run("UPDATE activity SET on_site = true")
    response = await review(reviewer, activity, "pass", consent="true", supervisor=str(chosen))
    assert "语音通知联系人" in errors(await response.text())[0]
    await db.run("UPDATE activity SET on_site = false")
    assert (await review(reviewer, activity, "pass", consent="true", supervisor=str(chosen))).status == 303


async def test_an_experts_telephone_is_not_registered(visit: Visit, draws: Draws) -> None:
    add_experts(draws.database.dsn, draws.keys.custody.vault, ["13800000000"])
    reviewer = await visit("reviewer-1")
    await reviewer.get("/supervisors/new")
    page = await (await _register(reviewer, phone="13800000000")).text()
    assert errors(page) == ["该电话是专家库中专家的号码，不能作为监督人的电话。"]


# --- whose account, and whether anybody answers ------------------------------------------------------------------


@pytest.mark.parametrize("account", ["nobody", "handler-a1", "reviewer-1", "registrar-1"])
async def test_an_account_that_nobody_has_or_a_clerk_has_is_not_registered(visit: Visit, account: str) -> None:
    reviewer = await visit("reviewer-1")
    await reviewer.get("/supervisors/new")
    response = await _register(reviewer, account=account)
    assert response.status == 422
    assert "没有这个账号" in errors(await response.text())[0]


async def test_a_number_that_was_not_verified_is_not_chosen(visit: Visit, db: Database) -> None:
    clerk, reviewer = await visit("handler-a1"), await visit("reviewer-1")
    activity = await submitted(clerk)
    await reviewer.get("/supervisors/new")
    assert (await _register(reviewer)).status == 303
    number = await db.value("SELECT id FROM supervisor")
    response = await review(reviewer, activity, "pass", consent="true", supervisor=str(number))
    assert errors(await response.text()) == ["该监督人的电话尚未通过系统呼叫核验，不能选择。"]


async def test_one_terminals_register_is_not_anothers(visit: Visit, db: Database, keys: Keys) -> None:
    number = await preregister(db, keys.custody.vault, witness())
    other = await visit("reviewer-2")
    assert "没有登记监督人" in await other.text("/supervisors")
    assert (await other.get(f"/supervisors/{number}")).status == 404
    assert (await other.post(f"/supervisors/{number}/active", active="false")).status == 404


async def test_the_service_cannot_call_a_number_verified(db: Database, keys: Keys) -> None:
    """Not without a call about that very number that came to `verified`."""
    number = await preregister(db, keys.custody.vault, witness())
    other = await preregister(db, keys.custody.vault, standby())
    call = await db.value("SELECT verified_by FROM supervisor WHERE id = %(id)s", {"id": other})
    sql = "UPDATE supervisor SET verified_by = %(call)s, verified_at = now() WHERE id = %(id)s"
    with pytest.raises(Forbidden):
        await db.run(sql, {"call": call, "id": number})
    await db.run("UPDATE supervisor SET phone_hash = sha256('another') WHERE id = %(id)s", {"id": number})
    assert await db.value("SELECT verified_by FROM supervisor WHERE id = %(id)s", {"id": number}) is None
    own = await db.value("SELECT id FROM call WHERE supervisor = %(id)s AND outcome = 'verified'", {"id": number})
    with pytest.raises(Forbidden):
        await db.run(sql, {"call": own, "id": number})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE supervisor SET active = false",
        "UPDATE supervisor SET phone_hash = sha256('another')",
        "UPDATE expert SET phone_hash = (SELECT phone_hash FROM supervisor LIMIT 1) WHERE id = 1",
    ],
)
async def test_the_service_cannot_name_a_witness_who_is_unfit(draws: Draws, db: Database, change: str) -> None:
    hand = await draws.ready()
    await preregister(db, draws.keys.custody.vault, witness())
    await db.run(change)
    insert = """INSERT INTO witness (activity, id, name_enc, phone_enc, supervisor, phone_hash)
                SELECT %(a)s, account, name_enc, phone_enc, id, phone_hash FROM supervisor"""
    with pytest.raises(Forbidden, match="unfit to witness"):
        await db.run(insert, {"a": hand.activity})


async def test_the_service_cannot_name_somebody_who_is_not_in_the_register(draws: Draws, db: Database) -> None:
    hand = await draws.ready()
    with pytest.raises(Forbidden, match="unfit to witness"):
        await db.run("INSERT INTO witness (activity, id, name_enc, phone_enc) VALUES (%(a)s, 'me', 'x', 'x')", {"a": hand.activity})


async def test_one_telephone_is_not_two_supervisors(db: Database, keys: Keys) -> None:
    await preregister(db, keys.custody.vault, witness())
    with pytest.raises(Refused, match="另一名监督人"):
        await preregister(db, keys.custody.vault, standby(witness().phone))
    with pytest.raises(Conflict, match="one_telephone_one_supervisor"):
        await db.run(
            """INSERT INTO supervisor (terminal, account, unit, name_enc, phone_enc, phone_hash)
               SELECT terminal, 'supervisor-9', unit, name_enc, phone_enc, phone_hash FROM supervisor"""
        )


# --- numbers that change afterwards ------------------------------------------------------------------------------


async def test_a_witness_who_became_unfit_stops_the_start_with_words(draws: Draws, db: Database) -> None:
    hand = await draws.ready(witnesses=(witness(), standby()))
    await db.run("UPDATE activity SET on_site = true")
    await db.run("UPDATE notice SET contact_phone = '+86 139 0000 0000'")
    with pytest.raises(CannotStart, match="监督人电话与本活动语音通知联系人的电话相同"):
        await start(db, draws.keys.custody.vault, hand.activity, "clerk", Role.HANDLER)
    await db.run("UPDATE notice SET contact_phone = '02083186888'")
    await db.run("UPDATE supervisor SET active = false WHERE account = 'supervisor-2'")
    with pytest.raises(CannotStart, match="候补监督人已在登记册中停用"):
        await start(db, draws.keys.custody.vault, hand.activity, "clerk", Role.HANDLER)


async def test_and_the_commit_which_goes_on_once_they_are_replaced(draws: Draws, db: Database, visit: Visit) -> None:
    """The clerk changes a number between the start and the commit, seconds later."""
    hand = await draws.ready(witnesses=(witness(),))
    await db.run("UPDATE activity SET on_site = true")
    await start(db, draws.keys.custody.vault, hand.activity, "clerk", Role.HANDLER)
    await db.run("UPDATE notice SET contact_phone = '13900000000'")
    with pytest.raises(WitnessUnfit):
        await hand.advance()
    assert await hand.types() == []
    assert "请抽取终端审核人员更换监督人" in await (await visit("handler-a1")).text(f"/activities/{hand.activity}/draw")
    other, reviewer = await preregister(db, draws.keys.custody.vault, standby()), await visit("reviewer-1")
    await reviewer.get(f"/activities/{hand.activity}/witnesses")
    response = await reviewer.post(f"/activities/{hand.activity}/witnesses", supervisor=str(other), reason="电话冲突")
    assert response.status == 303, await response.text()
    await hand.advance()
    assert await hand.types() == ["commit"]
    assert '"witnesses":["supervisor-2"]' in await db.value(Q.commit_body, {"activity": hand.activity})


async def test_the_service_cannot_commit_with_a_witness_who_is_unfit(draws: Draws, db: Database) -> None:
    hand = await draws.ready(witnesses=(witness(),))
    await db.run("UPDATE supervisor SET active = false")
    with pytest.raises(Forbidden, match="unfit"):
        await db.run(
            """INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size)
               VALUES (%(a)s, 1, 'x', 'x', 'x', 1)""",
            {"a": hand.activity},
        )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE witness SET replaced_at = clock_timestamp()",
        "UPDATE witness SET id = 'supervisor-2'",
        "DELETE FROM witness",
        """INSERT INTO witness (activity, id, name_enc, phone_enc, supervisor, phone_hash, position)
           SELECT w.activity, s.account, s.name_enc, s.phone_enc, s.id, s.phone_hash, 2
           FROM witness w, supervisor s WHERE s.account = 'supervisor-2'""",
    ],
)
async def test_a_committed_draws_witness_is_fixed(draws: Draws, db: Database, change: str) -> None:
    await preregister(db, draws.keys.custody.vault, standby())
    await draws.committed()
    with pytest.raises(Forbidden):
        await db.run(change)


async def test_nor_is_another_telephone_called_after_the_commit(draws: Draws, db: Database) -> None:
    """The register's number is the clerk's by now; the draw calls the one that was verified when it was committed."""
    hand = await draws.committed()
    vault = draws.keys.custody.vault
    await db.run(
        "UPDATE supervisor SET phone_enc = %(p)s, phone_hash = %(h)s",
        {"p": vault.encrypt(b"13568846647", SUPERVISOR_PHONE.at(1)), "h": vault.keyed_hash("phone", "13568846647")},
    )
    row = await db.one("SELECT no, phone_enc, phone_hash FROM witness WHERE activity = %(a)s", {"a": hand.activity})
    assert vault.decrypt(bytes(row.phone_enc), WITNESS_PHONE.at(row.no)) == b"13900000000"
    assert bytes(row.phone_hash) == vault.keyed_hash("phone", "13900000000")


async def test_replacing_waits_for_the_draw_that_is_under_way(draws: Draws, db: Database, visit: Visit) -> None:
    hand = await draws.committed()
    other, reviewer = await preregister(db, draws.keys.custody.vault, standby()), await visit("reviewer-1")
    page = await reviewer.text(f"/activities/{hand.activity}/witnesses")
    assert "已写入承诺，不能更换" in page
    response = await reviewer.post(f"/activities/{hand.activity}/witnesses", supervisor=str(other), reason="要换人")
    assert (response.status, "已写入承诺，不能更换" in await response.text()) == (409, True)


# --- the stand-by --------------------------------------------------------------------------------------------------


async def test_the_stand_by_is_called_once_the_first_was_tried_as_often_as_the_rules_say(draws: Draws, db: Database) -> None:
    hand = await draws.started(witnesses=(witness(), standby()))
    called = []
    for _ in range(5):
        await db.run("UPDATE call SET not_before = clock_timestamp() WHERE state = 'waiting'")
        await hand.live()
        call = await db.one("SELECT id, witness FROM call WHERE state = 'live'")
        called.append(call.witness)
        async with db.transaction() as tx:
            live = decide.Call(call.id, hand.activity, 1)
            await decide.end_call(tx, hand.keys.custody, live, "no_answer", {"expert": call.witness}, "{}")
        await hand.advance()
    assert called == ["supervisor-1"] * 3 + ["supervisor-2"] * 2
    async with db.transaction() as tx:
        await decide.share_on_page(tx, hand.keys.custody, hand.activity, "supervisor-2", 1, DIGITS)
    await hand.advance()
    assert (await hand.types())[-3:] == ["witness", "pick", "pick"]


# --- who sees what -------------------------------------------------------------------------------------------------


async def test_a_supervisor_sees_what_they_witness_and_nothing_else(draws: Draws, db: Database, visit: Visit) -> None:
    hand = await draws.started(witnesses=(witness(),))
    async with db.transaction() as tx:
        await decide.share_on_page(tx, hand.keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
    await hand.advance()
    await opened(hand)
    own, other = await visit("supervisor-1"), await visit("supervisor-2")
    here, there = f"/activities/{hand.activity}", f"/witness/{hand.activity}"
    for path in (
        here, f"{here}?tab=conditions", f"{here}/draw", f"{here}/events", f"{here}/result", f"{here}/evidence.zip",
        f"{here}/evidence-supervisor.zip", f"{here}/notices/0/audition", there, f"{there}/recordings",
    ):  # fmt: skip
        response = await own.client.get(path)
        assert response.status == 200, path
        response.close()
        assert (await other.get(path)).status == 404, path
    assert hand.activity in await own.text("/activities")
    for path in ("/", "/activities", "/witness", f"/activities?number={hand.activity}"):
        assert f"/{hand.activity}" not in await other.text(path), path
    assert "<dd>1</dd>" in await own.text("/")
    assert "<dd>1</dd>" not in await other.text("/")


async def test_who_was_replaced_before_a_draw_sees_no_more_than_that(draws: Draws, db: Database, visit: Visit) -> None:
    hand = await draws.ready(witnesses=(witness(),))
    other, reviewer = await preregister(db, draws.keys.custody.vault, standby()), await visit("reviewer-1")
    await reviewer.get(f"/activities/{hand.activity}/witnesses")
    response = await reviewer.post(f"/activities/{hand.activity}/witnesses", supervisor=str(other), reason="")
    assert errors(await response.text()) == ["请填写更换原因。"]
    await reviewer.post(f"/activities/{hand.activity}/witnesses", supervisor=str(other), reason="出差")
    gone, come = await visit("supervisor-1"), await visit("supervisor-2")
    assert (await gone.get(f"/activities/{hand.activity}/draw")).status == 404
    assert (await gone.get(f"/witness/{hand.activity}")).status == 404
    assert "原因：出差" in await gone.text("/witness")
    assert "出差" in await come.text(f"/witness/{hand.activity}")
    noted = await db.value("SELECT remark FROM operation WHERE act = '更换监督人'")
    assert noted == "改为：监督人 supervisor-2。原因：出差"


async def test_who_witnessed_a_draw_still_sees_it_after_being_replaced(draws: Draws, db: Database, visit: Visit) -> None:
    hand = await draws.committed()
    async with db.transaction() as tx:
        await decide.share_on_page(tx, hand.keys.custody, hand.activity, "supervisor-1", 1, DIGITS)
        await halts.force_end(tx, hand.keys.custody, hand.activity, "clerk", Role.HANDLER, "流标")
    await hand.advance()
    other = await preregister(db, hand.keys.custody.vault, standby())
    async with db.transaction() as tx:
        wanted = {"supervisor": other, "standby": None}
        await witnesses.choose(tx, hand.keys.custody.vault, hand.activity, TERMINAL, wanted, "下一次")
    assert (await (await visit("supervisor-1")).get(f"/witness/{hand.activity}")).status == 200
    async with db.transaction() as tx:
        with pytest.raises(LookupError):
            await decide.share_on_page(tx, hand.keys.custody, hand.activity, "supervisor-2", 1, DIGITS)


# --- the code ------------------------------------------------------------------------------------------------------


async def test_the_code_is_shown_to_whose_account_it_is_and_to_nobody_else(visit: Visit, db: Database, keys: Keys) -> None:
    reviewer, own, other = await visit("reviewer-1"), await visit("supervisor-1"), await visit("supervisor-2")
    await reviewer.get("/supervisors/new")
    await _register(reviewer)
    number, call = await db.one("SELECT supervisor, id FROM call WHERE flow = 'number_check'")
    code = supervisors.code(keys.custody.vault, call)
    assert code in await own.text("/registration")
    for visitor, path in ((other, "/registration"), (reviewer, "/supervisors"), (reviewer, f"/supervisors/{number}")):
        assert code not in await visitor.text(path)
    assert (await other.post(f"/registration/{number}/call")).status == 404
    assert await _anywhere(db, code) == []


async def test_a_call_about_the_number_before_verifies_nothing(db: Database, keys: Keys) -> None:
    """The number is changed to the clerk's while the call about the right one is open."""
    vault = keys.custody.vault
    async with db.transaction() as tx:
        details = supervisors.Details("李监督", "监督办公室", "13900000000")
        number = await supervisors.register(tx, vault, TERMINAL, "supervisor-1", details, "demo-1")
    await db.run("INSERT INTO node (name, epoch) VALUES ('n', 1)")
    await db.run("UPDATE call SET state = 'live', node = 'n', epoch = 1, numbers = '{}', dialled_at = clock_timestamp()")
    call = supervisors.NumberCheck(await db.value("SELECT id FROM call"), 1)
    async with db.transaction() as tx:
        await supervisors.change(
            tx, vault, TERMINAL, number, supervisors.Details("李监督", "监督办公室", CLERKS_PHONE), "demo-1"
        )
    with pytest.raises(decide.NotOurs):
        async with db.transaction() as tx:
            await supervisors.decide(tx, call, supervisors.VERIFIED, {"expert": "supervisor 1"})
    assert await db.value("SELECT verified_by FROM supervisor") is None


async def test_only_such_a_call_is_without_an_activity(db: Database, keys: Keys) -> None:
    number = await preregister(db, keys.custody.vault, witness())
    for columns, values in (("flow, witness", "'witness', 'w'"), ("flow, supervisor", f"'witness', {number}")):
        with pytest.raises(Conflict):
            await db.run(f"INSERT INTO call (id, attempt, {columns}) VALUES ('el' || repeat('0', 32), 1, {values})")


async def _register(reviewer: Visitor, **changes: str) -> Any:
    values: dict[str, Any] = {
        "name": "李监督", "unit": "监督办公室", "phone": "13900000000", "account": "supervisor-1", "language": "cmn",
    } | changes  # fmt: skip
    return await reviewer.post("/supervisors/new", **values)


async def _staff_called(draws: Draws, activity: str, phone: str) -> None:
    """A masked call that is still to be made; with an expert of another draw of the same company."""
    hand, call = await draws.started(1, [condition(seats=1)]), "el" + "a" * 32
    await draws.db.run(
        """INSERT INTO call (id, flow, activity, pick, expert, attempt, staff_phone_enc)
           SELECT %(c)s, 'masked', %(a)s, id, expert, 1, %(p)s FROM pick WHERE activity = %(h)s""",
        {"c": call, "a": activity, "h": hand.activity, "p": draws.keys.custody.vault.encrypt(phone.encode(), STAFF_PHONE.at(call))},
    )


async def _anywhere(db: Database, text: str) -> list[str]:
    found = []
    for table in ("supervisor", "call", "operation", "message"):
        rows = await db.value(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %(x)s) > 0", {"x": text})
        found += [table] * bool(rows)
    return found
