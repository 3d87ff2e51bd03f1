"""What happened to one call, in a sentence that a clerk understands: from its outcome and its trail (ivr.calls.Trail as stored).

Nothing of it tells who was called: seconds, which of our own words were heard, and keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from drawing.words import CALL_OUTCOMES

PROMPTS: Mapping[str, str] = {
    "invitation": "邀请语音",
    "no_key": "邀请语音（重复）",
    "wrong_key": "邀请语音（重复）",
    "confirm_accept": "确认提示",
    "confirm_decline": "确认提示",
    "confirm_wrong_person": "确认提示",
    "details": "地点通知",
    "witness_receipt": "承诺播报",
    "witness_receipt_sent": "回执核对",
    "witness_ask": "取数提示",
    "witness_readback": "复述",
}
"""What the clerk calls our prompts (ivr.prompts); others are just 语音."""
_FAREWELLS = frozenset({"goodbye", "goodbye_no_key", "received_decline", "received_wrong_person", "received_accept", "wait"})


@dataclass(frozen=True, slots=True)
class Course:
    """How a call went: seconds are whole, None where it never came so far."""

    rang: int | None
    """From 180 to the answer, or to the end."""
    talked: int | None
    heard: Sequence[tuple[str, int, bool]]
    """Prompts in turn: name, seconds, to the end."""
    keys: str
    spoke: int
    """Seconds in which the far side talked."""
    held: int
    """Seconds in which the far side, or something on the way, held the call."""

    @classmethod
    def of(cls, trail: Mapping[str, Any]) -> Self:
        """From the trail as stored."""
        ringing, answered, ended = (_moment(trail.get(name)) for name in ("ringing", "answered", "ended"))
        return cls(
            rang=_seconds(ringing, answered or ended),
            talked=_seconds(answered, ended),
            heard=[(each["prompt"], round(each["for_ms"] / 1000), each["whole"]) for each in trail.get("heard", ())],
            keys="".join(each["key"] for each in trail.get("pressed", ())),
            spoke=round(sum(each["for_ms"] for each in trail.get("talked", ())) / 1000),
            held=round(sum(each["for_ms"] for each in trail.get("holds", ())) / 1000),
        )


def call_sentence(outcome: str, trail: Mapping[str, Any]) -> str:
    """What became of an ended call.

    >>> call_sentence("no_answer", {"ringing": "2026-11-23T09:00:00+08:00", "ended": "2026-11-23T09:00:30+08:00"})
    '响铃 30 秒无人接听'
    """
    course = Course.of(trail)
    if course.talked is None:
        return _unanswered(outcome, course)
    return f"接通 {course.talked} 秒{_answered(outcome, course)}"


def _unanswered(outcome: str, course: Course) -> str:
    word = _UNANSWERED.get(outcome) or CALL_OUTCOMES.get(outcome, "")
    if course.rang is None or outcome in ("trunk_failure", "invalid_number"):
        return word
    joint = "" if outcome == "no_answer" else "后"
    return f"响铃 {course.rang} 秒{joint}{word}"


_UNANSWERED: Mapping[str, str] = {
    "no_answer": "无人接听",
    "busy": "占线",
    "redirected": "被转移到其他号码（未拨打该号码）",
    "rejected": "被拒接",
    "unreachable": "提示关机或无法接通",
    "trunk_failure": "线路故障，未能接到对方（不计对方次数）",
    "interrupted": "呼叫中断（不计对方次数）",
    "cancelled": "停止呼叫",
    "share_given": "已见证",
}


def _answered(outcome: str, course: Course) -> str:
    match outcome:
        case "accepted":
            return f"，按 1 并确认同意，{_details(course)}"
        case "declined":
            return "，按 2 并确认不参加"
        case "wrong_person":
            return "，按 9 并确认非本人"
        case "share_given":
            return "，已输入并确认见证数字"
        case "hung_up_early":
            return f"后对方挂断，{_how_far(course)}{_pressed(course)}"
        case "interrupted":
            return f"后通话中断（不计对方次数），{_how_far(course)}"
        case "line_dropped":
            return f"后线路中断（不计对方次数），{_how_far(course)}"
        case "no_media":
            why = f"通话被保持 {course.held} 秒" if course.held else "线路无声"
            return f"，{why}，双方未能通话（不计对方次数）{'，按过键' + _keys(course) if course.keys else ''}"
        case "no_key":
            return f"，{_how_far(course)}，{'按键未确认' + _keys(course) if course.keys else '未按键'}"
        case "wrong_keys":
            return f"，按键无效{_keys(course)}"
        case "voicemail":
            return f"，疑似语音信箱（对方说话 {course.spoke} 秒，未按键）"
        case "withdrawn":
            return "，邀请已失效，已致歉"
        case _:
            return f"，{CALL_OUTCOMES.get(outcome, '已结束')}"


def _details(course: Course) -> str:
    heard = [whole for name, _, whole in course.heard if name == "details"]
    return "地点通知已听完" if any(heard) else "地点通知未听完" if heard else "未听到地点通知"


def _how_far(course: Course) -> str:
    """The last of what was asked or told, and how much of it."""
    said = [each for each in course.heard if each[0] not in _FAREWELLS]
    if not said:
        return "未听到语音"
    name, seconds, whole = said[-1]
    word = PROMPTS.get(name, "语音")
    return f"{word}已听完" if whole else f"{word}听了 {seconds} 秒，未听完"


def _pressed(course: Course) -> str:
    return f"，按过键{_keys(course)}" if course.keys else "，未按键"


def _keys(course: Course) -> str:
    return f"（{'、'.join(course.keys)}）"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else max(0, round((end - begin).total_seconds()))
