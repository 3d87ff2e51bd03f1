"""The trunks of one worker: what each carries, and which one takes the next call. Decided in ivr/policy.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from drawing.rules import Calling
from ivr import settings
from ivr.calls import Outcome
from ivr.policy import Hindrance, Rule, TokenBucket, Tried, TrunkLoad, choose_trunk
from ivr.trunk_alarms import FAILING

_SAYS_NOTHING = frozenset({Outcome.INTERRUPTED, Outcome.CANCELLED})


class Trunks:
    """`channels`: how many channels are really there on a trunk (not a counter, which would drift). `tick`: a monotonic clock, in
    seconds; no rate goes by a clock that somebody can set."""

    def __init__(
        self, trunks: Sequence[settings.Trunk], calling: Calling, channels: Callable[[str], int], tick: float
    ) -> None:
        self._settings = {each.name: each for each in trunks}
        self._channels = channels
        self._all = TokenBucket.full(calling.calls_per_second, tick)
        rates = {each.name: each.calls_per_second or calling.calls_per_second for each in trunks}
        self._buckets = {name: TokenBucket.full(rate, tick) for name, rate in rates.items()}
        self._reserved: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._avoided: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> settings.Trunk:
        return self._settings[name]

    @property
    def first(self) -> settings.Trunk:
        """Where the next call goes as long as nothing speaks against it."""
        return next(iter(self._settings.values()))

    def together(self, channels: int, tick: float) -> TrunkLoad:
        """All as one, for the rules' limits."""
        self._all = self._all.filled(tick)
        return TrunkLoad(self._all, channels + self._reserved.total())

    def opens(self, tick: float) -> float:
        """From when on a call may begin by the rules' rate and by some trunk's (`tick` if at once)."""
        return max(self._all.free_at(tick), min(bucket.free_at(tick) for bucket in self._buckets.values()))

    def room(self, tick: float) -> int:
        """How many calls may begin now by the same rates."""
        by_trunk = sum(max(0, int(bucket.filled(tick).tokens)) for bucket in self._buckets.values())
        return max(0, min(int(self._all.filled(tick).tokens), by_trunk))

    def take(self, before: Sequence[Tried], tick: float, legs: int = 1) -> str | Hindrance:
        """The trunk for a call that may begin now; it is reserved until `begun` or `give_back`."""
        if (free := self._all.free_at(tick)) > tick:  # a second leg has had its turn since the call was found to be due
            return Hindrance(Rule.CALLS_PER_SECOND, wait_s=free - tick)
        loads = [self._load(name, tick, legs) for name in self._settings]
        chosen = choose_trunk(loads, before, tick)
        if isinstance(chosen, Hindrance):
            return chosen
        self._buckets[chosen.name] = chosen.bucket.take(tick)
        self._all = self._all.take(tick)
        self._reserved[chosen.name] += legs
        return chosen.name

    def turn(self, name: str, tick: float) -> float:
        """When a second leg may be dialled (`tick` if at once). It takes its token at its own moment, not with the first leg's,
        since that moment is a person's; who waits for it on the line goes before calls that have not begun.
        """
        mine = max(self._buckets[name].free_at(tick), self._all.free_at(tick))
        self._buckets[name], self._all = self._buckets[name].owe(tick), self._all.owe(tick)
        return mine

    def begun(self, name: str, legs: int = 1) -> None:
        """From now on the channels count themselves."""
        self._reserved[name] -= legs

    def give_back(self, name: str, legs: int = 1) -> None:
        """Nothing came of it."""
        self._reserved[name] -= legs
        self._buckets[name], self._all = self._buckets[name].give_back(), self._all.give_back()

    def avoid(self, names: Collection[str]) -> None:
        """Those with an alarm: they are taken last until it is lifted, and then in their turn, whatever failed before."""
        for name in self._avoided.difference(names):
            self._failures.pop(name, None)
        self._avoided = frozenset(names)

    def ended(self, name: str, outcome: Outcome, *, rang: bool) -> None:
        """What a call over this trunk came to."""
        if outcome in _SAYS_NOTHING or name not in self._settings:
            return
        if outcome is not Outcome.TRUNK_FAILURE or rang:
            self._failures.pop(name, None)
            return
        self._failures[name] += 1

    def _load(self, name: str, tick: float, legs: int) -> TrunkLoad:
        bucket, most = self._buckets[name].filled(tick), self._settings[name].channels
        load = TrunkLoad(bucket, self._channels(name) + self._reserved[name] + legs - 1, name, most)
        return replace(load, failing=self._failures[name] >= FAILING or name in self._avoided)
