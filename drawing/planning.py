"""What must hold of an activity before it can be drawn (pure): times in order, seats that add up, no name in a notice.

Each function returns {field: what is wrong and what to do}, in Chinese, for the form's fields; empty when all is well.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from drawing.lifecycle import ActivityState, NotAllowed
from drawing.normal_forms import normal_unit

NOTE_LENGTH = 50
"""注意事项 0/50."""
_EDITABLE = (ActivityState.DRAFT, ActivityState.REJECTED)
_SHORTEST_NAME = 4  # characters: a shorter "name" would be found in many an innocent address


class Refused(Exception):
    """What was entered can't be accepted; `faults` says what is wrong at which field ("" is the whole form)."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("；".join(faults.values()))
        self.faults = dict(faults)


@contextmanager
def gathering_faults(faults: dict[str, str]) -> Iterator[None]:
    """What is refused within is put to `faults`, so that all is told at once; the caller confirms that there are none."""
    try:
        yield
    except Refused as error:
        for name, told in error.faults.items():
            faults[name] = f"{faults[name]} {told}" if name in faults else told


def confirm(faults: Mapping[str, str]) -> None:
    """Raises Refused if there are any."""
    if faults:
        raise Refused(faults)


def times_in_order(
    opening: datetime | None, start: datetime | None, end: datetime | None, now: datetime
) -> dict[str, str]:
    """A4: 开标时间 < 预计评标开始时间 < 预计评标结束时间; the evaluation is to come. None: a time that is not known yet.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 11, day, tzinfo=UTC) for day in (23, 24, 25)]
    >>> times_in_order(*day, day[0]), list(times_in_order(day[0], day[0], day[0], day[0]))
    ({}, ['evaluation_start', 'evaluation_end'])
    >>> times_in_order(*day, day[1])
    {'evaluation_start': '预计评标开始时间已过，请核对。'}
    >>> times_in_order(day[0], None, day[0], day[0])
    {'evaluation_end': '预计评标结束时间应晚于开标时间。'}
    """
    faults = {}
    if start is None:
        if opening is not None and end is not None and end <= opening:
            faults["evaluation_end"] = "预计评标结束时间应晚于开标时间。"
        return faults
    if start <= now:
        faults["evaluation_start"] = "预计评标开始时间已过，请核对。"
    if opening is not None and start <= opening:
        faults["evaluation_start"] = "预计评标开始时间应晚于开标时间。"
    if end is not None and end <= start:
        faults["evaluation_end"] = "预计评标结束时间应晚于预计评标开始时间。"
    return faults


def gathering(gather: datetime, opening: datetime, start: datetime, now: datetime) -> dict[str, str]:
    """N2: 集合时间 is to come, and not after the evaluation has begun."""
    if gather <= now:
        return {"gather_at": "集合时间已过，请重新设置。"}
    if gather > start:
        return {"gather_at": "集合时间不能晚于预计评标开始时间。"}
    return {}


def names_in(texts: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """N2: no unit's and no project's name in any free text of a notice, however it is spaced or written.

    >>> names_in({"address": "广州市越秀区 演示-集团 大楼"}, ["演示集团"])
    {'address': '不能出现单位或项目的名称（“演示集团”）：专家接听时不应得知是谁的项目，请改写。'}
    """
    known = [(name, _bare(name)) for name in names]
    faults: dict[str, str] = {}
    for field, text in texts.items():
        written = _bare(text)
        for name, normal in known:
            if len(normal) >= _SHORTEST_NAME and normal in written:
                faults[field] = f"不能出现单位或项目的名称（“{name}”）：专家接听时不应得知是谁的项目，请改写。"
                break
    return faults


def _bare(text: str) -> str:
    """Its letters and figures alone: a dash or a bracket hides no name.

    >>> _bare("演示·项目（０６）—１７")
    '演示项目0617'
    """
    return "".join(each for each in normal_unit(text) if unicodedata.category(each)[0] in "LN")


def seats_left(total: int, planned: int) -> int:
    """剩余可设置人数: never below 0, even after 拟抽取专家人数 was made smaller."""
    return max(0, total - planned)


def seats(wanted: int, total: int, others: int) -> dict[str, str]:
    """C3: a condition takes no more than what remains.

    >>> seats(2, 5, 3), seats(3, 5, 3)
    ({}, {'seats': '剩余可设置人数为 2，请减少条件计划抽取人数。'})
    >>> seats(1, 5, 5)
    {'seats': '剩余可设置人数为 0，请先减少其他抽取条件的人数，或增加拟抽取专家人数。'}
    """
    left = seats_left(total, others)
    if wanted <= left:
        return {}
    advice = "请减少条件计划抽取人数。" if left else "请先减少其他抽取条件的人数，或增加拟抽取专家人数。"
    return {"seats": f"剩余可设置人数为 {left}，{advice}"}


def missing(total: int, planned: int, notices: int, empty: int) -> str:
    """What is to be done before 提交审核, or nothing. `empty`: notices without any condition."""
    if not notices:
        return "请先新增语音通知并创建抽取条件。"
    if planned != total:
        return f"各抽取条件人数之和为 {planned}，应等于拟抽取专家人数 {total}，请调整后再继续。"
    return f"有 {empty} 条语音通知没有抽取条件，请创建条件或删除该通知。" if empty else ""


def editable(state: ActivityState) -> None:
    """Raises NotAllowed where the application would no longer be what the terminal sees."""
    if state in _EDITABLE:
        return
    advice = "请先撤回申请再修改。" if state is ActivityState.SUBMITTED else "如需更改，请联系抽取终端。"
    raise NotAllowed(f"当前状态为“{state.label}”，不能修改；{advice}")
