"""A table of a rule file (TOML), read key by key: what is missing, wrong or unknown is said with its place."""

from collections.abc import Iterable, Mapping
from datetime import time
from enum import StrEnum
from typing import Any, Self, TypeVar

E = TypeVar("E", bound=StrEnum)


class BadRules(ValueError):
    """A rule file that can't be used; the message names file, table and key."""


class Table:
    """A table of a rule file that says where what is wrong, and knows which keys nobody has read."""

    def __init__(self, version: str, path: str, values: Mapping[str, Any]) -> None:
        self._version, self._path, self._values = version, path, values
        self._read: set[str] = set()

    def wrong(self, key: str, wanted: str) -> BadRules:
        return BadRules(f"rules {self._version}: {self._path}{key} must be {wanted}")

    def take(self, key: str, kind: type[Any]) -> Any:
        self._read.add(key)
        value = self._values.get(key)
        if type(value) is not kind:
            raise self.wrong(key, kind.__name__)
        return value

    def text(self, key: str) -> str:
        value: str = self.take(key, str)
        if not value.strip():
            raise self.wrong(key, "a text that says something")
        return value

    def number(self, key: str, least: int = 0) -> int:
        value: int = self.take(key, int)
        if value < least:
            raise self.wrong(key, f"at least {least}")
        return value

    def numbers(self, key: str, count: int | None = None) -> list[int]:
        """Positive integers that do not descend; any number of them, but one, where `count` is None."""
        value: list[Any] = self.take(key, list)
        enough = bool(value) if count is None else len(value) == count
        good = enough and all(type(each) is int and each > 0 for each in value)
        if not good or value != sorted(value):
            raise self.wrong(key, f"{count or 'some'} ascending integers from 1")
        return value

    def clock(self, key: str) -> time:
        """A local time of day."""
        try:
            return time.fromisoformat(self.text(key))
        except ValueError as error:
            raise self.wrong(key, 'a time, as "19:00"') from error

    def hours(self, key: str) -> tuple[time, time | None]:
        """Local times from and until; 24:00 is None."""
        hours = self.take(key, list)
        try:
            return time.fromisoformat(hours[0]), None if hours[1] == "24:00" else time.fromisoformat(hours[1])
        except (ValueError, TypeError, IndexError) as error:
            raise self.wrong(key, 'two times, as ["08:00", "21:00"]') from error

    def table(self, key: str) -> Self:
        return type(self)(self._version, f"{self._path}{key}.", self.take(key, dict))

    def tables(self) -> dict[str, Self]:
        """Every key that is a table, by name."""
        return {key: self.table(key) for key, value in self._values.items() if isinstance(value, dict)}

    def over(self, ground: Self, keys: Iterable[str]) -> Self:
        """This table; which of `keys` it leaves out is as in `ground`."""
        inherited = {key: ground._values[key] for key in keys if key in ground._values}
        return type(self)(self._version, self._path, inherited | dict(self._values))

    def has(self, key: str) -> bool:
        return key in self._values

    def by_outcome(self, key: str, outcomes: Iterable[E], added: Mapping[E, E]) -> dict[E, int]:
        """A number for each outcome; one that was added later and is left out here has that of the other one."""
        table = self.table(key)
        named = {each: each if each not in added or table.has(each.value) else added[each] for each in outcomes}
        found = {outcome: table.number(name.value) for outcome, name in named.items()}
        table.done()
        return found

    def done(self) -> None:
        if unknown := sorted(set(self._values) - self._read):
            raise self.wrong(unknown[0], "left out: nobody knows this key")
