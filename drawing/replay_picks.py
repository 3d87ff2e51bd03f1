"""Picks, their calls and outcomes, and absences, played again: each by the rules, and each on what it must rest on."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple, NoReturn

from drawing.eligibility import Condition
from drawing.lots import Placed
from drawing.progress import Picked, Progress
from drawing.rules import DECISIONS
from drawing.transcript import BrokenChain, Entry

CLOCK_ERROR_MS = 1000
"""By how much a call's own clock may differ from the chain's, which two processes keep; a thousandth of the time is added."""


class Call(NamedTuple):
    """What a call's evidence says of it, as far as rules ask."""

    expert: str
    attempt: int
    outcome: str


class Picks(Progress):
    """Plays entries about picks. `calls`: by the hash of their evidence; `hashes`: those of all entries of this chain."""

    def __init__(self, calls: Mapping[str, Call], hashes: Set[str]) -> None:
        super().__init__()
        self._calls, self._hashes = calls, hashes
        self.seq = 0

    def refuse(self, message: str) -> NoReturn:
        """The entry that is played can't stand where it stands."""
        raise BrokenChain(self.seq, message)

    def require(self, holds: object, message: str) -> None:
        """Refuse unless it holds."""
        if not holds:
            self.refuse(message)

    def _condition(self, name: str) -> Condition:
        found = next((each for each in self.draw.commit.conditions if each.id == name), None)
        return found or self.refuse(f"没有抽取条件 {name}")

    # Picks

    def _pick(self, entry: Entry, body: Any) -> None:
        draw, expert = self.draw, body["expert"]
        self.require(not (draw.paused_since or draw.ended or draw.completed), "暂停、结束或完成之后不得抽取")
        condition = self._condition(body["condition"])
        seats = draw.seats[condition.id]
        self.require(body["seat"] == seats.lowest(), f"席位 {body['seat']} 不是最先空出的席位")
        self.require(expert not in self.current, f"专家 {expert} 在本活动中已被抽取过")
        placed = Placed(expert, frozenset())
        if draw.orders.places is not None:
            placed = self._check_order(condition, body)
        pick = Picked(len(self.picks), draw.commit.draw, condition.id, body["seat"], placed, body["rank"], entry.at)
        self.picks.append(pick)
        self.current[expert] = pick
        self.engaged.add(pick)
        seats.take()
        draw.in_call += 1
        self.changed()

    def _check_order(self, condition: Condition, body: Any) -> Placed:
        places, rank = self.places(condition.id), body["rank"]
        self.require(rank < len(places), f"名次 {rank} 超出条件 {condition.id} 的次序")
        placed: Placed = places[rank]
        at_rank = placed.expert == body["expert"]
        self.require(at_rank, f"条件 {condition.id} 次序中第 {rank} 位是 {placed.expert}，不是 {body['expert']}")
        if not self.draw.orders.units_known:
            self._check_passed(condition, rank, body["passed"])
            return placed
        demanded = self.prescribed()
        given = (condition, body["seat"], body["expert"], rank, [tuple(each) for each in body["passed"]])
        if demanded is None:
            self.refuse("此时无人可抽")
        where, seat, pick = demanded
        wanted = (where, seat, pick.expert, pick.rank, list(pick.passed))
        shown = f"应抽条件 {where.id} 席位 {seat} 第 {pick.rank} 位 {pick.expert}，略过 {len(pick.passed)} 人"
        self.require(given == wanted, f"抽取结果与次序不符：{shown}")
        return placed

    def _check_passed(self, condition: Condition, rank: int, passed: Sequence[Sequence[str]]) -> None:
        """The public form: who was passed and by whose unit, but not whether it is their unit."""
        earlier = self.draw.commit.conditions[: self.draw.commit.conditions.index(condition)]
        self.require(self.none_left_in(earlier) is not False, "在先的抽取条件尚有空席且有人可抽")
        before = self.places(condition.id)[self.first_left(condition.id) : rank]
        skipped = [place.expert for place in before if place.expert not in self.current]
        self.require(skipped == [each[0] for each in passed], "略过的专家与次序不符")
        others = (self.current.get(each[2]) for each in passed)
        self.require(all(pick and pick.engaged for pick in others), "据以略过的专家并未同意，也未在呼叫中")
        self.unsure = self.unsure or bool(self.engaged)

    def _reopen(self, entry: Entry, body: Any) -> None:
        draw = self.draw
        self.require(not (draw.paused_since or draw.ended or draw.completed), "此时不得重呼")
        condition = self._condition(body["condition"])
        self.require(draw.seats[condition.id].lowest() is not None, "该条件没有空席，不得重呼")
        if draw.orders.places is not None:
            self.require(self.none_left_in([condition]) is not False, "该条件尚有人可抽，不得重呼")
        unreached = sorted(
            (pick.rank, pick.placed.expert)
            for pick in self.current.values()
            if (pick.draw, pick.condition, pick.outcome) == (draw.commit.draw, condition.id, "unreached")
        )
        listed = [(rank, expert) for expert, rank in body["experts"]]
        self.require(listed == unreached, "重呼须为该条件全部未接通的专家，且保持原名次")
        for _, expert in unreached:
            del self.current[expert]
        draw.first_left.clear()
        self.changed()

    # Calls and what they came to

    def _attempt(self, entry: Entry, body: Any) -> None:
        pick = self._open_pick(body["expert"])
        number = len(pick.attempts) + 1
        self.require(body["attempt"] == number, f"应为第 {number} 次呼叫")
        call = self._calls[body["evidence"]]
        same = (call.expert, call.attempt) == (body["expert"], body["attempt"])
        self.require(same, "呼叫证据属于另一专家或另一次呼叫")
        self.require(DECISIONS.isdisjoint(pick.calls), "专家已作决定，不应再次呼叫")
        self.require(not self.draw.rules.unreached_after(pick.calls, 0), "呼叫次数已达规则上限，不应再次呼叫")
        since = (entry.at - pick.at).total_seconds() * 1000
        fits = body.get("elapsed_ms", 0) <= since * 1.001 + CLOCK_ERROR_MS
        self.require(fits, f"呼叫历时 {body.get('elapsed_ms')} 毫秒，长于抽取至此的时间")
        pick.attempts.append((body["evidence"], entry.at))
        pick.calls.append(call.outcome)

    def _open_pick(self, expert: str) -> Picked:
        pick = self.current.get(expert)
        if pick is None or pick.outcome is not None or pick.draw != self.draw.commit.draw:
            self.refuse(f"专家 {expert} 此时不在呼叫之中")
        return pick

    def _outcome(self, entry: Entry, body: Any) -> None:
        pick, outcome, rests = self._open_pick(body["expert"]), body["outcome"], body["rests_on"]
        known = [evidence for evidence, _ in pick.attempts]
        if outcome in ("accepted", "declined"):
            one = len(rests) == 1 and rests[0] in known
            self.require(one and self._calls[rests[0]].outcome == outcome, "结果须以本次抽取的一次呼叫为据，且与其证据相符")
        if outcome == "unreached":
            self.require(known and rests == known, "未接通须以全部呼叫的证据为据")
        if outcome == "unavailable":
            elsewhere = len(rests) == 1 and rests[0] not in self._hashes and rests[0] not in self._calls
            self.require(elsewhere, "不能参评须以另一活动中的一条同意记录为据")
        if outcome == "cancelled":
            self.require(self.draw.ended, "未强制结束，不得取消呼叫")
            named = set(rests)
            self.require(rests == [each for each in known if each in named], "取消只能以本次抽取的呼叫为据")
        decided = set(pick.calls) & DECISIONS
        self.require(decided <= {outcome}, f"呼叫证据表明专家已作决定（{'、'.join(sorted(decided))}）")
        if outcome == "unreached":
            since = self.draw.rules.hold_from(pick.calls)
            held = 0.0 if since is None else self.draw.held_seconds(pick.attempts[since][1], entry.at)
            enough = self.draw.rules.unreached_after(pick.calls, held)
            self.require(enough, f"按规则 {self.draw.rules.version} 尚不足以认定未接通")
        self._came_to(pick, outcome)

    def _came_to(self, pick: Picked, outcome: str) -> None:
        pick.outcome = outcome
        self.draw.in_call -= 1
        if outcome == "accepted":
            self.draw.agreed += 1
        else:
            self.draw.seats[pick.condition].free(pick.seat)
            self.engaged.remove(pick)
        self.changed()

    # Absences

    def _absence(self, entry: Entry, body: Any) -> None:
        pick = self.current.get(body["expert"])
        if pick is None or pick.outcome != "accepted" or pick.absent:
            self.refuse(f"专家 {body['expert']} 并非已同意参评者，不能登记缺席")
        self.require(pick.condition == body["condition"], "缺席登记的抽取条件不符")
        pick.absent = True
        self.engaged.remove(pick)
        self.changed()

    def _absence_undone(self, entry: Entry, body: Any) -> None:
        pick = self.current.get(body["expert"])
        if pick is None or not pick.absent:
            self.refuse(f"专家 {body['expert']} 未登记缺席，不能撤销")
        self.require(not pick.replaced, "缺席的席位已经补抽，不能再撤销缺席登记")
        pick.absent = False
        self.engaged.add(pick)
        self.changed()
