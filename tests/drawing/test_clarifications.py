"""The verifier's exact rules (docs/expert-draw-1.md), each broken by somebody who holds the service's key and signs again."""

import json
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from drawing.canonical import canon
from drawing.eligibility import Condition, Mode
from drawing.transcript import EntryType
from drawing.verify import verify
from tests.drawing.simulator import ACTIVITY, Activity, Form, people, put, whole_activity
from tests.drawing.test_verify import one_draw, refused

T = EntryType


@pytest.fixture
def activity() -> Activity:
    return one_draw()


def one_seat(unfilled: int) -> Condition:
    return Condition("c3", Mode.RESIDENCE, ("450000", "440000"), ("A", "B", "C"), (), (), (), (), unfilled)


def begun() -> Activity:
    """A draw whose seats are picked and not called yet."""
    activity = Activity(random.Random(1), people(60), pauses=False)
    activity.begin()
    activity.fill()
    return activity


def finish(activity: Activity) -> None:
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()


def with_lines(files: dict[str, bytes], name: str, change: Callable[[list[Any]], None]) -> dict[str, bytes]:
    """A .jsonl file with its values changed, written canonically again."""
    values = [json.loads(line) for line in files[name].splitlines()]
    change(values)
    return files | {name: b"".join(canon(value) + b"\n" for value in values)}


# What is withheld, and until when


@pytest.mark.parametrize("kind", ["witness", "seal"])
def test_nothing_of_an_opened_draw_is_withheld(kind: str, activity: Activity, tmp_path: Path) -> None:
    def withhold(lines: list[Any]) -> None:
        for line in lines:
            if line["type"] == kind:
                del line["body"]
                line["withheld"] = True

    report = verify(put(with_lines(activity.files(), "transcript.jsonl", withhold), tmp_path))
    assert (report.exit_code, "不得再隐去" in report.broken[0]) == (1, True)


def test_nothing_is_shown_before_its_draw_is_opened(tmp_path: Path) -> None:
    activity = whole_activity(3, opened=False)
    shown = activity.files() | {"transcript.jsonl": b"".join(entry.line() for entry in activity.chain)}
    report = verify(put(shown, tmp_path))
    assert (report.exit_code, "尚未解密" in report.broken[0]) == (1, True)


def test_facts_are_not_shown_before_their_draw_is_opened(tmp_path: Path) -> None:
    activity = whole_activity(3, opened=False)
    files = activity.files()
    lines = files["pool.jsonl"].splitlines(keepends=True)
    lines[4] = canon(activity.pools[0][4]) + b"\n"
    report = verify(put(files | {"pool.jsonl": b"".join(lines)}, tmp_path))
    assert (report.exit_code, "pool.jsonl 第 5 行" in report.broken[0]) == (1, True)


def test_a_draw_is_withheld_by_itself(tmp_path: Path) -> None:
    """The first draw is opened; its supplement is sealed and not opened yet."""
    activity = whole_activity(3, opened=False)
    activity.at += (activity.chain[-1].at - activity.chain[0].at) * 100
    activity.unseal(1)
    files = activity.files()
    assert files["transcript.jsonl"].count(b'"withheld":true') == 2
    assert verify(put(files, tmp_path)).exit_code == 2


def test_a_draw_is_opened_once_and_after_its_own_seal(activity: Activity, tmp_path: Path) -> None:
    seq = activity.first(T.UNSEAL)
    body = activity.chain[seq].body
    activity.insert(seq, T.UNSEAL, **body)
    assert "已经解密过" in refused(activity, tmp_path)
    early = one_draw()
    sealed = early.first(T.SEAL)
    times = {"lead_seconds": 1800, "evaluation_start": "2026-11-23T09:00:00.000+08:00", "draw": 1}
    early.insert(sealed, T.UNSEAL, **times, gather_at=times["evaluation_start"])
    assert "尚未封存" in refused(early, tmp_path)


@pytest.mark.parametrize("later", ["evaluation_start", "gather_at"])
def test_a_draw_is_opened_before_the_later_of_two_times_only_by_the_lead(
    later: str, activity: Activity, tmp_path: Path
) -> None:
    activity.change(activity.first(T.UNSEAL), **{later: "2026-11-23T20:00:00.000+08:00"})
    assert "早于规定的解密时间" in refused(activity, tmp_path)


def test_a_supplement_may_be_open_while_the_first_draw_is_opened(tmp_path: Path) -> None:
    activity = Activity(random.Random(5), people(60), pauses=False, accepts=0.6)
    activity.begin()
    activity.run()
    activity.seal()
    activity.absent()
    activity.begin((one_seat(1 + activity.seats() - activity.agreed()),))
    activity.fill()
    activity.unseal(1)
    finish(activity)
    assert verify(put(activity.files(), tmp_path)).exit_code == 0


# Calls


def test_a_favourite_is_not_called_more_often(tmp_path: Path) -> None:
    activity = begun()
    who = next(iter(activity.picked))
    for _ in range(3):
        activity.attempt(who, "busy")  # three are enough by the rules
    activity.outcome(who, "accepted", [activity.attempt(who, "accepted")])
    finish(activity)
    assert "呼叫次数已达规则上限" in refused(activity, tmp_path)


def test_nobody_is_called_after_their_decision(tmp_path: Path) -> None:
    activity = begun()
    who = next(iter(activity.picked))
    activity.attempt(who, "declined")
    activity.outcome(who, "accepted", [activity.attempt(who, "accepted")])
    finish(activity)
    assert "已作决定" in refused(activity, tmp_path)


def test_no_call_lasts_longer_than_since_its_pick(activity: Activity, tmp_path: Path) -> None:
    activity.change(activity.first(T.ATTEMPT), elapsed_ms=3_600_000)
    assert "长于抽取至此的时间" in refused(activity, tmp_path)


@pytest.mark.parametrize("other", ["CQSQ202611230002", None])
def test_a_call_of_another_activity_is_no_evidence(other: str | None, activity: Activity, tmp_path: Path) -> None:
    value = json.loads(activity.calls[0])
    if other is None:
        del value["evidence"]["activity"]
    else:
        value["evidence"]["activity"] = other
    old, value["hash"] = value["hash"], sha256(canon(value["evidence"])).hexdigest()
    activity.calls[0] = canon(value)
    seq = activity.first(T.ATTEMPT, evidence=old)
    entries = activity.rest(seq)
    for _, body in entries:
        if body.get("evidence") == old:
            body["evidence"] = value["hash"]
        if old in body.get("rests_on", []):
            body["rests_on"] = [value["hash"] if each == old else each for each in body["rests_on"]]
    activity.rewrite(seq, entries)
    report = verify(put(activity.files(), tmp_path))
    assert (report.exit_code, "calls.jsonl 第 1 行" in report.broken[0]) == (1, True)
    assert ACTIVITY not in report.broken[0]


def unavailable(rests_on: Callable[[Activity], list[str]]) -> Activity:
    activity = begun()
    who = next(iter(activity.picked))
    activity.outcome(who, "unavailable", rests_on(activity))
    finish(activity)
    return activity


ELSEWHERE = sha256(b"elsewhere").hexdigest()


def test_unavailable_rests_on_one_outcome_elsewhere(tmp_path: Path) -> None:
    report = verify(put(unavailable(lambda _: [ELSEWHERE]).files(), tmp_path))
    assert report.exit_code == 0
    assert "另一活动的记录：不在本证据之中" in report.text()


@pytest.mark.parametrize(
    "rests_on",
    [
        lambda activity: [],
        lambda activity: [ELSEWHERE, sha256(b"elsewhere too").hexdigest()],
        lambda activity: [activity.chain[0].hash],
    ],
)
def test_unavailable_rests_on_nothing_else(rests_on: Callable[[Activity], list[str]], tmp_path: Path) -> None:
    assert "另一活动" in refused(unavailable(rests_on), tmp_path)


# The end of a draw


def test_complete_can_not_be_left_out(activity: Activity, tmp_path: Path) -> None:
    seq = activity.first(T.COMPLETE)
    activity.rewrite(seq, activity.rest(seq + 1))
    assert "应先记录完成" in refused(activity, tmp_path)


def test_complete_needs_all_seats(tmp_path: Path) -> None:
    activity = Activity(random.Random(2), people(25), accepts=0.05, pauses=False)
    activity.begin()
    activity.run()
    assert activity.agreed() < activity.seats()
    activity.write(T.COMPLETE, agreed=activity.agreed(), seats=activity.seats())
    activity.seal()
    activity.open_result()
    activity.close()
    assert "不能完成" in refused(activity, tmp_path)


@pytest.mark.parametrize("kind", ["pause", "force_end"])
def test_live_are_those_whose_call_has_no_end(kind: str, tmp_path: Path) -> None:
    activity = begun()
    activity.write(EntryType(kind), reason="会场变更", agreed=0, live=len(activity.picked) + 1)
    assert "呼叫中的人数至多为" in refused(activity, tmp_path)


def test_nobody_is_picked_while_paused(tmp_path: Path) -> None:
    activity = begun()
    who = next(iter(activity.picked))
    activity.outcome(who, "declined", [activity.attempt(who, "declined")])
    activity.write(T.PAUSE, reason="会场变更", agreed=0, live=0)
    activity.fill()
    assert "暂停、结束或完成之后不得抽取" in refused(activity, tmp_path)


def test_a_paused_draw_is_completed_by_its_last_calls(tmp_path: Path) -> None:
    activity = begun()
    waiting = list(activity.picked)
    activity.write(T.PAUSE, reason="会场变更", agreed=0, live=len(waiting))
    for who in waiting:
        activity.outcome(who, "accepted", [activity.attempt(who, "accepted")])
    activity.seal()
    activity.open_result()
    activity.close()
    assert verify(put(activity.files(), tmp_path)).exit_code == 0


def test_a_completed_draw_goes_on_no_more(activity: Activity, tmp_path: Path) -> None:
    seq = activity.first(T.SEAL)
    activity.insert(seq, T.PAUSE, reason="会场变更", agreed=4, live=0)
    assert "此时不能暂停" in refused(activity, tmp_path)


@pytest.mark.parametrize("form", [Form(), Form(facts=False)])
def test_reopening_waits_until_the_condition_has_nobody_left(form: Form, tmp_path: Path) -> None:
    activity = begun()
    for who in list(activity.picked):  # nobody is engaged: even the public form shows that others could be picked
        activity.outcome(who, "unreached", [activity.attempt(who, "invalid_number")])
    activity.reopen("c1")
    activity.fill()
    finish(activity)
    assert "可抽" in refused(activity, tmp_path, form)


def test_who_was_reopened_and_not_picked_again_was_not_picked_before(tmp_path: Path) -> None:
    """They may be drawn by the supplement, and are no `picked_before` there."""
    activity = Activity(random.Random(2), people(25), accepts=0.05, pauses=False)
    activity.begin()
    activity.run()
    short = next(pick["condition"] for pick in activity.picked.values() if pick["outcome"] == "unreached")
    activity.accepts = 0.9
    activity.reopen(short)
    activity.run()
    activity.seal()
    left = [pick["placed"].expert for pick in activity.reopened if pick["placed"].expert not in activity.picked]
    unfilled = activity.seats() - activity.agreed()
    if unfilled:
        activity.begin((one_seat(unfilled),))
        activity.run()
        activity.seal()
    activity.open_result()
    activity.close()
    report = verify(put(activity.files(), tmp_path))
    assert (report.exit_code, report.broken, bool(left)) == (0, [], True)


# Absences and supplements


def supplemented(extra: int = 0, *, undo: bool = False) -> Activity:
    """A draw, an absence (undone or not), and a supplement of so many seats more than there are."""
    activity = Activity(random.Random(5), people(60), pauses=False, accepts=0.6)
    activity.begin()
    activity.run()
    activity.seal()
    who = activity.absent()
    if undo:
        activity.undo_absence(who)
        activity.absent()
    unfilled = activity.seats() - activity.agreed()
    activity.begin((one_seat(1 + unfilled + extra),))
    finish(activity)
    return activity


def test_an_absence_can_be_undone_before_its_seat_is_drawn_again(tmp_path: Path) -> None:
    report = verify(put(supplemented(undo=True).files(), tmp_path))
    assert (report.exit_code, report.broken) == (0, [])


def test_an_absence_whose_seat_was_drawn_again_stands(tmp_path: Path) -> None:
    activity = supplemented()
    who = activity.chain[activity.first(T.ABSENCE)].body["expert"]
    activity.insert(activity.first(T.UNSEAL), T.ABSENCE_UNDONE, expert=who, by="reviewer-1", reason="登记有误")
    assert "已经补抽" in refused(activity, tmp_path)


def test_an_absence_that_is_not_there_can_not_be_undone(activity: Activity, tmp_path: Path) -> None:
    who = next(iter(activity.picked))
    activity.insert(activity.first(T.UNSEAL), T.ABSENCE_UNDONE, expert=who, by="reviewer-1", reason="登记有误")
    assert "未登记缺席" in refused(activity, tmp_path)


@pytest.mark.parametrize("extra", [1, -1])
def test_a_supplement_has_exactly_the_seats_that_are_free(extra: int, tmp_path: Path) -> None:
    if extra > 0:
        activity = supplemented(extra)
    else:  # nobody was absent any more, and the supplement has a seat all the same
        activity = supplemented()
        who = activity.chain[activity.first(T.ABSENCE)].body["expert"]
        activity.insert(activity.first(T.ABSENCE) + 1, T.ABSENCE_UNDONE, expert=who, by="reviewer-1", reason="登记有误")
    assert "补抽席位" in refused(activity, tmp_path)


# Facts and names


def test_lists_in_facts_are_sorted(tmp_path: Path) -> None:
    def unsort(activity: Activity) -> None:
        line = next(line for line in activity.pools[0] if len(line["facts"]["willing"]) == 2)
        line["facts"]["willing"].reverse()
        salt = bytes.fromhex(line["salt"])
        line["record"]["facts_hash"] = sha256(salt + canon(line["facts"])).hexdigest()

    activity = Unsorted(random.Random(5), people(60), pauses=False)
    activity.spoil = unsort
    activity.begin()
    finish(activity)
    report = verify(put(activity.files(), tmp_path))
    assert (report.exit_code, "未按序排列" in report.broken[0]) == (1, True)


class Unsorted(Activity):
    """Whose pool is spoiled before it is committed to."""

    spoil: Callable[[Activity], None]

    def pooled(self) -> None:
        self.spoil(self)


@pytest.mark.parametrize("key", ["identity", "id_no"])
def test_a_bound_commit_demands_bound_facts(key: str, tmp_path: Path) -> None:
    def unbind(activity: Activity) -> None:
        line = activity.pools[0][3]
        del line["facts"]["identity"], line["facts"]["id_no"]
        if key == "id_no":
            line["facts"] |= {"identity": "0" * 64, "id_no": "1"}
        line["record"]["facts_hash"] = sha256(bytes.fromhex(line["salt"]) + canon(line["facts"])).hexdigest()

    activity = Unsorted(random.Random(5), people(60), pauses=False)
    activity.spoil = unbind
    activity.begin()
    finish(activity)
    report = verify(put(activity.files(), tmp_path))
    assert (report.exit_code, "pool.jsonl 第 4 行" in report.broken[0]) == (1, True)


def altered(key: str, value: Any) -> Callable[[list[Any]], None]:
    def change(lines: list[Any]) -> None:
        lines[0][key] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        altered("name", "另一人"), altered("unit", "另一单位"), altered("salt1", "0" * 32), altered("id", "0" * 20),
        altered("draw", 2), altered("phone", "1"), list.clear, list.reverse, lambda lines: lines.pop(),
        lambda lines: lines.append(lines[-1]),
    ],
)  # fmt: skip
def test_names_are_those_that_the_commit_bound(
    change: Callable[[list[Any]], None], activity: Activity, tmp_path: Path
) -> None:
    report = verify(put(with_lines(activity.files(), "names.jsonl", change), tmp_path))
    assert (report.exit_code, "names.jsonl" in report.broken[0]) == (1, True)
    assert "专家" not in report.broken[0].replace("同意参评的专家", "")  # no message repeats a name


def test_names_stand_in_the_supervisors_form_only(activity: Activity, tmp_path: Path) -> None:
    files = activity.files(Form(facts=False))
    report = verify(put(files | {"names.jsonl": activity.files()["names.jsonl"]}, tmp_path))
    assert (report.exit_code, "names.jsonl" in report.broken[0]) == (1, True)


def test_who_agreed_and_was_absent_is_named_too(tmp_path: Path) -> None:
    activity = supplemented()
    assert any(pick["absent"] for pick in activity.picked.values())
    names = activity.files()["names.jsonl"].splitlines()
    assert len(names) == sum(pick["outcome"] == "accepted" for pick in activity.picked.values())
    assert verify(put(activity.files(), tmp_path)).exit_code == 0


@pytest.mark.parametrize("reason", ["released", "force_ended"])
def test_an_activity_that_did_not_take_place_names_nobody(reason: str, tmp_path: Path) -> None:
    activity = Activity(random.Random(5), people(60), pauses=False)
    activity.begin()
    activity.run()
    activity.seal()
    activity.open_result()
    names = activity.files()["names.jsonl"]
    assert verify(put(activity.files() | {"names.jsonl": b""}, tmp_path)).exit_code == 3  # it may have been released
    activity.close(reason)
    assert verify(put(activity.files(), tmp_path)).exit_code == 0
    assert verify(put(activity.files() | {"names.jsonl": names}, tmp_path)).exit_code == 1


# The end of the chain


@pytest.mark.parametrize("kind", [T.ABSENCE, T.CLOSE, T.UNSEAL])
def test_nothing_follows_the_close(kind: EntryType, activity: Activity, tmp_path: Path) -> None:
    bodies: dict[EntryType, dict[str, Any]] = {
        T.ABSENCE: {"expert": "x", "condition": "c1", "reason": "请假", "right": "expert_key"},
        T.CLOSE: dict(activity.chain[-1].body),
        T.UNSEAL: dict(activity.chain[activity.first(T.UNSEAL)].body),
    }
    activity.rewrite(len(activity.chain), [(kind, bodies[kind])])
    assert "终结（close）之后" in refused(activity, tmp_path)


def test_a_chain_is_closed_when_all_is_opened(activity: Activity, tmp_path: Path) -> None:
    seq = activity.first(T.UNSEAL)
    activity.rewrite(seq, activity.rest(seq + 1))
    assert "尚未解密，不能终结" in refused(activity, tmp_path)


def test_the_close_names_a_head_that_was_given_out(activity: Activity, tmp_path: Path) -> None:
    activity.heads.clear()
    activity.leaves.append(activity.leaves[-1])  # the export's own head is a later one
    assert "不在 ledger.json 所列之中" in refused(activity, tmp_path)


def test_the_close_comes_after_the_last_seal_in_the_ledger(activity: Activity, tmp_path: Path) -> None:
    seq = len(activity.chain) - 1
    activity.change(seq, ledger={"size": 1, "root": "0" * 64})
    assert "早于本活动最后一次封存" in refused(activity, tmp_path)


@pytest.mark.parametrize("kind", [T.UNSEAL, T.ATTEMPT, T.PRINT])
def test_a_new_chain_has_no_older_entries(kind: EntryType, activity: Activity, tmp_path: Path) -> None:
    if kind is T.PRINT:
        activity.insert(len(activity.chain) - 1, T.PRINT, by="handler-1")
    else:
        seq = activity.first(kind)
        entries = activity.rest(seq)
        for key in ("draw", "gather_at", "elapsed_ms"):
            entries[0][1].pop(key, None)
        activity.rewrite(seq, entries)
    assert "旧形式" in refused(activity, tmp_path)
