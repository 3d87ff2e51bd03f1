"""A chain played again, entry by entry: could each stand where it stands?

A pick is a function of the chain, so the player knows at each moment which one is prescribed. What does not
hold is a BrokenChain naming the entry.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from drawing.commit import Commit
from drawing.eligibility import Condition
from drawing.lots import Placed, weak_share
from drawing.progress import Draw, Orders, Picked, Progress
from drawing.rules import DECISIONS, BadRules, Rules
from drawing.transcript import BrokenChain, Entry, EntryType, parse_stamp


class Replay(Progress):
    """Plays a chain. `calls` are the evidences by hash."""

    def __init__(self, orders: Mapping[int, Orders], calls: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._orders, self._calls = orders, calls
        self._absences = 0
        self._unsealed = False
        self._seq = 0

    def apply(self, entry: Entry) -> None:
        """Play the next entry; raises BrokenChain."""
        self._seq = entry.seq
        if entry.type is not EntryType.COMMIT and not self.draws:
            self._refuse("第一条记录必须是承诺（commit）")
        if entry.type in _WHILE_RUNNING:
            self._may_run(entry.type)
        if entry.type not in _NO_STARVING:
            self._nobody_starved()
        if not entry.withheld:
            handlers: dict[EntryType, Callable[[Entry, Any], None]] = {
                kind: getattr(self, f"_{kind.value}") for kind in EntryType
            }
            handlers[entry.type](entry, entry.body)
        elif entry.type is EntryType.WITNESS:
            self._first_witness()
        else:
            self._end_of_draw()

    # What must hold for many entries

    def _refuse(self, message: str) -> None:
        raise BrokenChain(self._seq, message)

    def _require(self, holds: object, message: str) -> None:
        if not holds:
            self._refuse(message)

    def _may_run(self, kind: EntryType) -> None:
        self._require(not self.draw.sealed, f"封存之后不应再有 {kind.value} 记录")
        if kind not in (EntryType.WITNESS, EntryType.WITNESS_TRY, EntryType.FORCE_END):
            self._require(self.draw.witnessed or self.draw.ended, f"见证之前不应有 {kind.value} 记录")

    def _nobody_starved(self) -> None:
        draw = self.draw
        if draw.paused_since or draw.ended or draw.completed or draw.sealed or not draw.witnessed:
            return
        self._require(self.nobody_left() is not False, "尚有空席且有人可抽，却未先行抽取")

    # Entries

    def _commit(self, entry: Entry, body: Any) -> None:
        commit = Commit.from_json(body)
        try:
            rules = Rules.load(commit.rules)
        except BadRules:
            self._refuse(f"规则版本“{commit.rules}”不为本核验程序所知")
        self._require(commit.draw == len(self.draws) + 1, f"抽取次序应为 {len(self.draws) + 1}")
        self._require(body["kind"] == ("first" if commit.draw == 1 else "supplement"), "抽取种类与次序不符")
        self._require(len(commit.previous) == len(commit.lots), "previous 与标段数目不符")
        names = {condition.id for condition in commit.conditions}
        self._require(set(commit.counts.eligible) == names, "合格人数与抽取条件不符")
        self._require(commit.witnesses or not rules.witness_required, "规则要求见证，但未指定见证人")
        if self.draws:
            self._check_supplement(commit)
        self._absences = 0
        orders = self._orders.get(commit.draw, Orders(None, units_known=False))
        self.draws.append(Draw(commit, entry, rules, orders, witnessed=not commit.witnesses))

    def _check_supplement(self, commit: Commit) -> None:
        last = self.draw
        self._require(last.sealed, "上一次抽取尚未封存，不得补抽")
        self._require(not last.ended, "已强制结束的活动不得补抽")
        same = (commit.activity, commit.lots) == (last.commit.activity, last.commit.lots)
        self._require(same, "补抽的活动编号或标段与首次不同")
        seats = sum(condition.seats for condition in commit.conditions)
        unfilled = self.seats() - self.agreed()
        least, most = self._absences, self._absences + unfilled
        self._require(least <= seats <= most, f"补抽席位 {seats} 与缺席 {least} 人、缺额 {unfilled} 人不符")

    def _witness(self, entry: Entry, body: Any) -> None:
        self._first_witness()
        share = body["share"]
        self._require(share["by"] in self.draw.commit.witnesses, f"{share['by']} 不在承诺的见证人之列")
        before = {draw.share["value"] for draw in self.draws if draw.share}
        reason = weak_share(share["value"], before)
        self._require(reason is None, f"见证数字不合要求（{reason}）")
        self.draw.share = share

    def _first_witness(self) -> None:
        self._require(not self.draw.ended, "强制结束之后不应再有见证数字")
        self._require(not self.draw.witnessed, "见证数字只能有一份" if self.draw.commit.witnesses else "承诺为无见证")
        self.draw.witnessed = True

    def _witness_try(self, entry: Entry, body: Any) -> None:
        self._require(not self.draw.witnessed, "见证完成之后不应再有见证呼叫")
        self._require(body["by"] in self.draw.commit.witnesses, f"{body['by']} 不在承诺的见证人之列")
        self.draw.tries += 1

    def _pick(self, entry: Entry, body: Any) -> None:
        draw, expert = self.draw, body["expert"]
        stopped = draw.paused_since or draw.ended or draw.completed
        self._require(not stopped, "暂停、结束或完成之后不得抽取")
        condition = next((each for each in draw.commit.conditions if each.id == body["condition"]), None)
        if condition is None:
            raise BrokenChain(self._seq, f"没有抽取条件 {body['condition']}")
        seats = self.open_seats(condition)
        self._require(seats and body["seat"] == seats[0], f"席位 {body['seat']} 不是最先空出的席位")
        self._require(expert not in self.current, f"专家 {expert} 在本活动中已被抽取过")
        placed = Placed(expert, frozenset())
        if draw.orders.places is not None:
            placed = self._check_order(condition, body)
        pick = Picked(draw.commit.draw, condition.id, body["seat"], placed, body["rank"])
        self.picks.append(pick)
        self.current[expert] = pick

    def _check_order(self, condition: Condition, body: Any) -> Placed:
        places, rank = self.places(condition.id), body["rank"]
        self._require(rank < len(places), f"名次 {rank} 超出条件 {condition.id} 的次序")
        placed: Placed = places[rank]
        at_rank = placed.expert == body["expert"]
        self._require(at_rank, f"条件 {condition.id} 次序中第 {rank} 位是 {placed.expert}，不是 {body['expert']}")
        if not self.draw.orders.units_known:
            self._check_passed(condition, places[:rank], body["passed"])
            return placed
        demanded = self.prescribed()
        given = (condition, body["seat"], body["expert"], rank, [tuple(each) for each in body["passed"]])
        if demanded is None:
            raise BrokenChain(self._seq, "此时无人可抽")
        where, seat, pick = demanded
        wanted = (where, seat, pick.expert, pick.rank, list(pick.passed))
        shown = f"应抽条件 {where.id} 席位 {seat} 第 {pick.rank} 位 {pick.expert}，略过 {len(pick.passed)} 人"
        self._require(given == wanted, f"抽取结果与次序不符：{shown}")
        return placed

    def _check_passed(self, condition: Condition, before: Sequence[Placed], passed: Sequence[Sequence[str]]) -> None:
        """The public form: who was passed and by whose unit, but not whether it is their unit."""
        earlier = self.draw.commit.conditions[: self.draw.commit.conditions.index(condition)]
        self._require(self.none_left_in(earlier) is not False, "在先的抽取条件尚有空席且有人可抽")
        skipped = [place.expert for place in before if place.expert not in self.current]
        self._require(skipped == [each[0] for each in passed], "略过的专家与次序不符")
        engaged = {place.expert for place in self.engaged()}
        self._require(all(each[2] in engaged for each in passed), "据以略过的专家并未同意，也未在呼叫中")
        self.unsure = self.unsure or bool(engaged)

    def _attempt(self, entry: Entry, body: Any) -> None:
        pick = self._open_pick(body["expert"])
        number = len(pick.attempts) + 1
        self._require(body["attempt"] == number, f"应为第 {number} 次呼叫")
        evidence = self._calls[body["evidence"]]
        same = (evidence["expert"], evidence["attempt"]) == (body["expert"], body["attempt"])
        self._require(same, "呼叫证据属于另一专家或另一次呼叫")
        pick.attempts.append((body["evidence"], entry.at))

    def _open_pick(self, expert: str) -> Picked:
        pick = self.current.get(expert)
        if pick is None or pick.outcome is not None or pick.draw != self.draw.commit.draw:
            raise BrokenChain(self._seq, f"专家 {expert} 此时不在呼叫之中")
        return pick

    def _outcome(self, entry: Entry, body: Any) -> None:
        pick, outcome, rests = self._open_pick(body["expert"]), body["outcome"], body["rests_on"]
        known = [evidence for evidence, _ in pick.attempts]
        if outcome in ("accepted", "declined"):
            self._require(rests and set(rests) <= set(known), "结果须以本次呼叫的证据为据")
        if outcome == "unreached":
            self._require(known and rests == known, "未接通须以全部呼叫的证据为据")
        if outcome == "unavailable":
            self._require(rests, "不能参评须以另一活动的记录为据")
        if outcome == "cancelled":
            self._require(self.draw.ended, "未强制结束，不得取消呼叫")
        self._check_evidence(entry, pick, outcome, rests)
        pick.outcome = outcome

    def _check_evidence(self, entry: Entry, pick: Picked, outcome: str, rests: Sequence[str]) -> None:
        calls = self._calls
        outcomes = [calls[evidence]["outcome"] for evidence, _ in pick.attempts]
        if outcome in ("accepted", "declined"):
            self._require(all(calls[each]["outcome"] == outcome for each in rests), "结果与呼叫证据不符")
        decided = set(outcomes) & DECISIONS
        self._require(decided <= {outcome}, f"呼叫证据表明专家已作决定（{'、'.join(sorted(decided))}）")
        if outcome == "unreached":
            held = self.draw.held_seconds(pick.attempts[0][1], entry.at)
            enough = self.draw.rules.unreached_after(outcomes, held)
            self._require(enough, f"按规则 {self.draw.rules.version} 尚不足以认定未接通")

    def _reopen(self, entry: Entry, body: Any) -> None:
        draw = self.draw
        self._require(not (draw.paused_since or draw.ended or draw.completed), "此时不得重呼")
        condition = next((each for each in draw.commit.conditions if each.id == body["condition"]), None)
        self._require(condition and self.open_seats(condition), "该条件没有空席，不得重呼")
        unreached = sorted(
            (pick.rank, pick.placed.expert)
            for pick in self.current.values()
            if (pick.draw, pick.condition, pick.outcome) == (draw.commit.draw, body["condition"], "unreached")
        )
        listed = [(rank, expert) for expert, rank in body["experts"]]
        self._require(listed == unreached, "重呼须为该条件全部未接通的专家，且保持原名次")
        for _, expert in unreached:
            del self.current[expert]

    def _pause(self, entry: Entry, body: Any) -> None:
        draw = self.draw
        self._require(not (draw.paused_since or draw.ended or draw.completed), "此时不能暂停")
        self._check_agreed(body)
        draw.paused_since = entry.at

    def _resume(self, entry: Entry, body: Any) -> None:
        if (since := self.draw.paused_since) is None or self.draw.ended:
            raise BrokenChain(self._seq, "并未暂停，不能继续")
        self._check_agreed(body)
        self.draw.pauses.append((since, entry.at))
        self.draw.paused_since = None

    def _force_end(self, entry: Entry, body: Any) -> None:
        self._require(not (self.draw.ended or self.draw.completed), "此时不能强制结束")
        self._check_agreed(body)
        self.draw.ended = True

    def _complete(self, entry: Entry, body: Any) -> None:
        self._require(not (self.draw.ended or self.draw.completed), "此时不能完成")
        self._check_agreed(body)
        self._require(body["seats"] == self.seats(), f"席位数应为 {self.seats()}")
        self._require(not self.in_call(), "尚有呼叫未了，不能完成")
        self._require(self.nobody_left() is not False, "尚有空席且有人可抽，不能完成")
        self.draw.completed = True

    def _check_agreed(self, body: Any) -> None:
        self._require(body["agreed"] == self.agreed(), f"同意参评人数应为 {self.agreed()}")

    def _seal(self, entry: Entry, body: Any) -> None:
        opened = sha256(bytes.fromhex(body["system_share"])).hexdigest()
        self._require(opened == self.draw.commit.system_share_hash, "系统份额与承诺的哈希值不符")
        self._end_of_draw()

    def _end_of_draw(self) -> None:
        self._require(not self.in_call(), "尚有呼叫未了，不能封存")
        over = self.draw.ended or self.draw.completed or self.nobody_left() is not False
        self._require(over, "抽取未完，不能封存")
        self.draw.sealed = True

    def _absence(self, entry: Entry, body: Any) -> None:
        pick = self.current.get(body["expert"])
        if pick is None or pick.outcome != "accepted" or pick.absent:
            raise BrokenChain(self._seq, f"专家 {body['expert']} 并非已同意参评者，不能登记缺席")
        self._require(pick.condition == body["condition"], "缺席登记的抽取条件不符")
        pick.absent = True
        self._absences += 1

    def _unseal(self, entry: Entry, body: Any) -> None:
        self._require(self.draw.sealed, "尚未封存，不能解密")
        try:
            start = parse_stamp(body["evaluation_start"])
        except ValueError as error:
            raise BrokenChain(self._seq, str(error)) from error
        lead = self.draw.rules.unseal_lead_s
        self._require(body["lead_seconds"] == lead, f"解密提前量应为 {lead} 秒")
        self._require(entry.at >= start - timedelta(seconds=lead), "早于规定的解密时间")
        self._unsealed = True

    def _close(self, entry: Entry, body: Any) -> None:
        self._require(self._unsealed, "尚未解密，不能终结")

    def _print(self, entry: Entry, body: Any) -> None:
        self._require(self._unsealed, "尚未解密，不能打印")


_T = EntryType
_WHILE_RUNNING = frozenset(EntryType) - {_T.COMMIT, _T.ABSENCE, _T.UNSEAL, _T.PRINT, _T.CLOSE}
# A pick fills the seat, and who pauses or ends need not wait until it is filled.
_NO_STARVING = frozenset({_T.COMMIT, _T.WITNESS_TRY, _T.WITNESS, _T.PICK, _T.PAUSE, _T.FORCE_END})
