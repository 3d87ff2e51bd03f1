"""Who may witness a draw, and whose turn it is to be called (pure). What the database judges is `witness_unfit` there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from drawing.phone_numbers import same
from drawing.rules import OUR_FAILURES

CALLS_AT_ONCE = 10
"""Calls in a row to one witness, those that failed by our own fault among them, before the next is called."""
POSITIONS = ("监督人", "候补监督人")
UNFIT: Mapping[str, str] = {
    "unregistered": "不在抽取终端的监督人登记册中",
    "inactive": "已在登记册中停用",
    "other_account": "与登记册中的账号不符",
    "other_number": "选定之后电话已经变更，须重新选择",
    "unverified": "电话尚未通过系统呼叫核验",
    "other_terminal": "不属于本活动的抽取终端",
    "expert": "电话是专家库中专家的号码",
}
"""The words for `witness_unfit`; each follows whom it is about."""


@dataclass(frozen=True, slots=True)
class Known:
    """A number that stands in an activity, and whose it is."""

    number: str = field(repr=False)
    whose: str


def called(position: int) -> str:
    """What a witness of this position is.

    >>> called(1), called(2)
    ('监督人', '候补监督人')
    """
    return POSITIONS[min(position, len(POSITIONS)) - 1]


def conflict(number: str, known: Sequence[Known]) -> str:
    """Why this number can't be a witness's: it is somebody else's who takes part; or nothing.

    >>> conflict("13900000000", [Known("+86 139 0000 0000", "经办人")])
    '电话与经办人的电话相同'
    """
    return next((f"电话与{each.whose}的电话相同" for each in known if same(number, each.number)), "")


def whose_turn(witnesses: Sequence[str], calls: Sequence[tuple[str, str]], tries: int) -> str:
    """Who is called next for the share. `calls`: to whom, and what they came to, in turn; `tries`: how often one is tried before
    the stand-by (候补), who is followed by the first again.

    >>> whose_turn(["a", "b"], [("a", "busy"), ("a", "trunk_failure")], 2), whose_turn(["a", "b"], [("a", "busy")] * 2, 2)
    ('a', 'b')
    """
    if not calls or calls[-1][0] not in witnesses:
        return witnesses[0]
    last = calls[-1][0]
    in_a_row = [outcome for _, outcome in takewhile(lambda call: call[0] == last, reversed(calls))]
    tried = sum(outcome not in OUR_FAILURES for outcome in in_a_row)
    if tried < tries and len(in_a_row) < CALLS_AT_ONCE:
        return last
    return witnesses[(witnesses.index(last) + 1) % len(witnesses)]
