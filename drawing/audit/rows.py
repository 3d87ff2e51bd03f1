"""What the other tables say of an activity, compared with its transcript: draws, picks, calls, appointments, conditions and
leaves of the ledger. The transcript is right; a row that differs was changed beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from drawing.audit.findings import Finding, Kind
from drawing.canonical import NotCanonical, read
from drawing.ledger import COMMIT, SEAL, Leaf
from drawing.lifecycle import ActivityState
from drawing.rules import BadRules, Rules
from drawing.transcript import Entry, EntryType

_OVER = frozenset({ActivityState.ENDED, ActivityState.RELEASED})
_LEAVES = {EntryType.COMMIT: COMMIT, EntryType.SEAL: SEAL}


class DrawRow(NamedTuple):
    """A row of `draw`."""

    no: int
    commit_hash: str
    pool_size: int
    witnessed: bool
    sealed: bool
    unsealed: bool
    names_nobody: bool
    opens_lead_s: int
    pool_root: str
    """Over the roots of its pool's blocks, as they are stored."""


class ActivityRow(NamedTuple):
    """What rows beside the transcript say of the whole activity."""

    state: str
    rules: str
    deleted: bool
    closed: bool
    lots: Sequence[str]
    witnesses: Sequence[str]
    """Who may witness now."""


class PickRow(NamedTuple):
    """A row of `pick`; whether it has an appointment, of the same expert and activity; and whether it has one of somebody
    else.
    """

    draw: int
    condition: str
    seat: int
    pseudonym: str
    rank: int
    outcome: str
    appointment: bool
    strange_appointment: bool


class CallRow(NamedTuple):
    """A row of `call` that has evidence; `who` is its pick's pseudonym, or the witness."""

    id: str
    who: str | None
    outcome: str | None
    evidence: str
    evidence_hash: str | None


class ConditionRow(NamedTuple):
    """A row of `condition`, as a commit's own has it."""

    id: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """All of one activity."""

    activity: str
    whole: ActivityRow
    draws: Sequence[DrawRow]
    picks: Sequence[PickRow]
    calls: Sequence[CallRow]
    conditions: Sequence[ConditionRow]
    leaves: Sequence[Leaf]


@dataclass(slots=True)
class _Told:
    """What the transcript tells."""

    commits: dict[int, Entry] = field(default_factory=dict)
    witnessed: set[int] = field(default_factory=set)
    sealed: set[int] = field(default_factory=set)
    unsealed: set[int] = field(default_factory=set)
    picks: dict[str, tuple[int, str, int, int]] = field(default_factory=dict)  # by expert: draw, condition, seat, rank
    outcomes: dict[str, str] = field(default_factory=dict)
    attempts: list[Entry] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    kinds: set[EntryType] = field(default_factory=set)
    named_nobody: set[int] = field(default_factory=set)  # draws that were opened after a forced end


def compare(entries: Sequence[Entry], rows: Rows) -> Iterator[Finding]:
    """Where the rows differ from a transcript that holds."""
    told = _read(entries)
    yield from _whole(told, rows)
    yield from _draws(told, rows)
    yield from _picks(told, rows)
    yield from _attempts(told, rows)
    yield from _conditions(told, rows)
    yield from _leaves(entries, rows)


def _read(entries: Sequence[Entry]) -> _Told:
    told, draw = _Told(), 0
    for entry in entries:
        told.kinds.add(entry.type)
        match entry.type:
            case EntryType.COMMIT:
                draw = entry.body["draw"]
                told.commits[draw] = entry
            case EntryType.WITNESS:
                told.witnessed.add(draw)
            case EntryType.SEAL:
                told.sealed.add(draw)
            case EntryType.UNSEAL:  # one of the older form names no draw: it opens all before it
                opened = {entry.body["draw"]} if "draw" in entry.body else set(told.commits)
                told.unsealed |= opened
                told.named_nobody |= opened if EntryType.FORCE_END in told.kinds else set()
            case EntryType.PICK:
                expert = entry.body["expert"]
                told.picks[expert] = draw, entry.body["condition"], entry.body["seat"], entry.body["rank"]
                told.outcomes.pop(expert, None)
            case EntryType.OUTCOME:
                told.outcomes[entry.body["expert"]] = entry.body["outcome"]
            case EntryType.ATTEMPT:
                told.attempts.append(entry)
            case EntryType.ABSENCE:
                told.absent.add(entry.body["expert"])
    return told


def _whole(told: _Told, rows: Rows) -> Iterator[Finding]:
    whole, where = rows.whole, "activity"
    if not told.commits:
        return
    last = told.commits[max(told.commits)].body
    if whole.rules != last["rules"]:
        yield _differs(rows, where, "所用规则与承诺不符")
    if sorted(whole.lots) != sorted(last["lots"]):
        yield _differs(rows, where, "所属标段与承诺不符")
    if whole.deleted:
        yield _differs(rows, where, "活动已开始抽取，却标为已删除")
    if whole.closed and EntryType.CLOSE not in told.kinds:
        yield _differs(rows, where, "活动标为已封闭，记录链却没有封闭记录")
    if EntryType.FORCE_END in told.kinds and whole.state not in _OVER:
        yield _differs(rows, where, "记录链中已强制结束，活动状态却不是已结束")
    if EntryType.CLOSE in told.kinds and whole.state not in _OVER:
        yield _differs(rows, where, "记录链已封闭，活动状态却不是已结束")
    if max(told.commits) not in told.sealed and sorted(whole.witnesses) != sorted(last["witnesses"]):
        yield _differs(rows, where, "监督人与正在进行的抽取的承诺不符")


def _draws(told: _Told, rows: Rows) -> Iterator[Finding]:
    for row in rows.draws:
        commit = told.commits.get(row.no)
        where = f"draw {row.no}"
        if commit is None:
            yield _differs(rows, where, f"第 {row.no} 次抽取没有承诺记录")
            continue
        if (row.commit_hash, row.pool_size) != (commit.hash, commit.body["pool_size"]):
            yield _differs(rows, where, f"第 {row.no} 次抽取的承诺哈希或专家池人数与记录链不符")
        if row.sealed != (row.no in told.sealed):
            yield _differs(rows, where, f"第 {row.no} 次抽取是否封存与记录链不符")
        if row.unsealed != (row.no in told.unsealed):
            yield _differs(rows, where, f"第 {row.no} 次抽取的结果是否已解密与记录链不符")
        released = rows.whole.state == ActivityState.RELEASED
        if row.unsealed and not released and row.names_nobody != (row.no in told.named_nobody):
            yield _differs(rows, where, f"第 {row.no} 次抽取解密后是否公布名单与记录链不符")
        if row.opens_lead_s != _lead(commit.body["rules"], row.opens_lead_s):
            yield _differs(rows, where, f"第 {row.no} 次抽取的解密提前时间与规则不符")
        if "facts" in commit.body and row.pool_root != commit.body["pool_root"]:
            yield _differs(rows, where, f"第 {row.no} 次抽取保存的专家池与承诺不符")
        if row.witnessed and commit.body["witnesses"] and row.no not in told.witnessed:
            yield _differs(rows, where, f"第 {row.no} 次抽取标为已见证，记录链中却没有见证记录")
    for number in sorted(set(told.commits) - {row.no for row in rows.draws}):
        yield _differs(rows, f"draw {number}", f"第 {number} 次抽取已不存在，承诺记录仍在")


def _lead(rules: str, unknown: int) -> int:
    """How long before 预计评标开始 these rules open a draw, in seconds; `unknown` for rules that this version does not have."""
    try:
        return int(Rules.load(rules).unseal_lead_s)
    except BadRules:
        return unknown


def _picks(told: _Told, rows: Rows) -> Iterator[Finding]:
    let_go = EntryType.FORCE_END in told.kinds or EntryType.ABSENCE in told.kinds
    for number, row in enumerate(rows.picks, start=1):
        where = f"pick {number}"
        if told.picks.get(row.pseudonym) != (row.draw, row.condition, row.seat, row.rank):
            yield _differs(rows, where, f"第 {number} 位专家与记录链中的抽取不符")
            continue
        if row.outcome != told.outcomes.get(row.pseudonym, "open"):
            yield _differs(rows, where, f"第 {number} 位专家的结果与记录链不符")
        elif row.appointment and row.outcome != "accepted":
            yield _differs(rows, where, f"第 {number} 位专家并未同意，却有日程占用")
        elif row.strange_appointment:
            yield _differs(rows, where, f"第 {number} 位专家的日程占用属于他人")
        elif row.outcome == "accepted" and not row.appointment and not let_go:
            yield _differs(rows, where, f"第 {number} 位专家已同意，却没有日程占用")
    gone = set(told.picks) - {row.pseudonym for row in rows.picks}
    if gone:
        yield _differs(rows, "pick", f"记录链中有 {len(gone)} 次抽取已不存在")


def known_calls(rows: Rows) -> tuple[dict[str, Mapping[str, Any]], list[Finding]]:
    """The evidence of the calls by its hash, and which is not what was hashed or says otherwise than its row."""
    known: dict[str, Mapping[str, Any]] = {}
    found: list[Finding] = []
    for row in rows.calls:
        where = f"{rows.activity} call {row.id}"
        try:
            evidence = read(row.evidence)
        except NotCanonical:
            evidence = None
        if not isinstance(evidence, dict) or sha256(row.evidence.encode()).hexdigest() != row.evidence_hash:
            found.append(Finding(Kind.EVIDENCE_CHANGED, where, "呼叫证据与其哈希值不符"))
            continue
        known[row.evidence_hash] = evidence
        said = (evidence.get("expert", row.who), evidence.get("outcome", row.outcome))
        if said != (row.who, row.outcome):
            found.append(Finding(Kind.ROW_DIFFERS, where, "呼叫的对象或结果与其证据不符"))
    return known, found


def _attempts(told: _Told, rows: Rows) -> Iterator[Finding]:
    there = {row.evidence_hash for row in rows.calls}
    for entry in told.attempts:
        if entry.body["evidence"] not in there:
            where = f"{rows.activity} #{entry.seq}"
            yield Finding(Kind.EVIDENCE_CHANGED, where, "这次呼叫的证据已不存在")


def _conditions(told: _Told, rows: Rows) -> Iterator[Finding]:
    """A supplement may have conditions of its own: only those of the first draw are compared, while it is the only one."""
    if set(told.commits) != {1}:
        return
    committed = {each["id"]: each for each in told.commits[1].body["conditions"]}
    if committed != {row.id: dict(row.value) for row in rows.conditions}:
        yield _differs(rows, "condition", "抽取条件与承诺不符")


def _leaves(entries: Sequence[Entry], rows: Rows) -> Iterator[Finding]:
    due = [entry for entry in entries if entry.type in _LEAVES]
    lots: list[str] = next((entry.body["lots"] for entry in due if entry.type is EntryType.COMMIT), [])
    wanted = [Leaf.of(0, _LEAVES[entry.type], lots, entry.hash) for entry in due]
    there = [Leaf(0, leaf.kind, leaf.lots, leaf.hash) for leaf in rows.leaves]
    if wanted != there:
        place = next(
            (n for n, (a, b) in enumerate(zip(wanted, there, strict=False)) if a != b), min(len(wanted), len(there))
        )
        text = f"台账应有本活动的 {len(wanted)} 条记录，实有 {len(there)} 条；自第 {place + 1} 条起不符"
        yield Finding(Kind.LEAF_DIFFERS, f"{rows.activity} ledger", text)


def _differs(rows: Rows, where: str, text: str) -> Finding:
    return Finding(Kind.ROW_DIFFERS, f"{rows.activity} {where}", text)
