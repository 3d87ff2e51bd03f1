"""A chain played again, entry by entry: could each stand where it stands?

A pick is a function of the chain, so the player knows at each moment which one is prescribed. What does not
hold is a BrokenChain naming the entry. What happens to a draw as a whole is here; picks and their calls are in
`drawing.replay_picks`.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import timedelta
from hashlib import sha256
from typing import Any

from drawing.bodies import is_old
from drawing.commit import Commit
from drawing.lots import weak_share
from drawing.progress import Draw, Orders, Seats
from drawing.replay_picks import Call, Picks
from drawing.rules import BadRules, Rules
from drawing.transcript import BrokenChain, Entry, EntryType, parse_stamp


class Replay(Picks):
    """Plays `chain`. `calls` are what the attempts' hashes stand for; `opened` the draws that have their `unseal`."""

    def __init__(
        self, chain: Sequence[Entry], orders: Mapping[int, Orders], calls: Mapping[str, Call], opened: Set[int]
    ) -> None:
        super().__init__(calls, {entry.hash for entry in chain})
        self._orders, self._opened = orders, opened
        self._bound = bool(chain) and chain[0].body.get("facts") is not None
        self.closed: Entry | None = None
        self._handlers: Mapping[EntryType, Callable[[Entry, Any], None]] = {
            kind: getattr(self, f"_{kind.value}") for kind in EntryType
        }

    def apply(self, entry: Entry) -> None:
        """Play the next entry; raises BrokenChain."""
        self.seq = entry.seq
        if self.draws:
            self._may_follow(entry)
        elif entry.type is not EntryType.COMMIT:
            self.refuse("第一条记录必须是承诺（commit）")
        if not entry.withheld:
            self._handlers[entry.type](entry, entry.body)
        elif entry.type is EntryType.WITNESS:
            self._first_witness()
        else:
            self._end_of_draw()

    # What must hold for many entries

    def _may_follow(self, entry: Entry) -> None:
        self.require(self.closed is None, "终结（close）之后不应再有记录")
        if self._bound:
            old = entry.type is EntryType.PRINT or (not entry.withheld and is_old(entry.type.value, entry.body))
            self.require(not old, f"新形式的记录链中不应有旧形式的 {entry.type.value} 记录")
        if entry.type in _WHILE_RUNNING:
            self._may_run(entry.type)
        if entry.type not in _NO_STARVING:
            self._nobody_starved()
        if entry.type not in _BEFORE_COMPLETE:
            self._complete_first()
        if entry.type in (EntryType.WITNESS, EntryType.SEAL):
            self._shown_as_opened(entry)

    def _may_run(self, kind: EntryType) -> None:
        self.require(not self.draw.sealed, f"封存之后不应再有 {kind.value} 记录")
        if kind not in (EntryType.WITNESS, EntryType.WITNESS_TRY, EntryType.FORCE_END):
            self.require(self.draw.witnessed or self.draw.ended, f"见证之前不应有 {kind.value} 记录")

    def _running(self) -> bool:
        draw = self.draw
        return draw.witnessed and not (draw.ended or draw.completed or draw.sealed)

    def _nobody_starved(self) -> None:
        if self._running() and not self.draw.paused_since:
            self.require(self.nobody_left() is not False, "尚有空席且有人可抽，却未先行抽取")

    def _complete_first(self) -> None:
        if self._running():
            self.require(self.draw.agreed < self.draw.planned, "全部席位均已同意参评，应先记录完成（complete）")

    def _shown_as_opened(self, entry: Entry) -> None:
        """What is withheld is withheld until the draw's own `unseal`, and no longer."""
        opened = self.draw.commit.draw in self._opened
        self.require(not (opened and entry.withheld), "本次抽取已经解密，不得再隐去内容")
        self.require(opened or entry.withheld, "本次抽取尚未解密，内容不应出现")

    # A draw from its commit to its seal

    def _commit(self, entry: Entry, body: Any) -> None:
        commit = Commit.from_json(body)
        try:
            rules = Rules.load(commit.rules)
        except BadRules:
            self.refuse(f"规则版本“{commit.rules}”不为本核验程序所知")
        self.require(commit.draw == len(self.draws) + 1, f"抽取次序应为 {len(self.draws) + 1}")
        self.require(body["kind"] == ("first" if commit.draw == 1 else "supplement"), "抽取种类与次序不符")
        self.require(len(commit.previous) == len(commit.lots), "previous 与标段数目不符")
        names = {condition.id for condition in commit.conditions}
        self.require(set(commit.counts.eligible) == names, "合格人数与抽取条件不符")
        self.require(commit.witnesses or not rules.witness_required, "规则要求见证，但未指定见证人")
        if self.draws:
            self._check_supplement(commit)
        seats = {each.id: Seats(each.seats) for each in commit.conditions}
        orders = self._orders.get(commit.draw, Orders(None, units_known=False))
        self.draws.append(Draw(commit, entry, rules, orders, seats, witnessed=not commit.witnesses))
        self.changed()

    def _check_supplement(self, commit: Commit) -> None:
        last = self.draw
        self.require(last.sealed, "上一次抽取尚未封存，不得补抽")
        self.require(not last.ended, "已强制结束的活动不得补抽")
        same = (commit.activity, commit.lots) == (last.commit.activity, last.commit.lots)
        self.require(same, "补抽的活动编号或标段与首次不同")
        seats = sum(condition.seats for condition in commit.conditions)
        absent = [pick for pick in self.picks if pick.absent and not pick.replaced]
        unfilled = last.planned - last.agreed
        fits = seats == len(absent) + unfilled if self._bound else len(absent) <= seats <= len(absent) + unfilled
        self.require(fits, f"补抽席位 {seats} 与缺席 {len(absent)} 人、缺额 {unfilled} 人不符")
        for pick in absent:
            pick.replaced = True

    def _witness(self, entry: Entry, body: Any) -> None:
        self._first_witness()
        share = body["share"]
        self.require(share["by"] in self.draw.commit.witnesses, f"{share['by']} 不在承诺的见证人之列")
        before = {draw.share["value"] for draw in self.draws if draw.share}
        reason = weak_share(share["value"], before)
        self.require(reason is None, f"见证数字不合要求（{reason}）")
        self.draw.share = share

    def _first_witness(self) -> None:
        self.require(not self.draw.ended, "强制结束之后不应再有见证数字")
        self.require(not self.draw.witnessed, "见证数字只能有一份" if self.draw.commit.witnesses else "承诺为无见证")
        self.draw.witnessed = True

    def _witness_try(self, entry: Entry, body: Any) -> None:
        self.require(not self.draw.witnessed, "见证完成之后不应再有见证呼叫")
        self.require(body["by"] in self.draw.commit.witnesses, f"{body['by']} 不在承诺的见证人之列")

    def _pause(self, entry: Entry, body: Any) -> None:
        draw = self.draw
        self.require(not (draw.paused_since or draw.ended or draw.completed), "此时不能暂停")
        self._check_numbers(body)
        draw.paused_since = entry.at

    def _resume(self, entry: Entry, body: Any) -> None:
        if (since := self.draw.paused_since) is None or self.draw.ended or self.draw.completed:
            raise BrokenChain(self.seq, "并未暂停，不能继续")
        self._check_numbers(body)
        self.draw.pauses.append((since, entry.at))
        self.draw.paused_since = None

    def _force_end(self, entry: Entry, body: Any) -> None:
        self.require(not (self.draw.ended or self.draw.completed), "此时不能强制结束")
        self._check_numbers(body)
        self.draw.ended = True

    def _check_numbers(self, body: Any) -> None:
        """Live is a call that has begun and whose end is not written yet: at most one for each pick without outcome."""
        self._check_agreed(body)
        if self._bound:
            self.require(body["live"] <= self.draw.in_call, f"呼叫中的人数至多为 {self.draw.in_call}")

    def _complete(self, entry: Entry, body: Any) -> None:
        self.require(not (self.draw.ended or self.draw.completed), "此时不能完成")
        self._check_agreed(body)
        self.require(body["seats"] == self.draw.planned, f"席位数应为 {self.draw.planned}")
        self.require(self.draw.agreed == self.draw.planned, "尚有席位无人同意，不能完成")
        self.draw.completed = True

    def _check_agreed(self, body: Any) -> None:
        self.require(body["agreed"] == self.draw.agreed, f"同意参评人数应为 {self.draw.agreed}")

    def _seal(self, entry: Entry, body: Any) -> None:
        opened = sha256(bytes.fromhex(body["system_share"])).hexdigest()
        self.require(opened == self.draw.commit.system_share_hash, "系统份额与承诺的哈希值不符")
        self._end_of_draw()

    def _end_of_draw(self) -> None:
        self.require(not self.draw.in_call, "尚有呼叫未了，不能封存")
        over = self.draw.ended or self.draw.completed or self.nobody_left() is not False
        self.require(over, "抽取未完，不能封存")
        self.draw.sealed = True

    # After the seal

    def _unseal(self, entry: Entry, body: Any) -> None:
        times = [self._time(body["evaluation_start"])]
        if "draw" in body:
            self.require(body["draw"] <= len(self.draws), f"没有第 {body['draw']} 次抽取")
            times.append(self._time(body["gather_at"]))
            opening = [self.draws[body["draw"] - 1]]
        else:  # the older form opens all at once
            opening = self.draws
        for draw in opening:
            self.require(draw.sealed, f"第 {draw.commit.draw} 次抽取尚未封存，不能解密")
            self.require(not (draw.unsealed and "draw" in body), f"第 {draw.commit.draw} 次抽取已经解密过")
            draw.unsealed = True
        lead = opening[0].rules.unseal_lead_s
        self.require(body["lead_seconds"] == lead, f"解密提前量应为 {lead} 秒")
        self.require(entry.at >= max(times) - timedelta(seconds=lead), "早于规定的解密时间")

    def _time(self, text: str) -> Any:
        try:
            return parse_stamp(text)
        except ValueError as error:
            raise BrokenChain(self.seq, str(error)) from error

    def _close(self, entry: Entry, body: Any) -> None:
        left = [draw.commit.draw for draw in self.draws if not draw.unsealed]
        self.require(not left, f"第 {left[0] if left else 0} 次抽取尚未解密，不能终结")
        self.closed = entry

    def _print(self, entry: Entry, body: Any) -> None:
        self.require(any(draw.unsealed for draw in self.draws), "尚未解密，不能打印")


_T = EntryType
_WHILE_RUNNING = frozenset(EntryType) - {
    _T.COMMIT, _T.ABSENCE, _T.ABSENCE_UNDONE, _T.UNSEAL, _T.PRINT, _T.CLOSE
}  # fmt: skip
# A pick fills the seat; who pauses or ends need not wait until it is filled, and another draw is opened at its moment.
_NO_STARVING = frozenset({_T.COMMIT, _T.WITNESS_TRY, _T.WITNESS, _T.PICK, _T.PAUSE, _T.FORCE_END, _T.UNSEAL})
# Between the last agreement and `complete`.
_BEFORE_COMPLETE = frozenset(
    {_T.COMPLETE, _T.PAUSE, _T.RESUME, _T.FORCE_END, _T.UNSEAL, _T.ABSENCE, _T.ABSENCE_UNDONE}
)
