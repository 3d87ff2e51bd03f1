"""The verifier's report, in Chinese, for a court: what was checked, what could not be, what does not hold."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from drawing.lots import fingerprint
from drawing.progress import Draw, Picked
from drawing.replay import Replay
from drawing.transcript import stamp
from drawing.words import UNREACHED_BY_LINE

NO_WITNESS = "无见证: 种子可被系统运营者选择"
OUTCOME_LABELS = {
    None: "呼叫中",
    "accepted": "同意参评",
    "declined": "不参评",
    "unreached": "未接通",
    "unavailable": "不能参评（另有评标）",
    "cancelled": "取消",
}
_LIMITS = (
    "运营者与见证人串通，可以逐一试算全部数字来选择种子；",
    "掌握服务密钥者可以重写一切外界未持有回执的记录；",
    "停用、另有评标、无号码三种排除由系统声明，仅以人数承诺；",
    "标段的抽取历史只能由后向前核验：每份证据指明此前的一次，此后有无抽取须查询台账；",
    "数据库中较早的加密值可以被恢复，以致电话打给该专家的旧号码。",
)
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


@dataclass(slots=True)
class Report:
    """What came of a verification. `unreadable`: why this is no evidence; `as_of`: when the chain was as long as this."""

    held: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unreadable: str | None = None
    finished: bool = False  # each draw is sealed, and nothing is withheld
    closed: bool = False
    old: bool = False  # the older form, whose end nobody can know
    entries: int = 0
    as_of: str = ""
    replay: Replay | None = None
    key: str | None = None
    ledger_head: tuple[int, str] | None = None

    @property
    def exit_code(self) -> int:
        """The verdict, as docs/expert-draw-1.md has it."""
        if self.unreadable is not None:
            return 65
        if self.broken:
            return 1
        if not self.finished:
            return 2
        return 0 if self.closed and not self.old else 3

    def text(self) -> str:
        """The whole report; one sentence where there is no evidence."""
        if self.unreadable is not None:
            return _seen(f"不是可以核验的证据：{self.unreadable}。") + "\n"
        return "".join(_seen(line) + "\n" for line in self._lines())

    def _lines(self) -> list[str]:
        draws = self.replay.draws if self.replay else []
        lines = [NO_WITNESS] if any(not draw.commit.witnesses for draw in draws) else []
        lines += ["专家抽取证据核验报告（expert-draw/1）", "", f"结论：{self._conclusion()}"]
        lines += _section("不符之处", self.broken)
        if draws:
            lines += ["", f"活动编号：{draws[0].commit.activity}", f"标段：{'、'.join(draws[0].commit.lots)}"]
        if self.key:
            lines.append(f"服务公钥指纹：{self.key}")
        if self.ledger_head:
            lines.append(f"台账头：{self.ledger_head[0]} 条，根 {self.ledger_head[1]}")
        for draw in draws:
            picks = self.replay.picks if self.replay else []
            lines += ["", *_draw(draw, [pick for pick in picks if pick.draw == draw.commit.draw])]
        lines += _section("已核验", self.held)
        lines += _section("未能核验", self.unchecked)
        return lines + _section("本核验方法不能证明", [*self._open_end(), *_LIMITS])

    def _conclusion(self) -> str:
        if self.broken:
            return "证据不成立。"
        if not self.finished:
            return "抽取尚未封存或内容尚未公开，记录链至此未发现不符；公开后须再次核验。"
        if self.old:
            return f"旧形式的证据：至最后一条记录（共 {self.entries} 条）所核验的各项均成立，此后是否还有记录不能得知。"
        if not self.closed:
            return (
                f"截至 {self.as_of}，至第 {self.entries - 1} 条记录（共 {self.entries} 条）所核验的各项均成立；"
                "记录链尚未终结，此后可能还有记录。"
            )
        return "记录链已经终结，所核验的各项均成立。" + ("另有未能核验的事项，见下。" if self.unchecked else "")

    def _open_end(self) -> list[str]:
        if self.closed and not self.old:
            return []
        return [f"{self.as_of or '最后一条记录'} 之后，记录链可能还有增加；"]


def _seen(line: str) -> str:
    """A line in which nothing that the evidence holds can act on a terminal, begin a line of its own or hide."""
    if line.isprintable():
        return line
    return "".join(f"\\u{ord(sign):04x}" if unicodedata.category(sign) in _UNSEEN else sign for sign in line)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    return ["", f"{title}：", *(f"  {number}. {line}" for number, line in enumerate(lines, start=1))]


def _draw(draw: Draw, picks: Sequence[Picked]) -> list[str]:
    commit = draw.commit
    kind = "首次" if commit.draw == 1 else "补抽"
    lines = [
        f"第 {commit.draw} 次抽取（{kind}），{stamp(draw.entry.at)}，规则 {commit.rules}",
        f"  承诺指纹：{fingerprint(draw.entry.hash)}" + ("" if draw.unsealed else "（尚未解密）"),
        f"  专家池：{commit.pool_size} 人；排除：{_numbers(commit.counts.excluded)}",
    ]
    for condition in commit.conditions:
        main, backup = commit.counts.eligible[condition.id]
        lines.append(f"  条件 {condition.id}：主专业合格 {main} 人，备选专业合格 {backup} 人，{condition.seats} 席")
    if commit.witnesses:
        given = f"{draw.share['by']}，数字 {draw.share['value']}" if draw.share else "（未公开或尚未见证）"
        lines.append(f"  见证：{given}")
    for pick in picks:
        by_line = pick.outcome == "unreached" and draw.rules.unreached_by_line(pick.calls)
        result = (UNREACHED_BY_LINE if by_line else OUTCOME_LABELS[pick.outcome]) + ("，后登记缺席" if pick.absent else "")
        lines.append(
            f"  条件 {pick.condition} 席位 {pick.seat}：次序第 {pick.rank} 位 {pick.placed.expert}，"
            f"呼叫 {len(pick.attempts)} 次，{result}"
        )
    return lines


def _numbers(excluded: dict[str, int]) -> str:
    labels = {
        "avoided_unit": "回避单位",
        "avoided_person": "回避人员",
        "picked_before": "此前已抽取",
        "suspended": "停用",
        "appointment": "另有评标",
        "no_number": "无号码",
    }
    return "，".join(f"{labels.get(code, code)} {number} 人" for code, number in sorted(excluded.items())) or "无"
