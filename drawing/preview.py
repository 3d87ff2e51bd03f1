"""预览: how many could be drawn in a condition, as a band; asked of the database, recorded, never a number or a person.

The database stops counting at one more than the highest band needs. A first look at a small sample of the pool answers
for the broad conditions, where an index would have to add up half of all experts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from db.pool import Database, Transaction
from db.queries import load
from drawing.bands import ASKED, Band, band, count_to, higher, label, only_main, terms, without
from drawing.eligibility import Condition
from drawing.rules import Rules

Q = load("drawing", "projects.sql")
_SETTING, _COUNT, _RECORD = Q.preview_setting, Q.preview_count, Q.record_preview
# Without seqscan: what the planner believes of terms that come together can be wrong by orders of magnitude.
_PLANNER = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
_SAMPLE = "TABLESAMPLE SYSTEM (0.3)"


@dataclass(frozen=True, slots=True)
class Preview:
    """What the clerk is told. `main` is without 备选专业, where the condition names some."""

    band: Band
    words: str
    main: Band | None
    main_words: str
    reasons: tuple[str, ...]
    consent: bool  # below the rules' ratio: the reviewer must consent


async def preview(db: Database, activity: str, condition: Condition, actor: str) -> Preview:
    """Look, and record the look; LookupError if there is no such activity."""
    async with db.transaction() as tx:
        look = await _Look.of(tx, activity, condition)
        seen = await look.preview(condition)
        shown = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(condition).items()}
        record = {"activity": activity, "actor": actor, "band": seen.band.value, "condition": json.dumps(shown)}
        await tx.run(_RECORD, record)
    return seen


@dataclass(frozen=True, slots=True)
class _Look:
    tx: Transaction
    setting: Mapping[str, Any]
    rules: Rules
    seats: int

    @classmethod
    async def of(cls, tx: Transaction, activity: str, condition: Condition) -> _Look:
        row = await tx.one(_SETTING, {"activity": activity})
        if row is None:
            raise LookupError(f"no activity {activity}")
        await tx.run(_PLANNER)
        rules = Rules.load(row.rules)
        today: date = row.today
        setting = {
            "activity": activity,
            "units": row.units,
            "cards": [bytes(each) for each in row.cards],
            "names": [bytes(each) for each in row.names],
            "since": today.replace(year=today.year - rules.employment_years, day=min(today.day, 28)),
            "gather": row.gather_at,
            "until": row.evaluation_end,
            "travel": rules.travel_s,
            "limit": count_to(condition.seats, rules.preview_bands),
        }
        return cls(tx, setting, rules, condition.seats)

    async def preview(self, condition: Condition) -> Preview:
        wanted = terms(condition)
        found = await self.band(wanted)
        main = await self.band(terms(only_main(condition))) if condition.backup else None
        scarce = found in (Band.SHORT, Band.FEW)
        reasons = await self.reasons(wanted, found) if scarce else ()
        multiples = self.rules.preview_bands
        return Preview(
            band=found,
            words=label(found, multiples),
            main=main,
            main_words="" if main is None else label(main, multiples),
            reasons=reasons,
            consent=scarce and self.rules.consent_below > multiples[0],
        )

    async def reasons(self, wanted: Mapping[str, tuple[str, ...]], found: Band) -> tuple[str, ...]:
        """Which demand makes it short: those without which the band would be higher."""
        eased = [what for what in wanted if higher(await self.band(without(wanted, what)), found)]
        said = [f"“{ASKED[what]}”限制较严：放宽后可抽人数会明显增加" for what in eased]
        if higher(await self.band(wanted, excluding=False), found):
            said.append("符合条件的人员中有较多需要回避、暂停资格或当日已有其他评标")
        return tuple(said or ["同时满足全部条件的专家很少：请同时放宽两项以上条件"])

    async def band(self, wanted: Mapping[str, tuple[str, ...]], *, excluding: bool = True) -> Band:
        values = {**self.setting, **{what: list(words) for what, words in wanted.items()}, "excluding": excluding}
        plain = {f"{what}_plain": [word[1:] for word in words] for what, words in wanted.items()}
        count = await self.tx.value(_statement(_plainly(wanted), _SAMPLE), values | plain)
        if count < self.setting["limit"]:
            count = await self.tx.value(_statement([_INDEXED.format(what) for what in wanted], ""), values)
        return band(count, self.seats, self.rules.preview_bands)


def _statement(asked: Iterable[str], sample: str) -> str:
    """With exactly the demands there are, so that the planner sees each as an index condition."""
    return _COUNT.replace("/* sampled */", sample).replace("true /* asked */", "\n    AND ".join(asked) or "true")


def _plainly(wanted: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The same demands on the columns themselves: a row is looked at ten times as fast as by its terms."""
    willing = wanted.get("regions", ("",))[0].startswith("w")
    return [_PLAIN["willing" if what == "regions" and willing else what].format(f"{what}_plain") for what in wanted]


_INDEXED = (
    "expert_terms(e.residence, e.willing, e.specialties, e.title, e.qualifications, e.authorities) && %({})s::text[]"
)
_PLAIN = {
    "regions": "EXISTS (SELECT FROM unnest(%({})s::text[]) w WHERE e.residence ^@ w)",
    "willing": "EXISTS (SELECT FROM unnest(e.willing) h, unnest(%({})s::text[]) w WHERE h ^@ w)",
    "specialties": "EXISTS (SELECT FROM unnest(e.specialties) h, unnest(%({})s::text[]) w WHERE h ^@ w)",
    "titles": "e.title = ANY (%({})s::text[])",
    "qualifications": "e.qualifications && %({})s::text[]",
    "authorities": "e.authorities && %({})s::text[]",
}
