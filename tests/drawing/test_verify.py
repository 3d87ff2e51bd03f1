"""The verifier: it accepts what a service wrote, and nothing else."""

import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import lots, merkle
from drawing.canonical import canon
from drawing.report import NO_WITNESS
from drawing.transcript import EntryType, stamp
from drawing.verify import Notes, verify
from drawing.verify_head import NotedHead
from tests.drawing.simulator import Activity, Form, people, put, whole_activity

FORMS = {"supervisor": Form(), "public": Form(facts=False)}
REPOSITORY = Path(__file__).parents[2]
FORGERIES = min(60, settings().max_examples)
Forge = Callable[[Activity], None]


@pytest.fixture(scope="module")
def activity() -> Activity:
    return whole_activity(3)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("form", FORMS)
def test_what_a_service_wrote_holds(seed: int, form: str, tmp_path: Path) -> None:
    report = verify(put(whole_activity(seed).files(FORMS[form]), tmp_path))
    assert (report.exit_code, report.broken) == (0, [])
    assert "记录链已经终结" in report.text()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_closed_may_go_on(form: str, tmp_path: Path) -> None:
    activity = whole_activity(3, closed=False)
    report = verify(put(activity.files(FORMS[form]), tmp_path))
    assert (report.exit_code, report.broken) == (3, [])
    assert f"截至 {stamp(activity.chain[-1].at + timedelta(seconds=5))}" in report.text()
    assert "之后，记录链可能还有增加" in report.text()


def test_what_is_not_opened_is_withheld(tmp_path: Path) -> None:
    report = verify(put(whole_activity(3, opened=False).files(), tmp_path))
    assert (report.exit_code, report.broken) == (2, [])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("form", FORMS)
def test_the_older_form_holds_at_best_so_far(seed: int, form: str, tmp_path: Path) -> None:
    report = verify(put(whole_activity(seed, old=True).files(FORMS[form]), tmp_path))
    assert (report.exit_code, report.broken) == (3, [])
    assert "旧形式" in report.text()
    assert verify(put(whole_activity(seed, old=True, opened=False).files(), tmp_path)).exit_code == 2


def test_the_simulator_reaches_what_it_must() -> None:
    chains = [whole_activity(seed).chain for seed in range(12)]
    entries = [entry for chain in chains for entry in chain]
    outcomes = {entry.body["outcome"] for entry in entries if entry.type is EntryType.OUTCOME}
    assert outcomes == {"accepted", "declined", "unreached", "unavailable"}
    assert any(entry.body.get("passed") for entry in entries)
    assert {EntryType.PAUSE, EntryType.ABSENCE, EntryType.UNSEAL} <= {entry.type for entry in entries}


def test_a_zip_is_as_good_as_a_folder(activity: Activity, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evidence.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in activity.files().items():
            archive.writestr(name, content)
    assert verify(tmp_path / "evidence.zip").exit_code == 0


def test_without_a_witness_the_report_begins_with_it(tmp_path: Path) -> None:
    report = verify(put(whole_activity(4, witnesses=()).files(Form()), tmp_path))
    assert report.exit_code == 0
    assert report.text().startswith(NO_WITNESS + "\n")


def test_notes_are_compared(activity: Activity, tmp_path: Path) -> None:
    folder = put(activity.files(), tmp_path)
    shown = [lots.fingerprint(each.hash) for each in activity.chain if each.type is EntryType.COMMIT]
    key = verify(folder).key
    heads = (NotedHead(len(activity.leaves), root_of(activity, len(activity.leaves))[:8]),)
    report = verify(folder, Notes(key, tuple(shown), ("48291306", "7305519284"), heads))
    assert (report.exit_code, report.broken) == (0, [])
    assert not [line for line in report.unchecked if "另有评标" not in line]
    for notes in (Notes(key="0" * 64), Notes(commits=("1" * 20,)), Notes(shares=("48291307",))):
        assert verify(folder, notes).exit_code == 1


def root_of(activity: Activity, size: int) -> str:
    return merkle.root([leaf.digest() for leaf in activity.leaves[:size]]).hex()


def test_heads_of_the_ledger_are_compared(activity: Activity, tmp_path: Path) -> None:
    folder, whole = put(activity.files(), tmp_path), len(activity.leaves)
    shown = [verify(folder, Notes(heads=(NotedHead(n, root_of(activity, n)[:8]),))) for n in range(1, whole + 1)]
    assert {report.exit_code for report in shown} == {0}
    assert "（比对 8 位） 与所列的一致" in shown[-1].text()
    derived = [report for report in shown if "可由所附证明推出" in report.text()]
    assert derived
    for size in range(1, whole + 1):
        other = verify(folder, Notes(heads=(NotedHead(size, "0" * 64),)))
        assert other.exit_code in (0, 1)
        assert other.exit_code == 1 or "未能比对" in other.text()
    for size in (1, whole):  # these are listed
        assert verify(folder, Notes(heads=(NotedHead(size, "0" * 8),))).exit_code == 1
    later = verify(folder, Notes(heads=(NotedHead(whole + 5, "0" * 8),)))
    assert (later.exit_code, "未能比对" in later.text()) == (0, True)


REQUIRED = ("pool.jsonl", "calls.jsonl", "ledger.json", "service.pub", "head.json", "names.jsonl")


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_files_are_named(name: str, activity: Activity, tmp_path: Path) -> None:
    files = activity.files()
    del files[name]
    report = verify(put(files, tmp_path))
    assert report.exit_code == 1
    assert name in report.broken[0]


def test_other_files_are_said_and_judge_nothing(activity: Activity, tmp_path: Path) -> None:
    report = verify(put(activity.files() | {"照片.jpg": b"x", "README.txt": b"trust me"}, tmp_path))
    assert report.exit_code == 0
    assert "证据以外的文件（未予核验）：照片.jpg" in report.text()
    assert "README.txt 与标准文本不同" in report.text()


def test_one_opened_record_proves_that_somebody_was_in_the_pool(activity: Activity, tmp_path: Path) -> None:
    files = activity.files(Form(facts=False))
    public = files["pool.jsonl"].splitlines(keepends=True)
    public[7] = canon(activity.pools[0][7]) + b"\n"
    report = verify(put(files | {"pool.jsonl": b"".join(public)}, tmp_path))
    assert report.exit_code == 0
    assert any(line.startswith("1 条记录的事实") for line in report.held)


@settings(max_examples=FORGERIES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_altered_byte_is_refused(data: st.DataObject, activity: Activity, tmp_path: Path) -> None:
    form = FORMS[data.draw(st.sampled_from(sorted(FORMS)))]
    files = activity.files(form)
    name = data.draw(st.sampled_from(sorted(name for name in files if name != "README.txt" and files[name])))
    content = bytearray(files[name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    report = verify(put(files | {name: bytes(content)}, tmp_path))
    assert report.exit_code == 1, (name, place)


@settings(max_examples=FORGERIES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lines_dropped_swapped_or_inserted_are_refused(data: st.DataObject, activity: Activity, tmp_path: Path) -> None:
    files = activity.files()
    name = data.draw(st.sampled_from(["transcript.jsonl", "pool.jsonl", "calls.jsonl"]))
    lines = files[name].splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 2))
    match data.draw(st.sampled_from(["drop", "swap", "repeat"])):
        case "drop":
            del lines[first]
        case "swap":
            second = data.draw(st.integers(first + 1, len(lines) - 1))
            lines[first], lines[second] = lines[second], lines[first]
        case "repeat":
            lines.insert(data.draw(st.integers(0, len(lines))), lines[first])
    assert verify(put(files | {name: b"".join(lines)}, tmp_path)).exit_code == 1


# Whoever holds the service's key can sign anything: what the rules forbid must be seen nevertheless.


def one_draw(seed: int = 5, accepts: float = 0.3) -> Activity:
    activity = Activity(random.Random(seed), people(60), accepts=accepts, pauses=False)
    activity.begin()
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()
    return activity


def first(activity: Activity, kind: EntryType, **having: Any) -> int:
    return activity.first(kind, **having)


def sign_again(activity: Activity, entries: list[tuple[EntryType, dict[str, Any]]], keep: int) -> None:
    activity.rewrite(keep, entries)


def rest(activity: Activity, start: int) -> list[tuple[EntryType, dict[str, Any]]]:
    return activity.rest(start)


def change(activity: Activity, seq: int, **body: Any) -> None:
    activity.change(seq, **body)


def refused(activity: Activity, folder: Path, form: Form | None = None) -> str:
    report = verify(put(activity.files(form), folder))
    assert report.exit_code == 1
    assert "条记录" in report.broken[0]
    return report.broken[0]


def test_signing_again_unchanged_still_holds(tmp_path: Path) -> None:
    activity = one_draw()
    sign_again(activity, rest(activity, 3), 3)
    assert verify(put(activity.files(), tmp_path)).exit_code == 0


def test_another_expert_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.PICK)
    change(activity, seq, expert="0" * 20)
    assert f"第 {seq} 条" in refused(activity, tmp_path)


def test_a_made_up_colleague_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    picks = [each for each in activity.chain if each.type is EntryType.PICK]
    other = picks[0].body["expert"]
    seq = picks[1].seq
    change(activity, seq, passed=[["0" * 20, "same_unit", other]])
    assert "抽取结果与次序不符" in refused(activity, tmp_path)


def test_another_seat_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    change(activity, first(activity, EntryType.PICK), seat=2)
    assert "不是最先空出的席位" in refused(activity, tmp_path)


def test_other_digits_are_another_order(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.WITNESS)
    change(activity, seq, share={"by": "supervisor-1", "value": "48291307"})
    assert "次序" in refused(activity, tmp_path)


def test_a_stranger_is_no_witness(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.WITNESS)
    change(activity, seq, share={"by": "clerk-1", "value": "48291306"})
    assert f"第 {seq} 条" in refused(activity, tmp_path)


def test_a_second_share_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.WITNESS)
    entries = rest(activity, seq)
    sign_again(activity, [entries[0], *entries], seq)
    assert "只能有一份" in refused(activity, tmp_path)


def test_a_starved_seat_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.OUTCOME, outcome="declined")
    entries = rest(activity, seq)
    assert [kind for kind, _ in entries[:3]] == [EntryType.OUTCOME, EntryType.PICK, EntryType.ATTEMPT]
    entries[1], entries[2] = entries[2], entries[1]
    sign_again(activity, entries, seq)
    assert "空席" in refused(activity, tmp_path)


def test_unreached_too_early_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    attempts = [each for each in activity.chain if each.type is EntryType.ATTEMPT]
    busy = next(n for n, line in enumerate(activity.calls) if b'"outcome":"busy"' in line)
    seq, body = attempts[busy].seq + 1, attempts[busy].body
    early = {"expert": body["expert"], "outcome": "unreached", "rests_on": [body["evidence"]]}
    sign_again(activity, [(EntryType.OUTCOME, early), *rest(activity, seq)], seq)
    assert "尚不足以认定未接通" in refused(activity, tmp_path)


def test_an_accepted_call_can_not_become_a_refusal(tmp_path: Path) -> None:
    activity = one_draw()
    change(activity, first(activity, EntryType.OUTCOME, outcome="accepted"), outcome="declined")
    assert "与其证据相符" in refused(activity, tmp_path)


def test_a_call_can_not_be_cancelled_while_drawing(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.OUTCOME)
    change(activity, seq, outcome="cancelled", rests_on=[])
    assert "不得取消" in refused(activity, tmp_path)


def test_a_seal_while_somebody_is_called_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.PICK)
    ending = rest(activity, first(activity, EntryType.SEAL))
    sign_again(activity, [*rest(activity, seq)[:1], *ending], seq)
    activity.calls.clear()
    assert "未先行抽取" in refused(activity, tmp_path)


def test_another_system_share_is_refused(tmp_path: Path) -> None:
    activity = one_draw()
    change(activity, first(activity, EntryType.SEAL), system_share="11" * 32)
    refused(activity, tmp_path)


def test_force_end_cancels_and_seals(tmp_path: Path) -> None:
    activity = Activity(random.Random(1), people(60), pauses=False)
    activity.begin()
    activity.fill()
    live = list(activity.picked)
    activity.write(EntryType.FORCE_END, reason="项目终止", agreed=0, live=len(live))
    for expert in live:
        activity.outcome(expert, "cancelled", [])
    activity.seal()
    activity.open_result()
    activity.close()
    assert verify(put(activity.files(), tmp_path)).exit_code == 0


class _EndedFirst(Activity):
    """Ended, or paused, while the digits are awaited."""

    before = EntryType.FORCE_END

    def witness(self) -> dict[str, str] | None:
        self.write(self.before, reason="条件有误", agreed=0, live=0)
        return super().witness()


class _PausedFirst(_EndedFirst):
    before = EntryType.PAUSE


@pytest.mark.parametrize(
    ("kind", "told"), [(_EndedFirst, "强制结束之后不应再有见证数字"), (_PausedFirst, "见证之前不应有 pause 记录")]
)
def test_no_digits_after_an_end_and_no_pause_before_them(kind: type[Activity], told: str, tmp_path: Path) -> None:
    activity = kind(random.Random(1), people(60), pauses=False)
    activity.begin()
    assert told in refused(activity, tmp_path)


def test_the_unreached_are_called_again_at_their_old_ranks(tmp_path: Path) -> None:
    activity = Activity(random.Random(2), people(25), accepts=0.05, pauses=False)
    activity.begin()
    activity.run()
    short = next(pick["condition"] for pick in activity.picked.values() if pick["outcome"] == "unreached")
    activity.accepts = 0.8
    activity.reopen(short)
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()
    assert verify(put(activity.files(), tmp_path)).exit_code == 0
    assert any(each.type is EntryType.REOPEN for each in activity.chain)


def test_runs_on_a_python_without_site_packages(activity: Activity, tmp_path: Path) -> None:
    folder = put(activity.files(), tmp_path)
    script = (
        f"import sys, runpy; sys.path.insert(0, {str(REPOSITORY)!r}); "
        f"sys.argv = ['drawing', 'verify', {str(folder)!r}]; runpy.run_module('drawing', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, check=False, cwd="/")
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert "签名：本机没有 cryptography 库" in done.stdout.decode()


def test_a_wrong_command_line_is_not_unfinished() -> None:
    done = subprocess.run([sys.executable, "-m", "drawing", "verify"], capture_output=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 64


def test_a_hold_without_its_pauses_makes_unreached(tmp_path: Path) -> None:
    """One busy call and the seat's time: unreached; with a pause in it not yet."""
    for paused, expected in ((0, 0), (60, 1)):
        activity = Activity(random.Random(1), people(60), pauses=False)
        activity.begin()
        activity.fill()
        expert = next(iter(activity.picked))
        digest = activity.attempt(expert, "busy")
        if paused:
            activity.write(EntryType.PAUSE, reason="改集合时间", agreed=0, live=0)
            activity.at += timedelta(seconds=paused)
            activity.write(EntryType.RESUME, reason="已改", agreed=0, live=0)
        activity.at += timedelta(seconds=120 - paused)
        activity.outcome(expert, "unreached", [digest])
        activity.fill()
        activity.run()
        activity.seal()
        activity.open_result()
        activity.close()
        report = verify(put(activity.files(), tmp_path))
        assert (report.exit_code, len(report.broken)) == (expected, expected)


def by_line(rules: str, faults: int, held: int = 0, first: str = "no_media") -> Activity:
    """Somebody is unreached after so many faults of the line, the seat held for `held` seconds; everybody else as usual."""
    activity = Activity(random.Random(1), people(60), pauses=False, rules=rules)
    activity.begin()
    activity.fill()
    expert = next(iter(activity.picked))
    calls = [activity.attempt(expert, outcome) for outcome in [first, *["trunk_failure", "line_dropped"] * 9][:faults]]
    activity.at += timedelta(seconds=held)
    activity.outcome(expert, "unreached", calls)
    activity.fill()
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()
    return activity


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("faults", "held"), [(6, 0), (1, 120)])
def test_unreached_may_rest_on_faults_of_the_line(faults: int, held: int, form: str, tmp_path: Path) -> None:
    report = verify(put(by_line("demo-4", faults, held).files(FORMS[form]), tmp_path))
    assert (report.exit_code, report.broken) == (0, [])
    assert f"呼叫 {faults} 次，线路原因未接通" in report.text()


@pytest.mark.parametrize(
    ("rules", "faults", "held", "says"),
    [
        ("demo-4", 5, 0, "尚不足以认定未接通"),
        ("demo-4", 1, 60, "尚不足以认定未接通"),
        ("demo-4", 7, 0, "呼叫次数已达规则上限"),
        ("demo-1", 6, 0, "尚不足以认定未接通"),
        ("demo-3", 1, 120, "尚不足以认定未接通"),
    ],
)
def test_too_few_or_too_many_faults_of_the_line_are_refused(
    rules: str, faults: int, held: int, says: str, tmp_path: Path
) -> None:
    """Under rules that do not name them any number is refused."""
    report = verify(put(by_line(rules, faults, held).files(), tmp_path))
    assert report.exit_code == 1
    assert says in " ".join(report.broken)


def test_what_we_interrupted_ends_no_pick(tmp_path: Path) -> None:
    """The seat's time runs from the first fault of the line, not from a failure of ours before it."""
    for first, expected in (("no_media", 0), ("interrupted", 1)):
        report = verify(put(by_line("demo-4", 1, 130, first).files(), tmp_path / first))
        assert (report.exit_code, len(report.broken)) == (expected, expected)


def test_the_public_form_shows_a_forged_pick_too(tmp_path: Path) -> None:
    activity = one_draw()
    seq = first(activity, EntryType.PICK)
    change(activity, seq, rank=activity.chain[seq].body["rank"] + 1)
    report = verify(put(activity.files(Form(facts=False)), tmp_path))
    assert report.exit_code == 1
    assert report.broken[0].startswith(f"第 {seq} 条记录")


def test_who_stood_in_the_pool_can_not_be_hidden(tmp_path: Path) -> None:
    """A record turned to excluded, with its facts left as they are."""
    activity = one_draw()
    record = next(line["record"] for line in activity.pools[0] if not line["record"]["excluded"])
    record["excluded"] = ["suspended"]
    report = verify(put(activity.files(), tmp_path))
    assert report.exit_code == 1
    assert "pool_root" in report.broken[0]
