"""A board follows real calls: ringing, then talking, then the end."""

from __future__ import annotations

import asyncio

import pytest

from asterisk.far_end import Behaviour
from drawing.board import Board, board, call_words
from tests.scenes import condition
from tests.system.conftest import POLL, Stack
from tests.system.test_draw import begin

pytestmark = [pytest.mark.telephone, pytest.mark.postgres, pytest.mark.speech]
UNHURRIED = {"answer_after": 4.0, "press_after": 4.0, "press_again_after": 4.0}
"""So that each state lasts much longer than a note takes."""


@pytest.mark.parametrize("stack", [UNHURRIED], indirect=True)
async def test_a_board_sees_a_call_ring_talk_and_end(stack: Stack) -> None:
    activity = await begin(stack, [Behaviour.ACCEPTS], condition(seats=1))
    watching = asyncio.create_task(_watch(stack, activity))
    await stack.worker()
    await stack.until("SELECT count(*) > 0 FROM draw WHERE sealed_at IS NOT NULL")
    seen = await watching
    expected = (
        (0, 0, "等待呼叫"),
        (1, 0, "响铃中"),
        (0, 1, "通话中：正在听邀请"),
        (0, 1, "通话中：等待确认"),
        (0, 1, "同意，正在播报集合信息"),
        (0, 0, "同意"),
    )
    assert [each for each in seen if each in expected] == list(expected)


async def _watch(stack: Stack, activity: str) -> list[tuple[int, int, str]]:
    """What the board says, each time it says something else, until the draw is sealed."""
    seen: list[tuple[int, int, str]] = []
    now: Board | None = None
    while now is None or not now.sealed:
        now = await board(stack.db, activity, 0)
        told = [(now.ringing, now.talking, call_words(row)) for row in now.rows]
        if told and told[0] not in seen[-1:]:
            seen.append(told[0])
        await asyncio.sleep(POLL)
    return seen
