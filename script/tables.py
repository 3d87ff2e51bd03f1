"""The tables in docs/ that say what the code says: `python -m script.tables` writes them; a test holds them together.

A page has a pair of marks, `<!-- table: NAME -->` and `<!-- end -->`; what stands between is written here.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import drawing.audit.settings
import ivr.settings
import web.settings
from db.rights import RIGHTS, ROLES
from drawing import rules
from drawing.audit.findings import Kind
from drawing.call_words import call_sentence
from drawing.lifecycle import ActivityState, Role, transitions
from drawing.rules import DECISIONS, HEARD, LINE_FAULTS, RETRIED, TRIES, CallOutcome, Rules
from ivr.calls import DialFailed, EndedBy, HungUp, Outcome
from ivr.endings import answered_outcome, who_ended
from ivr.outcomes import Trust, classify
from ivr.policy import Rule, tried
from script import refusals
from script.flows import common_text, flows_text
from script.pairs import pairs_text

DOCS = Path(__file__).resolve().parents[1] / "docs"
_MARKS = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_Cells = Iterable[str]


def table(head: _Cells, rows: Iterable[_Cells]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---"] * len(list(head)), *map(list, rows)]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


# --- settings -------------------------------------------------------------------------------------------------


def settings_table(model: type[BaseModel]) -> str:
    """Every key of a settings model, sections with a dot."""
    return table(("key", "kind", "default", "meaning"), _settings_rows(model, ""))


def _settings_rows(model: type[BaseModel], section: str) -> Iterator[_Cells]:
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))  # a section may be left out: Section | None
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is not None:
            yield from _settings_rows(inner, f"{section}{name}.")
        else:
            yield f"`{section}{name}`", _kind(field), _default(field), field.description or ""


_KINDS = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path"}


def _kind(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(field.annotation))
    found = str(field.annotation)
    for kind, word in _KINDS.items():
        if field.annotation is kind or f"{kind.__name__} | None" in found:
            return word
    return "list of texts" if "tuple[" in found else found


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if isinstance(field.default, tuple):
        return f"`{json.dumps(field.default)}`"
    return "none" if field.default is None else f"`{field.default}`"


# --- the database's roles and the audit ----------------------------------------------------------------------


def rights_table() -> str:
    """What each process may do with each table; — is nothing."""
    heads = ("table", *(f"{process}: `{role}`" for process, role in ROLES.items()))
    cells = ((f"`{name}`", *("; ".join(found.get(each, ())) or "—" for each in ROLES)) for name, found in RIGHTS.items())
    return table(heads, cells)


FINDINGS: Mapping[Kind, str] = {
    Kind.OPERATION_CHANGED: "a row of 操作记录 was changed, exchanged or moved since it was written",
    Kind.OPERATION_MISSING: "a row of 操作记录 was deleted, alone or with its link in the chain",
    Kind.OPERATION_UNCHAINED: "a row of 操作记录 was put in while the chain's trigger was off",
    Kind.LOG_HEAD_DIFFERS: "the end of 操作记录 was cut off, or rewritten with all its hashes: the ledger has another head of it",
    Kind.ENTRY_CHANGED: "an entry of a transcript was changed",
    Kind.ENTRY_LINK: "an entry of a transcript is gone, or was put in",
    Kind.ENTRY_SIGNATURE: "an entry is not signed by this key; all of them: does `public_key` belong to this database?",
    Kind.CHAIN_IMPOSSIBLE: "whoever wrote the entry had the key, but the rules do not allow it there",
    Kind.EVIDENCE_CHANGED: "the evidence of a call was deleted or changed",
    Kind.ROW_DIFFERS: "a row beside the transcript was changed: the transcript is right",
    Kind.LEAF_DIFFERS: "a commit or seal is not in the ledger, or twice, or about other 标段",
    Kind.LEDGER_GAP: "a leaf of the ledger was deleted",
    Kind.HEAD_DIFFERS: "the ledger was cut or rewritten since somebody got this head of it",
    Kind.GUARD_MISSING: "a constraint or trigger was dropped or switched off: what happened meanwhile is not covered by it",
    Kind.GUARD_CHANGED: "a table, view or function is not defined as this version's migrations define it: a trigger's function was "
    "emptied, a constraint or index exchanged, a rule or trigger added; or the program is of another version than the database",
    Kind.RIGHT_ADDED: "one of the processes' roles was granted more than `db/rights.py` says",
}


def findings_table() -> str:
    """What each kind of finding means; one that nobody has explained is a KeyError."""
    return table(("finding", "what happened"), ((f"`{kind.value}`", FINDINGS[kind]) for kind in Kind))


# --- rules ----------------------------------------------------------------------------------------------------

RULES: Mapping[str, str] = {
    "witness.required": "whether a draw needs a supervisor's share (监督人见证)",
    "witness.share_digits": "how many digits a share may have, least and most",
    "witness.pause_s": "before the next try to reach a witness",
    "sealing.unseal_lead_s": "how long before 预计评标开始 the result may be opened (T1)",
    "appointment.travel_s": "kept free before 集合时间 when two activities are compared (D9)",
    "avoidance.employment_years": "how long somebody who left an avoided unit still counts as its own (B4)",
    "preview.bands": "bands of the preview, as multiples of the number needed (C2)",
    "preview.consent_below": "below this multiple the reviewer must consent (C2)",
    "preview.minimum": "fewer experts than these are one band of the preview, 不足",
    "preview.step": "from one edge of the preview to the next, and how far a condition's own offset moves them (docs/security.md)",
    "preview.scale": "up to which factor the installation's secret scale moves all edges",
    "preview.person_hour": "previews of one person in an hour, over all activities; refused ones do not count",
    "preview.company_hour": "the same of all who act for one company",
    "unreached.line_faults": "calls that failed by the line, over all trunks, that make somebody 线路原因未接通; –: none do",
    "unreached.total": "calls of all outcomes together that make somebody 未接通",
    "unreached.hold_s": "how long retries may hold a seat, from the end of the first call (D9), or of the first fault of the line",
    "unreached.tries": "calls with this outcome that make somebody 未接通",
    "calling.ring_s": "how long it rings",
    "calling.confirm_s": "a key that was asked for again confirms only when it goes down so long afterwards, or later",
    "calling.longest_pause_s": "to which the pause grows, doubled each time, while calls fail by the line or by us again and again",
    "calling.hours": "local time in which calls may begin",
    "calling.per_person": "calls to one person over all activities, per minute, hour and day",
    "calling.calls_per_second": "calls begun per second",
    "calling.channels": "calls under way at once",
    "calling.daily_ceiling": "calls of a day in all",
    "calling.allowed_numbers": "patterns that a number must match as a whole",
    "calling.pause_s": "before the next call after this outcome",
    "lines.keyless_calls": "answered calls of a trunk in a row without a key, after which somebody is told",
    "lines.no_media_calls": "the same for calls without sound in a direction (`no_media`)",
    "inbound.at_once": "calls from outside at the same time, on one node; one more is busy (K4)",
    "inbound.per_number_hour": "calls from one number that are taken in an hour (K4)",
    "inbound.call_backs_hour": "call backs to one person in an hour; they count in the budget of all calls too (K4)",
    "inbound.call_backs_day": "the same in a day",
    "inbound.leave_lead_s": "before 集合时间: until then leave (请假) may be asked for by telephone",
    "notices.tries": "calls to who has agreed, about one matter, that make them 未送达 (not reached)",
    "notices.pause_s": "before the next of those calls",
    "notices.hours": "local time in which those calls may begin",
    "reminder.evening": "local time of the evening before 集合时间 in which who has agreed is reminded",
    "reminder.before_s": "before 集合时间 they are reminded once more",
    "notices.until_s": "so long after 集合时间 the last of those calls may begin",
    "messages.announce_s": "how long before the first call a 短信 announces it; 0: none (N3)",
    "messages.witness_receipt": "whether the supervisor gets the receipt (见证回执) as a 短信 too",
    "messages.tries": "how often a message is handed over before it is given up",
    "messages.pause_s": "after each failed try of handing over, the last one for all that follow",
    "submission.attachments": "how many attachments an application needs at least (V1)",
    "retention.recording_days": "for how many days the recording of a masked call is kept (G2)",
}


def _for_readers() -> list[str]:
    """The rules that draws are held by: not those of benches, and not those that are another version but for one number."""
    return [version for version in rules.versions() if not version.startswith(("bench-", "demo-3", "demo-5"))]


def _newest() -> list[str]:
    """Of those the last version of each name, which new activities obey."""
    numbered = sorted((name, int(number)) for name, _, number in (each.rpartition("-") for each in _for_readers()))
    return [f"{name}-{number}" for name, number in dict(numbered).items()]


def rules_table() -> str:
    """Every rule with its value in each version; a key that nobody has explained is a KeyError."""
    found = {version: dict(_flat(_rule_file(version))) for version in _for_readers()}
    keys = list(dict.fromkeys(key for values in found.values() for key in values))
    rows = ((f"`{key}`", _meaning(key), *(str(each.get(key, "–")) for each in found.values())) for key in keys)
    return table(("rule", "meaning", *(f"`{version}`" for version in found)), rows)


def sources_table() -> str:
    """Where each version's tables come from."""
    rows = (
        (f"`{version}`", f"`{name}`", source.source, source.valid_from.isoformat())
        for version in _for_readers()
        for name, source in Rules.load(version).sources.items()
    )
    return table(("version", "table", "source", "holds from"), rows)


def _rule_file(version: str) -> Mapping[str, Any]:
    return tomllib.loads((rules.FOLDER / f"{version}.toml").read_text(encoding="utf-8"))


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif path and key not in ("source", "valid_from"):
            yield name, _shown(value)


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case [str() as first, str() as last] if ":" in first:
            return f"{first}–{last}"
        case list():
            return ", ".join(f"`{each}`" if isinstance(each, str) else str(each) for each in value)
        case _:
            return str(value)


def _meaning(key: str) -> str:
    if key in RULES:
        return RULES[key] + (" (s)" if key.endswith("_s") else "")
    parent, _, leaf = key.rpartition(".")
    if parent.startswith("notices."):
        return f"{_meaning(f'notices.{leaf}')}: {parent.removeprefix('notices.')}"
    return RULES[parent] + (" (s)" if parent.endswith("_s") else "") + f": {leaf}"


# --- outcomes -------------------------------------------------------------------------------------------------

_HEALS = "the oldest of them is that long ago"
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    Outcome.ACCEPTED: ("参加", "1, and 1 again; recorded while the line was open"),
    Outcome.DECLINED: ("不参加", "2, and 2 again; recorded while the line was open"),
    Outcome.SHARE_GIVEN: ("已见证", "the supervisor's digits, read back and confirmed"),
    Outcome.NO_KEY: ("接听未按键", "answered, no key, or none confirmed"),
    Outcome.WRONG_KEYS: ("按键无效", "answered, only keys that mean nothing"),
    Outcome.HUNG_UP_EARLY: ("中途挂断", "answered, and hung up before a decision"),
    Outcome.WRONG_PERSON: ("打错／非本人", "9, and 9 again"),
    Outcome.VOICEMAIL: (
        "疑似语音信箱",
        "a machine seems to have answered: talk at once and at length, then silence, and no key (docs/outcomes.md)",
    ),
    Outcome.BUSY: ("占线", "busy"),
    Outcome.REDIRECTED: ("呼叫转移", "sent on to another number, which is not rung"),
    Outcome.REJECTED: ("拒接", "turned away"),
    Outcome.NO_ANSWER: ("无人接听", "rang, and nobody answered in time"),
    Outcome.UNREACHABLE: ("关机或无法接通", "switched off or out of reach"),
    Outcome.INVALID_NUMBER: ("空号", "no such number"),
    Outcome.TRUNK_FAILURE: (
        "线路故障",
        "the trunk never reached the person: 5xx, refused, or a time-out before ringing",
    ),
    Outcome.NO_MEDIA: ("线路无声", "answered, and no sound came through in a direction: nothing that we said counts as heard"),
    Outcome.LINE_DROPPED: ("线路中断", "answered, and ended by the network"),
    Outcome.INTERRUPTED: ("通话中断", "we or our Asterisk died"),
    Outcome.CANCELLED: ("已取消", "given up by us"),
    Outcome.WITHDRAWN: ("邀请已失效", "a key came when the matter was no longer open; the flow apologised"),
    Outcome.DELIVERED: ("已送达", "a notice was heard to the end of what matters"),
    Outcome.STILL_COMES: ("仍然参加", "told of the new 集合时间: 1, and 1 again"),
    Outcome.CANT_COME: ("不能参加", "told of the new 集合时间: 2, and 2 again"),
    Outcome.LEAVE_CONFIRMED: ("确认请假", "asked whether they ask for leave: 1, and 1 again"),
    Outcome.CONNECTED: ("已接通", "a masked call: staff and the expert talked with each other"),
    Outcome.CALL_BACK_ASKED: ("要求回拨", "a call from outside: 1; the number on file is called back"),
    Outcome.LEAVE_DENIED: ("没有请假", "asked whether they ask for leave: 2, and 2 again"),
    Outcome.VERIFIED: ("号码已核验", "a supervisor typed the code that their own page shows"),
}


def outcomes_table() -> str:
    """Every outcome, what the network says for it, and what follows."""
    rows = ((f"`{each.value}`", *OUTCOMES[each], _codes(each), _consequence(each)) for each in Outcome)
    return table(("outcome", "console", "what happened", "SIP; Q.850", "what follows"), rows)


def _codes(outcome: Outcome) -> str:
    if outcome is Outcome.TRUNK_FAILURE:
        return "all others, unanswered"
    if outcome is Outcome.LINE_DROPPED:
        return "after the answer, all but the person's (docs/outcomes.md)"
    if outcome in (Outcome.NO_MEDIA, Outcome.INTERRUPTED):
        return ""
    sip = [str(n) for n in range(300, 700) if _unanswered(DialFailed(0, n)) is outcome]
    causes = [str(n) for n in range(1, 128) if _unanswered(DialFailed(n)) is outcome]
    return "; ".join(", ".join(_joined(each)) for each in (sip, causes) if each)


def _joined(numbers: Sequence[str]) -> Sequence[str]:
    """A whole hundred (SIP 3xx) in two words."""
    return numbers if len(numbers) < 100 else [f"{numbers[0]} to {numbers[-1].rpartition(' ')[2]}"]


def _unanswered(end: DialFailed) -> Outcome:
    return classify(end, answered=False, alerted=True)


def _consequence(outcome: Outcome) -> str:
    if outcome is Outcome.SHARE_GIVEN:
        return "the seed is known: orders are stored, picks begin"
    if outcome is Outcome.CONNECTED:
        return "kept with the call, with how long they talked"
    if outcome is Outcome.VERIFIED:
        return "the number may be chosen for a witness"
    if outcome is Outcome.CALL_BACK_ASKED:
        return "decides nothing; a call back, if the number is on file"
    if outcome.value in HEARD:
        return "kept with the call; not called again" if outcome is not Outcome.WITHDRAWN else "nothing"
    ruled = CallOutcome(outcome.value)
    if ruled in DECISIONS:
        return "decides: " + (
            "seat kept" if outcome is Outcome.ACCEPTED else "seat free, the next in the order is picked"
        )
    if ruled not in RETRIED:
        return "nothing; no try"
    if _final(ruled):
        return "a try; 未接通 at once"
    counted = f"a try; {_unreached_after(ruled)}" if ruled in TRIES else _no_try(ruled)
    return f"{counted}; again after {_each(lambda made: f'{made.calling.pause_s[ruled]} s')}"


def _no_try(outcome: CallOutcome) -> str:
    """Not the expert's doing."""
    if outcome not in LINE_FAULTS:
        return "no try"
    return f"no try; with the other faults of the line 线路原因未接通 after {_each(lambda made: str(made.line_faults))}"


def _final(outcome: CallOutcome) -> bool:
    return all(Rules.load(version).unreached_tries.get(outcome) == 1 for version in _newest())


def _unreached_after(outcome: CallOutcome) -> str:
    return f"未接通 after {_each(lambda made: str(made.unreached_tries[outcome] or 'never'))}"


def _each(value: Callable[[Rules], str]) -> str:
    """The value in every version, once if all agree."""
    found = [value(Rules.load(version)) for version in _newest()]
    return found[0] if len(set(found)) == 1 else " / ".join(found)


def codes_table() -> str:
    """Every SIP status and Q.850 cause that is told apart: what it means before and after the telephone rang."""
    told = [(f"SIP {n}", DialFailed(0, n)) for n in range(300, 700)]
    told += [(f"Q.850 {n}", DialFailed(n)) for n in range(128)]
    found: dict[tuple[Outcome, Outcome], list[str]] = {}
    for name, end in told:
        meant = classify(end, answered=False, alerted=False), classify(end, answered=False, alerted=True)
        found.setdefault(meant, []).append(name)
    failed = found.pop((Outcome.TRUNK_FAILURE, Outcome.TRUNK_FAILURE))
    rows = [(", ".join(_joined(names)), f"`{never.value}`", f"`{rang.value}`") for (never, rang), names in found.items()]
    assert "SIP 503" in failed
    rows.append(("all others (SIP 503, Q.850 34 …)", "`trunk_failure`", "`trunk_failure`"))
    return table(("the network said", "never rang", "180 or 183 had come"), rows)


def endings_table() -> str:
    """Who ended an answered call: every Q.850 cause and SIP status, of Asterisk's or in a Reason."""
    told = [(f"Q.850 {n}", HungUp(n)) for n in range(128)] + [(f"SIP {n}", HungUp(16, n)) for n in (0, *range(200, 700))]
    found: dict[EndedBy, list[str]] = {who: [] for who in EndedBy}
    for name, end in told:
        found[who_ended(end)].append(name)
    said = {
        EndedBy.PERSON: f"{', '.join(found[EndedBy.PERSON])} (0: nothing said), from each that speaks",
        EndedBy.NETWORK: "anything else, from one of them (SIP 408, 406, 481, 503; Q.850 19, 38, 41, 42, 102, 127 …)",
        EndedBy.US: "our own hangup; a channel that vanished unseen",
    }
    outcome = {who: answered_outcome(end) for who, end in _ENDS.items()}
    trying = {who: "yes" if outcome[who].value in TRIES else "no" for who in EndedBy}
    rows = ((f"`{who.value}`", said[who], f"`{outcome[who].value}`", trying[who]) for who in EndedBy)
    return table(("ended by", "what Asterisk's cause, its SIP status and the Reason say", "outcome", "a try"), rows)


_ENDS = {EndedBy.PERSON: HungUp(16), EndedBy.NETWORK: HungUp(102), EndedBy.US: HungUp(16, by_us=True)}


def reasons_table() -> str:
    """Every cause of a Reason, and what it means."""
    return table(("`Q.850;cause=`", "`SIP;cause=`", "means"), refusals.meanings())


def refusals_table() -> str:
    """Refusals with a Reason: what each means, by the trunk's order of trust."""
    heads = (f"`trust = {json.dumps(trust)}`" for trust in get_args(Trust))
    return table(("before it", "status", "Reason", *heads), refusals.rows())


_HEARD = {"heard": [{"prompt": "invitation", "at_ms": 0, "for_ms": 9000, "whole": False}]}
_CALLED = {"ringing": "2026-11-23T09:00:00+08:00", "ended": "2026-11-23T09:00:30+08:00"}
_TALKED = _CALLED | {"answered": "2026-11-23T09:00:05+08:00"} | _HEARD


def words_table() -> str:
    """Every outcome as a clerk reads it, and what it does."""
    head = ("outcome", "in the console, say", "counts as a try", "another trunk next", "counts in the person's budget")
    return table(head, (_words(each) for each in Outcome))


def _words(outcome: Outcome) -> _Cells:
    unanswered = any(classify(each, answered=False, alerted=True) is outcome for each in _REFUSALS)
    course: Mapping[str, Any] = _CALLED if unanswered or outcome is Outcome.CANCELLED else _TALKED
    if outcome is Outcome.WRONG_KEYS:
        course = {**course, "pressed": [{"key": key} for key in "575"]}
    if outcome is Outcome.VOICEMAIL:
        course = {**course, "talked": [{"at_ms": 300, "for_ms": 8600}]}
    elsewhere, rang = (tried("", outcome, rang=rang).failed for rang in (False, True))
    return (
        f"`{outcome.value}`",
        call_sentence(outcome.value, course),
        "yes" if outcome.value in TRIES else "no",
        "yes" if rang else "yes, unless it rang" if elsewhere else "no",
        "no, unless it rang" if elsewhere and not rang else "yes",
    )


_REFUSALS = [DialFailed(0, n) for n in range(300, 700)]

HINDRANCES: Mapping[Rule, tuple[str, str, str]] = {
    Rule.ALLOWED_NUMBERS: (
        "rule `calling.allowed_numbers`",
        "no pattern fits the whole number",
        "never: `invalid_number`",
    ),
    Rule.HOURS: ("rule `calling.hours`, `notices.*.hours`", "outside the hours", "they begin again"),
    Rule.PERSON_PER_MINUTE: (
        "rule `calling.per_person.minute`",
        "the person was called so often, in all kinds of call",
        _HEALS,
    ),
    Rule.PERSON_PER_HOUR: ("rule `calling.per_person.hour`", "the same in an hour", _HEALS),
    Rule.PERSON_PER_DAY: ("rule `calling.per_person.day`", "the same in 24 hours", _HEALS),
    Rule.DAILY_CEILING: ("rule `calling.daily_ceiling`", "so many calls of all workers since midnight", "midnight"),
    Rule.CHANNELS: ("rule `calling.channels`", "so many calls are under way", "one ends"),
    Rule.CALLS_PER_SECOND: ("rule `calling.calls_per_second`", "so many have begun within a second", "a moment later"),
    Rule.TRUNK_CHANNELS: ("setting `trunk.channels`", "the same for each trunk that the call may take", "one ends"),
    Rule.TRUNK_CALLS_PER_SECOND: ("setting `trunk.calls_per_second`", "the same for each trunk", "a moment later"),
}


def hindrances_table() -> str:
    """What can stand against a call; a rule that nobody has explained is a KeyError."""
    return table(
        ("what", "where it is set", "when", "until"), ((f"`{each.value}`", *HINDRANCES[each]) for each in Rule)
    )


# --- states ---------------------------------------------------------------------------------------------------


def states_table() -> str:
    """Every state, and what may be done in it by whom."""
    found = {state: list[str]() for state in ActivityState}
    for state, act, roles, following in transitions():
        by = "、".join(role.label for role in Role if role in roles)
        found[state].append(
            f"{act.label} → {following.label} ({by})" if following is not state else f"{act.label} ({by})"
        )
    rows = ((f"`{state.value}`", state.label, "; ".join(acts) or "–") for state, acts in found.items())
    return table(("state", "manual", "what may be done, and by whom"), rows)


# --- pages ----------------------------------------------------------------------------------------------------

TABLES: Mapping[str, Callable[[], str]] = {
    "ivr_settings": lambda: settings_table(ivr.settings.Settings),
    "web_settings": lambda: settings_table(web.settings.Settings),
    "audit_settings": lambda: settings_table(drawing.audit.settings.Settings),
    "rights": rights_table,
    "findings": findings_table,
    "rules": rules_table,
    "sources": sources_table,
    "outcomes": outcomes_table,
    "codes": codes_table,
    "endings": endings_table,
    "reasons": reasons_table,
    "refusals": refusals_table,
    "words": words_table,
    "hindrances": hindrances_table,
    "states": states_table,
    "flows": flows_text,
    "common_flow": common_text,
    "pair_flows": pairs_text,
}


def filled(text: str) -> str:
    """A page with its tables as the code has them; KeyError for a mark that means nothing."""
    return _MARKS.sub(lambda mark: mark[1] + TABLES[mark[2]]() + mark[3], text)


def pages() -> list[Path]:
    """The pages that have tables."""
    return [path for path in sorted(DOCS.rglob("*.md")) if _MARKS.search(path.read_text(encoding="utf-8"))]


def main() -> int:
    """Write what is not current, and name it."""
    for path in pages():
        old = path.read_text(encoding="utf-8")
        if (new := filled(old)) != old:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(DOCS.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
