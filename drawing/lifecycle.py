"""What may be done with an activity (抽取活动), when, and by whom: one table, state × act × role → state.

The manual's states with its words, and ours beside them (草稿, 抽取中, 已暂停, 复评通知中). What an act
needs besides (numbers, times, reasons) is checked where it is done; a refusal here says in Chinese what
can't be done and why.
"""

from collections.abc import Iterator
from enum import Enum, StrEnum


class ActivityState(StrEnum):
    """抽取活动状态 (manual, 抽取活动列表)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    READY = "ready"
    DRAWING = "drawing"
    PAUSED = "paused"
    SHORT = "short"
    COMPLETED = "completed"
    ENDED = "ended"
    RELEASED = "released"
    REEVALUATION_SUBMITTED = "reevaluation_submitted"
    TO_NOTIFY = "to_notify"
    NOTIFYING = "notifying"

    @property
    def label(self) -> str:
        """The manual's term."""
        return _STATE_LABELS[self]


class Act(StrEnum):
    """What somebody, or the system, does with an activity."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    PASS_VERIFICATION = "pass_verification"  # noqa: S105
    REJECT = "reject"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FORCE_END = "force_end"
    COMPLETE = "complete"
    SHORT = "short"
    REOPEN = "reopen"
    REGISTER_ABSENCE = "register_absence"
    SUPPLEMENT = "supplement"
    SEAL = "seal"
    UNSEAL = "unseal"
    PRINT = "print"
    CLOSE = "close"
    END = "end"
    RELEASE = "release"
    SUBMIT_REEVALUATION = "submit_reevaluation"
    START_NOTIFYING = "start_notifying"
    CONFIRM_NOTIFIED = "confirm_notified"
    REPLACE_WITNESS = "replace_witness"

    @property
    def label(self) -> str:
        """The button's word."""
        return _ACT_LABELS[self]


class Role(StrEnum):
    """Who acts (requirements, "Who uses it"), and the system itself."""

    LEGAL_PERSON = "legal_person"
    HANDLER = "handler"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    REGISTRAR = "registrar"
    ADMINISTRATOR = "administrator"
    EXPERT = "expert"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        """What the role is called."""
        return _ROLE_LABELS[self]


class NotAllowed(Exception):
    """An act that can't be done in this state or by this role; the message (Chinese) says which."""


def after(state: ActivityState, act: Act, role: Role) -> ActivityState:
    """The state after `role` has done `act`; raises NotAllowed."""
    allowed = _TABLE.get((state, act))
    if allowed is None:
        when = "、".join(each.label for each, other in _TABLE if other is act)
        raise NotAllowed(f"当前状态为“{state.label}”，不能{act.label}；仅在以下状态可以：{when}。")
    roles, following = allowed
    if role not in roles:
        who = "、".join(each.label for each in sorted(roles))
        raise NotAllowed(f"{role.label}不能{act.label}；可由以下角色办理：{who}。")
    return following


def allowed_acts(state: ActivityState, role: Role) -> list[Act]:
    """What `role` may do now, in the order of `Act`: the console's buttons."""
    return [act for act in Act if role in _TABLE.get((state, act), (frozenset(), state))[0]]


def transitions() -> Iterator[tuple[ActivityState, Act, frozenset[Role], ActivityState]]:
    """The whole table, for tests and documentation."""
    for (state, act), (roles, following) in _TABLE.items():
        yield state, act, roles, following


class _Who(Enum):
    CLERK = frozenset({Role.LEGAL_PERSON, Role.HANDLER})
    REVIEWER = frozenset({Role.REVIEWER})
    SYSTEM = frozenset({Role.SYSTEM})
    # S2: an absence is a way to swap, so no clerk registers one; the system does after the expert's own key.
    ABSENCE = frozenset({Role.SYSTEM, Role.REVIEWER, Role.REGISTRAR})
    # 进场 = 是: all have left, or the registrar ends it with a reason; else the clock.
    END = frozenset({Role.SYSTEM, Role.REGISTRAR})


_S, _A = ActivityState, Act
_ROWS: list[tuple[tuple[ActivityState, ...], Act, _Who, ActivityState | None]] = [
    # from, act, who, to (None: stays)
    ((_S.DRAFT, _S.REJECTED), _A.SUBMIT, _Who.CLERK, _S.SUBMITTED),
    ((_S.SUBMITTED, _S.REEVALUATION_SUBMITTED), _A.WITHDRAW, _Who.CLERK, _S.DRAFT),
    ((_S.SUBMITTED,), _A.PASS_VERIFICATION, _Who.REVIEWER, _S.READY),
    ((_S.SUBMITTED, _S.REEVALUATION_SUBMITTED), _A.REJECT, _Who.REVIEWER, _S.REJECTED),
    ((_S.READY,), _A.START, _Who.CLERK, _S.DRAWING),
    ((_S.DRAWING,), _A.PAUSE, _Who.CLERK, _S.PAUSED),
    ((_S.PAUSED,), _A.RESUME, _Who.CLERK, _S.DRAWING),
    ((_S.DRAWING, _S.PAUSED, _S.SHORT), _A.FORCE_END, _Who.CLERK, _S.ENDED),
    # Paused too: a call that was under way may fill the last seat.
    ((_S.DRAWING, _S.PAUSED), _A.COMPLETE, _Who.SYSTEM, _S.COMPLETED),
    ((_S.DRAWING,), _A.SHORT, _Who.SYSTEM, _S.SHORT),
    ((_S.SHORT,), _A.REOPEN, _Who.CLERK, _S.DRAWING),
    ((_S.COMPLETED, _S.SHORT), _A.REGISTER_ABSENCE, _Who.ABSENCE, _S.SHORT),
    ((_S.SHORT,), _A.SUPPLEMENT, _Who.CLERK, _S.DRAWING),
    # Ended and released too: what was thrown away is opened to be checked like any other.
    ((_S.COMPLETED, _S.SHORT, _S.ENDED, _S.RELEASED), _A.SEAL, _Who.SYSTEM, None),
    # Each draw at its own moment, so that of a first one may come while a supplement is drawn.
    ((_S.DRAWING, _S.PAUSED, _S.SHORT, _S.COMPLETED, _S.ENDED, _S.RELEASED), _A.UNSEAL, _Who.SYSTEM, None),
    ((_S.DRAWING, _S.PAUSED, _S.SHORT, _S.COMPLETED, _S.ENDED), _A.PRINT, _Who.CLERK, None),
    ((_S.ENDED, _S.RELEASED), _A.CLOSE, _Who.SYSTEM, None),
    ((_S.COMPLETED,), _A.END, _Who.END, _S.ENDED),
    ((_S.DRAWING, _S.PAUSED, _S.SHORT), _A.END, _Who.SYSTEM, _S.ENDED),
    ((_S.COMPLETED,), _A.RELEASE, _Who.SYSTEM, _S.RELEASED),
    ((_S.DRAFT, _S.REJECTED), _A.SUBMIT_REEVALUATION, _Who.CLERK, _S.REEVALUATION_SUBMITTED),
    ((_S.REEVALUATION_SUBMITTED,), _A.PASS_VERIFICATION, _Who.REVIEWER, _S.TO_NOTIFY),
    ((_S.TO_NOTIFY,), _A.START_NOTIFYING, _Who.CLERK, _S.NOTIFYING),
    ((_S.NOTIFYING,), _A.CONFIRM_NOTIFIED, _Who.CLERK, _S.COMPLETED),
    # Before each commit; one that waits for its digits has fixed who may give them.
    ((_S.READY, _S.DRAWING, _S.SHORT, _S.COMPLETED), _A.REPLACE_WITNESS, _Who.REVIEWER, None),
]
_TABLE: dict[tuple[ActivityState, Act], tuple[frozenset[Role], ActivityState]] = {
    (state, act): (who.value, state if following is None else following)
    for states, act, who, following in _ROWS
    for state in states
}

_STATE_LABELS = {
    _S.DRAFT: "草稿",
    _S.SUBMITTED: "已提交",
    _S.REJECTED: "核验未通过",
    _S.READY: "未抽取",
    _S.DRAWING: "抽取中",
    _S.PAUSED: "已暂停",
    _S.SHORT: "待补抽",
    _S.COMPLETED: "抽取完成",
    _S.ENDED: "已结束",
    _S.RELEASED: "已退选",
    _S.REEVALUATION_SUBMITTED: "复评已提交",
    _S.TO_NOTIFY: "未通知",
    _S.NOTIFYING: "复评通知中",
}
_ACT_LABELS = {
    _A.SUBMIT: "提交审核",
    _A.WITHDRAW: "撤回",
    _A.PASS_VERIFICATION: "核验通过",
    _A.REJECT: "核验不通过",
    _A.START: "启动抽取",
    _A.PAUSE: "暂停抽取",
    _A.RESUME: "继续抽取",
    _A.FORCE_END: "强制结束",
    _A.COMPLETE: "完成抽取",
    _A.SHORT: "转为待补抽",
    _A.REOPEN: "重呼未接通专家",
    _A.REGISTER_ABSENCE: "登记缺席",
    _A.SUPPLEMENT: "启动补抽",
    _A.SEAL: "封存",
    _A.UNSEAL: "解密结果",
    _A.PRINT: "打印结果",
    _A.CLOSE: "封闭记录链",
    _A.END: "结束活动",
    _A.RELEASE: "退选专家",
    _A.SUBMIT_REEVALUATION: "提交复评申请",
    _A.START_NOTIFYING: "进入通知",
    _A.CONFIRM_NOTIFIED: "提交最终确认结果",
    _A.REPLACE_WITNESS: "更换监督人",
}
_ROLE_LABELS = {
    Role.LEGAL_PERSON: "法人",
    Role.HANDLER: "经办人",
    Role.REVIEWER: "抽取终端审核人员",
    Role.SUPERVISOR: "监督人员",
    Role.REGISTRAR: "场所登记人员",
    Role.ADMINISTRATOR: "专家库管理员",
    Role.EXPERT: "专家",
    Role.SYSTEM: "系统",
}
