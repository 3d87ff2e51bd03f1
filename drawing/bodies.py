"""The shape of each entry type's body: which keys, and of what form. `replay` checks meaning."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from drawing.eligibility import Avoid, Condition

Shape = Callable[[Any], bool]
FACTS = 2
"""The version of `facts` that a commit names now; one that names none has facts without `identity` and `id_no`."""
CLOSE_REASONS = ("ended", "force_ended", "released")
"""Why an activity is over: by its end, by 强制结束, by 退选."""
OUTCOMES = ("accepted", "declined", "unreached", "unavailable", "cancelled")


class BadBody(ValueError):
    """A body of another shape than its entry type has."""


def check_shape(kind: str, body: Any) -> None:
    """Raises BadBody unless `body` is a body of entry type `kind`, in its present form or in an older one."""
    forms = SHAPES[kind]
    keys = _required(kind, body) if isinstance(body, Mapping) else set()
    form = next((form for form in forms if set(form) == keys), forms[0])
    optional = {key: shape for key, shape in OPTIONAL.get(kind, {}).items() if isinstance(body, Mapping) and key in body}
    check_object(form | optional, body, kind)


def is_old(kind: str, body: Mapping[str, Any]) -> bool:
    """Whether `body` has the form that its entry type had before a commit said `facts`."""
    return len(SHAPES[kind]) > 1 and _required(kind, body) != set(SHAPES[kind][0])


def _required(kind: str, body: Mapping[str, Any]) -> set[str]:
    return set(body) - set(OPTIONAL.get(kind, {}))


def check_object(shape: Mapping[str, Shape], value: Any, name: str) -> None:
    """Raises BadBody unless `value` has exactly the keys of `shape`, each of its form."""
    if not isinstance(value, Mapping) or set(value) != set(shape):
        raise BadBody(f"{name}: {', '.join(sorted(shape))}")
    for key, fits in shape.items():
        if not fits(value[key]):
            raise BadBody(f"{name}.{key}: {_shown(value[key])}")


def _shown(value: Any) -> str:
    """What a message repeats of a value: the start of a number or code, never a list, and nothing endless."""
    return repr(value)[:80] if isinstance(value, str | int | None) else type(value).__name__


def text(value: Any) -> bool:
    """A string that says something."""
    return isinstance(value, str) and bool(value)


def count(value: Any) -> bool:
    """An integer from 0."""
    return type(value) is int and value >= 0


def ordinal(value: Any) -> bool:
    """An integer from 1."""
    return type(value) is int and value >= 1


def hex_hash(value: Any) -> bool:
    """A hex SHA-256."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII) is not None


def many(item: Shape) -> Shape:
    """An array of such."""
    return lambda value: isinstance(value, list) and all(item(each) for each in value)


def some(item: Shape) -> Shape:
    """An array of such, not empty."""
    return lambda value: bool(value) and many(item)(value)


def distinct(item: Shape) -> Shape:
    """An array of different such."""
    return lambda value: many(item)(value) and len({str(each) for each in value}) == len(value)


def row(*shapes: Shape) -> Shape:
    """An array with one item per shape."""
    return lambda value: (
        isinstance(value, list)
        and len(value) == len(shapes)
        and all(fits(each) for fits, each in zip(shapes, value, strict=True))
    )


def table(item: Shape) -> Shape:
    """An object of such, by name."""
    return lambda value: isinstance(value, Mapping) and all(item(each) for each in value.values())


def one_of(*values: str) -> Shape:
    """One of these strings."""
    return lambda value: isinstance(value, str) and value in values


def either(*shapes: Shape) -> Shape:
    """Any of these shapes."""
    return lambda value: any(fits(value) for fits in shapes)


def _condition(value: Any) -> bool:
    try:
        found = Condition.from_json(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return found.id.isascii() and text(found.id) and found.seats >= 1 and bool(found.regions) and bool(found.main)


def _conditions(value: Any) -> bool:
    return some(_condition)(value) and len({each["id"] for each in value}) == len(value)


def _avoid(value: Any) -> bool:
    try:
        found = Avoid.from_json(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return all(hex_hash(each) for each in (*found.persons, *found.units))


def _share(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"by", "value"} and all(map(text, value.values()))


def _ledger_head(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"size", "root"}
        and ordinal(value["size"])
        and hex_hash(value["root"])
    )


_nothing: Shape = lambda value: value is None  # noqa: E731
_halt: dict[str, Shape] = {"reason": text, "agreed": count, "live": count}
_commit: dict[str, Shape] = {
    "activity": text,
    "algorithm": one_of("expert-draw/1"),
    "avoid": _avoid,
    "conditions": _conditions,
    "draw": ordinal,
    "eligible": table(row(count, count)),
    "excluded": table(ordinal),
    "kind": one_of("first", "supplement"),
    "lots": lambda value: some(text)(value) and distinct(text)(value),
    "pool_root": hex_hash,
    "pool_size": count,
    "previous": many(either(_nothing, hex_hash)),
    "rules": text,
    "system_share_hash": hex_hash,
    "witnesses": distinct(text),
}
OPTIONAL: dict[str, dict[str, Shape]] = {
    "commit": {"others": lambda value: some(row(text, text))(value) and [*value] == sorted(value)},
}
"""Keys that a body has only where there is something to say, in any of its forms."""
_attempt: dict[str, Shape] = {"expert": text, "attempt": ordinal, "evidence": hex_hash}
_unseal: dict[str, Shape] = {"lead_seconds": count, "evaluation_start": text}
# Each entry type's forms: the one that is written now, then older ones, which are read only.
SHAPES: dict[str, tuple[dict[str, Shape], ...]] = {
    "commit": ({**_commit, "facts": lambda value: type(value) is int and value == FACTS}, _commit),
    "witness": ({"share": _share},),
    "witness_try": ({"by": text, "attempt": ordinal, "happened": text},),
    "pick": (
        {
            "condition": text,
            "seat": ordinal,
            "expert": text,
            "rank": count,
            "passed": many(row(text, one_of("same_unit"), text)),
        },
    ),
    "attempt": ({**_attempt, "elapsed_ms": count}, _attempt),
    "outcome": ({"expert": text, "outcome": one_of(*OUTCOMES), "rests_on": distinct(hex_hash)},),
    "reopen": ({"condition": text, "experts": some(row(text, count))},),
    "pause": (_halt,),
    "resume": (_halt,),
    "force_end": (_halt,),
    "complete": ({"agreed": count, "seats": count},),
    "seal": ({"system_share": hex_hash},),  # 32 bytes, too
    "absence": ({"expert": text, "condition": text, "reason": text, "right": text},),
    "absence_undone": ({"expert": text, "by": text, "reason": text},),
    "unseal": ({**_unseal, "draw": ordinal, "gather_at": text}, _unseal),
    "print": ({"by": text},),  # in old chains only: prints and looks stand in the operation log now
    "close": ({"reason": one_of(*CLOSE_REASONS), "ledger": _ledger_head},),
}
