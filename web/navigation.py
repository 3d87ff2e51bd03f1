"""The modules (H2), by role. Add an entry together with its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drawing.lifecycle import Role
from web.access import ANYBODY, CLERKS
from web.identity import Identity


@dataclass(frozen=True, slots=True)
class Module:
    """An entry of the navigation and of the home page."""

    path: str
    label: str
    hint: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Entry:
    """A module as one page shows it."""

    path: str
    label: str
    hint: str
    current: bool


MODULES: tuple[Module, ...] = (
    Module("/", "首页", "今日数字与待办事项", ANYBODY),
    Module("/projects", "招标项目", "登记项目与标段", CLERKS),
    Module("/activities", "抽取活动列表", "新建抽取、进入抽取、查看结果", CLERKS),
    Module("/activities", "抽取活动列表", "查看抽取情况和结果", frozenset({Role.REVIEWER, Role.SUPERVISOR})),
    Module("/activities", "抽取活动列表", "查看活动的时间、地点和人数", frozenset({Role.REGISTRAR})),
    Module("/reviews", "审核", "核验抽取申请、选定监督人", frozenset({Role.REVIEWER})),
    Module("/supervisors", "监督人登记册", "登记监督人，核验其电话", frozenset({Role.REVIEWER})),
    Module("/pool", "专家库", "导入、查询、暂停专家", frozenset({Role.ADMINISTRATOR})),
    Module("/lines", "线路", "中继状态、线路告警、号码问题", frozenset({Role.ADMINISTRATOR})),
    Module("/witness", "见证", "核对承诺指纹，提供见证数字", frozenset({Role.SUPERVISOR})),
    Module("/registration", "我的登记", "核验登记的电话", frozenset({Role.SUPERVISOR})),
    Module("/operations", "操作记录", "谁在何时做了什么", frozenset({Role.ADMINISTRATOR})),
)


_REVIEW = re.compile(r"/activities/[^/]+/review(/.*)?")
"""Lies under an activity, but is a page of 审核."""


def navigation(me: Identity | None, path: str) -> Sequence[Entry]:
    """What this person may open; `current` is the one that `path` lies in."""
    if me is None:
        return ()
    mine = [each for each in MODULES if me.role in each.roles]
    reviewing = me.role is Role.REVIEWER and _REVIEW.fullmatch(path) is not None
    where = "/reviews" if reviewing else path
    return [Entry(each.path, each.label, each.hint, _within(where, each.path)) for each in mine]


def _within(path: str, module: str) -> bool:
    """
    >>> _within("/projects/7", "/projects"), _within("/projects", "/")
    (True, False)
    """
    return path == module or (module != "/" and path.startswith(f"{module}/"))
