"""预览: how many could be drawn in a condition, as a band; asked of the database, limited, recorded, never a number or a person.

What is shown follows from condition, seats, pool and the service's key alone. Nothing else that a clerk enters has an
effect: neither avoided persons or units nor times, notices or other drafts, so that changing them tells nothing
(docs/security.md). drawing.bands says how a count becomes a band. The database stops counting where the highest band is
certain; a first look at a sample of the pool answers for the broad conditions, where an index would have to add up half
of all experts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from db.pool import Database, Transaction
from db.queries import load
from db.vault import Vault
from drawing.bands import Band, advice, band, enough_to_count, label, normal_form, offset_of, rung, scale_of, terms
from drawing.eligibility import Condition
from drawing.preview_rules import PreviewRule
from drawing.rules import Rules
from drawing.transcript import CHINA

Q = load("drawing", "projects.sql")
_RULES, _LOCK, _NEXT, _COUNT, _RECORD = Q.preview_rules, Q.lock_looks, Q.next_look, Q.preview_count, Q.record_preview
# Without seqscan: what the planner believes of terms that come together can be wrong by orders of magnitude.
_PLANNER = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
_FIRST, _LARGEST = 0.3, 8.0  # per cent of the pool: a first look; beyond the largest one the index is faster
_KIND = "preview"  # of keyed hashes
LISTED = 100


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks: as 操作记录 names them, and a clerk's identity and company; without them it is a reviewer, who has no limit."""

    actor: str
    person: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What is told."""

    band: Band
    words: str
    advice: str  # which demands could be eased, where it is short
    consent: bool  # below the rules' ratio: the reviewer must consent


class LooksUsedUp(Exception):
    """This person, or their company, has looked as often as the rules allow; `until` says when they may again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no preview before {until.isoformat()}")
        self.until = until

    def told(self) -> str:
        """In Chinese: to the minute, and not before it.

        >>> from datetime import UTC
        >>> LooksUsedUp(datetime(2026, 12, 1, 1, 4, 30, tzinfo=UTC)).told()
        '一小时内的预览次数已用完，12月1日 09:05 后可以再次预览。填写的内容没有丢失，不预览也可以直接保存。'
        """
        at = (self.until + timedelta(minutes=1)).astimezone(CHINA)
        when = f"{at.month}月{at.day}日 {at:%H:%M}"
        return f"一小时内的预览次数已用完，{when} 后可以再次预览。填写的内容没有丢失，不预览也可以直接保存。"


async def preview(
    db: Database, vault: Vault, activity: str, condition: Condition, who: Looker, *, repeats: bool = False
) -> Preview:
    """Look, and record the look. LookupError if there is no such activity; LooksUsedUp, recorded too, when there were too many.

    `repeats`: the same look as this person's last one in this activity, which was recorded and is only shown once more; any other
    is recorded all the same.
    """
    async with db.transaction() as tx:
        if who.company is not None:
            tx.post(_LOCK, {"company": who.company})
        version = await tx.value(_RULES, {"activity": activity})
        if version is None:
            raise LookupError(f"no activity {activity}")
        rule = Rules.load(version).preview
        shown = repeats and await _shown_last(tx, activity, condition, who)
        until = None if shown or who.company is None else await _used_up_until(tx, rule, who)
        seen = await _look(tx, vault, rule, condition) if until is None else None
        if not shown:
            await tx.run(_RECORD, _record(activity, condition, who, seen))
    if seen is None:
        assert until is not None
        raise LooksUsedUp(until)
    return seen


async def _look(tx: Transaction, vault: Vault, rule: PreviewRule, condition: Condition) -> Preview:
    scale = scale_of(vault.keyed_hash(_KIND, "scale"), rule)
    count = await _count(tx, condition, enough_to_count(condition.seats, rule, scale))
    offset = offset_of(vault.keyed_hash(_KIND, f"offset {normal_form(condition)}"))
    found = band(rung(count, rule, scale, offset), condition.seats, rule.bands)
    scarce = found in (Band.SHORT, Band.FEW)
    return Preview(
        band=found,
        words=label(found, rule.bands),
        advice=advice(condition) if scarce else "",
        consent=scarce and rule.consent_below > rule.bands[0],
    )


async def _used_up_until(tx: Transaction, rule: PreviewRule, who: Looker) -> datetime | None:
    limits: dict[str, object] = {"person_hour": rule.person_hour, "company_hour": rule.company_hour}
    until: datetime | None = await tx.value(_NEXT, limits | {"person": who.person, "company": who.company})
    return until


async def _shown_last(tx: Transaction, activity: str, condition: Condition, who: Looker) -> bool:
    values = {**_record(activity, condition, who, None), "person": who.person}
    return bool(await tx.value(Q.shown_last, values))


def _record(activity: str, condition: Condition, who: Looker, seen: Preview | None) -> dict[str, object]:
    shown = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(condition).items()}
    values = {"activity": activity, "condition": json.dumps(shown), "band": None if seen is None else seen.band.value}
    return values | asdict(who)


async def looks(db: Database, activity: str) -> list[Any]:
    """What clerks looked at in this activity, the newest first, LISTED at most; `band` None where it was refused."""
    return await db.all(Q.looks, {"activity": activity, "limit": LISTED})


async def look_numbers(db: Database, activity: str) -> Any:
    """How often: `shown` and `refused` in this activity, and `elsewhere` by its clerk within 30 days in so many `activities`; None
    for an activity that nobody handles.
    """
    return await db.one(Q.look_numbers, {"activity": activity})


async def _count(tx: Transaction, condition: Condition, limit: int) -> int:
    """How many fit, `limit` at most. So many in a sample are enough; else the index counts, which is slow in a broad condition."""
    wanted = terms(condition)
    values: dict[str, object] = {what: list(words) for what, words in wanted.items()}
    values |= {f"{what}_plain": [word[1:] for word in words] for what, words in wanted.items()}
    values["limit"] = limit

    async def counted(asked: Iterable[str], sample: str = "") -> int:
        return int(await tx.value(_statement(asked, sample), values))

    await tx.run(_PLANNER)
    count = await counted(_plainly(wanted), f"TABLESAMPLE SYSTEM ({_FIRST})")
    share = 1.5 * _FIRST * limit / max(count, 1)  # with some room, that is where there should be enough
    if count < limit and share <= _LARGEST:
        count = await counted(_plainly(wanted), f"TABLESAMPLE SYSTEM ({share:.2f})")
    return count if count >= limit else await counted(_INDEXED.format(what) for what in wanted)


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
