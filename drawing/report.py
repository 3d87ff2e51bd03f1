"""The verifier's report, in Chinese, for a court: what was checked, what could not be, what does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from drawing.lots import fingerprint
from drawing.progress import Draw, Picked
from drawing.replay import Replay
from drawing.transcript import stamp

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
    "停用、另有评标、无号码三种排除由系统声明，仅以人数承诺。",
)


@dataclass(slots=True)
class Report:
    """What came of a verification."""

    held: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    finished: bool = False
    replay: Replay | None = None
    key: str | None = None
    head: tuple[int, str] | None = None

    @property
    def exit_code(self) -> int:
        """0: all that was checked holds; 1: something does not; 2: the chain is unfinished."""
        if self.broken:
            return 1
        return 0 if self.finished else 2

    def text(self) -> str:
        """The whole report."""
        draws = self.replay.draws if self.replay else []
        parts = [NO_WITNESS] if any(not draw.commit.witnesses for draw in draws) else []
        parts += ["专家抽取证据核验报告（expert-draw/1）", "", f"结论：{self._conclusion()}"]
        parts += _section("不符之处", self.broken)
        if draws:
            parts += ["", f"活动编号：{draws[0].commit.activity}", f"标段：{'、'.join(draws[0].commit.lots)}"]
        if self.key:
            parts.append(f"服务公钥指纹：{self.key}")
        if self.head:
            parts.append(f"台账头：{self.head[0]} 条，根 {self.head[1]}")
        for draw in draws:
            parts += ["", *_draw(draw, [pick for pick in (self.replay.picks if self.replay else [])
                                        if pick.draw == draw.commit.draw])]  # fmt: skip
        parts += _section("已核验", self.held)
        parts += _section("未能核验", self.unchecked)
        parts += _section("本核验方法不能证明", _LIMITS)
        return "\n".join(parts) + "\n"

    def _conclusion(self) -> str:
        if self.broken:
            return "证据不成立。"
        if not self.finished:
            return "抽取尚未封存或内容尚未公开，记录链至此未发现不符；公开后须再次核验。"
        return "所核验的各项均成立。" + ("另有未能核验的事项，见下。" if self.unchecked else "")


def _section(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    return ["", f"{title}：", *(f"  {number}. {line}" for number, line in enumerate(lines, start=1))]


def _draw(draw: Draw, picks: Sequence[Picked]) -> list[str]:
    commit = draw.commit
    kind = "首次" if commit.draw == 1 else "补抽"
    lines = [
        f"第 {commit.draw} 次抽取（{kind}），{stamp(draw.entry.at)}，规则 {commit.rules}",
        f"  承诺指纹：{fingerprint(draw.entry.hash)}",
        f"  专家池：{commit.pool_size} 人；排除：{_numbers(commit.counts.excluded)}",
    ]
    for condition in commit.conditions:
        main, backup = commit.counts.eligible[condition.id]
        lines.append(f"  条件 {condition.id}：主专业合格 {main} 人，备选专业合格 {backup} 人，{condition.seats} 席")
    if commit.witnesses:
        given = f"{draw.share['by']}，数字 {draw.share['value']}" if draw.share else "（未公开或尚未见证）"
        lines.append(f"  见证：{given}")
    for pick in picks:
        result = OUTCOME_LABELS[pick.outcome] + ("，后登记缺席" if pick.absent else "")
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
