"""A call's row in a clerk's words: a table of all outcomes, and no outcome without words."""

from __future__ import annotations

from typing import Any

import pytest

from drawing.call_words import PROMPTS, call_sentence
from ivr.calls import Outcome
from ivr.prompts import invitation, witness
from tests.ivr.facts import INVITATION, WITNESS

HALF = {"prompt": "invitation", "at_ms": 100, "for_ms": 9_000, "whole": False}
WHOLE = {"prompt": "invitation", "at_ms": 100, "for_ms": 18_000, "whole": True}
ASKED = {"prompt": "confirm_accept", "at_ms": 9_200, "for_ms": 2_000, "whole": False}
DETAILS = {"prompt": "details", "at_ms": 15_000, "for_ms": 12_000, "whole": True}
BYE = {"prompt": "goodbye_no_key", "at_ms": 30_000, "for_ms": 3_000, "whole": True}


def trail(rings: float | None, talks: float | None, *heard: dict[str, Any], keys: str = "", spoke: int = 0) -> dict[str, Any]:
    def at(seconds: float) -> str:
        return f"2026-11-23T09:{int(seconds) // 60:02d}:{seconds % 60:06.3f}+08:00"

    answered = 2 + (rings or 0)
    return {
        "dialled": at(0),
        "ringing": None if rings is None else at(2),
        "answered": None if talks is None else at(answered),
        "ended": at(answered + (talks or 0)),
        "heard": list(heard),
        "pressed": [{"key": key, "at_ms": 0, "held_ms": 100, "step": ""} for key in keys],
        "talked": [{"at_ms": 300, "for_ms": spoke}] if spoke else [],
    }


@pytest.mark.parametrize(
    ("outcome", "course", "said"),
    [
        ("no_answer", trail(30.2, None), "响铃 30 秒无人接听"),
        ("busy", trail(None, None), "占线"),
        ("busy", trail(4, None), "响铃 4 秒后占线"),
        ("rejected", trail(6, None), "响铃 6 秒后被拒接"),
        ("unreachable", trail(None, None), "提示关机或无法接通"),
        ("invalid_number", trail(1, None), "空号"),
        ("trunk_failure", trail(None, None), "线路故障，未能接到对方（不计对方次数）"),
        ("interrupted", {}, "呼叫中断（不计对方次数）"),
        ("interrupted", trail(3, 7, HALF), "接通 7 秒后通话中断（不计对方次数），邀请语音听了 9 秒，未听完"),
        ("no_media", trail(3, 7, HALF), "接通 7 秒，线路无声，双方未能通话（不计对方次数）"),
        ("no_media", trail(3, 7, HALF, keys="1"), "接通 7 秒，线路无声，双方未能通话（不计对方次数），按过键（1）"),
        ("no_media", trail(3, 7) | {"holds": [{"for_ms": 5_200}]}, "接通 7 秒，通话被保持 5 秒，双方未能通话（不计对方次数）"),
        ("line_dropped", trail(3, 7, HALF), "接通 7 秒后线路中断（不计对方次数），邀请语音听了 9 秒，未听完"),
        ("cancelled", trail(5, None), "响铃 5 秒后停止呼叫"),
        ("hung_up_early", trail(5, 12, HALF), "接通 12 秒后对方挂断，邀请语音听了 9 秒，未听完，未按键"),
        ("hung_up_early", trail(5, 1), "接通 1 秒后对方挂断，未听到语音，未按键"),
        (
            "hung_up_early",
            trail(5, 12, HALF, ASKED, keys="1"),
            "接通 12 秒后对方挂断，确认提示听了 2 秒，未听完，按过键（1）",
        ),
        ("no_key", trail(5, 33, WHOLE, BYE), "接通 33 秒，邀请语音已听完，未按键"),
        ("no_key", trail(5, 33, HALF, ASKED, BYE, keys="1"), "接通 33 秒，确认提示听了 2 秒，未听完，按键未确认（1）"),
        ("wrong_keys", trail(5, 20, HALF, keys="575"), "接通 20 秒，按键无效（5、7、5）"),
        ("wrong_person", trail(5, 20, HALF, keys="99"), "接通 20 秒，按 9 并确认非本人"),
        ("accepted", trail(5, 41, HALF, ASKED, DETAILS, keys="11"), "接通 41 秒，按 1 并确认同意，地点通知已听完"),
        ("accepted", trail(5, 14, HALF, ASKED, keys="11"), "接通 14 秒，按 1 并确认同意，未听到地点通知"),
        ("declined", trail(5, 19, HALF, keys="22"), "接通 19 秒，按 2 并确认不参加"),
        ("withdrawn", trail(5, 19, HALF, keys="11"), "接通 19 秒，邀请已失效，已致歉"),
        ("share_given", trail(5, 90), "接通 90 秒，已输入并确认见证数字"),
        ("delivered", trail(5, 25, DETAILS), "接通 25 秒，已送达"),
        ("voicemail", trail(5, 25, WHOLE, spoke=8_600), "接通 25 秒，疑似语音信箱（对方说话 9 秒，未按键）"),
    ],
)
def test_what_a_clerk_reads(outcome: str, course: dict[str, Any], said: str) -> None:
    assert call_sentence(outcome, course) == said


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("course", [{}, trail(None, None), trail(9, None), trail(9, 9), trail(9, 9, WHOLE, keys="1")])
def test_every_outcome_has_words_however_it_went(outcome: Outcome, course: dict[str, Any]) -> None:
    said = call_sentence(outcome.value, course)
    assert said
    assert not said.startswith("，")
    assert outcome.value not in said


def test_prompts_that_are_named_exist() -> None:
    assert PROMPTS.keys() <= invitation(INVITATION).keys() | witness(WITNESS).keys()
