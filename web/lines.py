"""线路, for the administrator: each trunk of each node, its alarms, and what to do about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.pool import Database, Transaction
from db.queries import load
from drawing.number_faults import Fault
from drawing.words import CALL_OUTCOMES
from ivr.trunk_alarms import TrunkAlarm
from web import ownership
from web.identity import Identity

Q = load("web")
_TRUNKS, _OUTCOMES, _ALARMS = Q.trunks, Q.trunk_outcomes, Q.trunk_alarms
_MENDED, _LIFT = Q.trunk_mended, Q.lift_alarms_of_trunk
MENDED = "线路告警已处理"
"""What 操作记录 says."""


NOT_REACHED = "未联系到本人"
_NOT_REACHED = frozenset({"busy", "rejected", "no_answer", "unreachable", *Fault})
"""Counted in one: the list of numbers names whose is 空号, so a count of 空号 alone would tell who is being called just now."""


@dataclass(frozen=True, slots=True)
class Words:
    """An alarm in words; `{}` stands for how many calls show it."""

    title: str
    todo: Sequence[str]


ALARMS: Mapping[TrunkAlarm, Words] = {
    TrunkAlarm.FAILING: Words(
        "连续 {} 次呼叫都未能送出",
        (
            "请运营商检查该中继，并核对其地址、端口和授权。",
            "有其他中继时，呼叫已优先改用其他中继；没有时，系统按规则延后重呼，不计专家次数。",
        ),
    ),
    TrunkAlarm.NO_MEDIA: Words(
        "连续 {} 次接通后没有声音",
        (
            "用自己的手机接听一次，听两个方向是否都有声音。",
            "与运营商一起核对语音端口（RTP）、防火墙、地址转换（NAT）和语音编码。",
            "这些通话不计专家次数。",
        ),
    ),
    TrunkAlarm.KEYLESS: Words(
        "连续 {} 次接通后没有收到任何按键",
        (
            "对方可能按了键而系统收不到，专家会因此被记为未按键。没有其他中继时，请经办人先暂停正在进行的抽取。",
            "用自己的手机接听一次并按键，核对是否收到。",
            "与运营商核对该中继的按键方式（RFC 4733、SIP INFO 或音频内），并相应修改中继设置。",
        ),
    ),
    TrunkAlarm.DROPPING: Words(
        "最近的接通中有 {} 次被网络中断",
        (
            "请运营商查明挂断原因；系统保存的呼叫证据中有原因代码。",
            "这些通话不计专家次数。",
        ),
    ),
    TrunkAlarm.UNANSWERED: Words(
        "最近的接通中有 {} 次因通话中的请求未获应答而中断",
        (
            "多为运营商设备在通话中发来系统不应答的请求，等待 32 秒后挂断。请启用 SIP 前置服务，或请运营商停发这类请求。",
            "使用会话定时器的中继，也可能是运营商设备没有应答系统的刷新请求，请运营商检查。",
            "这些通话不计专家次数。",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a trunk, raised or lifted."""

    node: str
    trunk: str
    kind: TrunkAlarm
    calls: int
    raised_at: datetime
    lifted_at: datetime | None

    @property
    def title(self) -> str:
        return ALARMS[self.kind].title.format(self.calls)

    @property
    def todo(self) -> Sequence[str]:
        return ALARMS[self.kind].todo


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk (中继) of a node. `held`: a worker holds the node; `stopped_at`: since when it dials nothing all the same, because
    its sounds can't be played (ivr/sound_check.py); `last`: when a call over it ended last; `hour`: what the calls
    of the last hour came to, in words, without what says something of a number.
    """

    node: str
    name: str
    held: bool
    stopped_at: datetime | None
    online: bool | None
    seen_at: datetime
    live: int
    last: datetime | None
    hour: Sequence[tuple[str, int]]
    alarms: Sequence[Alarm]

    @property
    def state(self) -> tuple[str, str]:
        """In a word, with the kind of badge."""
        if not self.held:
            return "呼叫服务未运行", "bad"
        if self.stopped_at is not None:
            return "已停止拨号", "bad"
        if self.online is None:
            return "状态未知", "warning"
        return ("在线", "good") if self.online else ("离线", "bad")


@dataclass(frozen=True, slots=True)
class Lines:
    """All trunks, and the alarms that were lifted within a day."""

    trunks: Sequence[Trunk]
    lifted: Sequence[Alarm]


async def look(db: Database) -> Lines:
    """How they stand now."""
    hour: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in await db.all(_OUTCOMES):
        word = NOT_REACHED if row.outcome in _NOT_REACHED else CALL_OUTCOMES.get(row.outcome, row.outcome)
        hour[row.node, row.trunk][word] += row.calls
    alarms = [
        Alarm(row.node, row.trunk, TrunkAlarm(row.alarm), row.calls, row.raised_at, row.lifted_at)
        for row in await db.all(_ALARMS)
    ]
    trunks = [
        Trunk(
            row.node, row.name, row.held, row.stopped_at, row.online, row.seen_at, row.live, row.last,
            hour[row.node, row.name].most_common(),
            [each for each in alarms if each.lifted_at is None and (each.node, each.trunk) == (row.node, row.name)],
        )
        for row in await db.all(_TRUNKS)
    ]  # fmt: skip
    return Lines(trunks, [each for each in alarms if each.lifted_at is not None])


async def mended(tx: Transaction, me: Identity, node: str, trunk: str) -> bool:
    """The trunk's alarms are lifted, and count anew from now on; False if there is no such trunk (any more)."""
    values = {"node": node, "trunk": trunk}
    if await tx.value(_MENDED, values) is None:
        return False
    await tx.run(_LIFT, values)
    await ownership.record(tx, me, MENDED, remark=f"节点 {node}，中继 {trunk}")
    return True
