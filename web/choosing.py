"""Choosing from a long list (2,140 specialties) without a script: by group and by words, with what is chosen kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from drawing.normal_forms import code_form
from web.forms import Filled

Pair = tuple[str, str]
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Chooser:
    """What the macro `chooser` shows: (value, label) pairs."""

    groups: Sequence[Pair]
    chosen: Sequence[Pair]
    found: Sequence[Pair]
    group: str
    words: str
    more: int
    labels: Mapping[str, str]
    """Of every value."""
    nothing_else: bool
    """What was looked for is chosen already, all of it."""

    @property
    def narrowed(self) -> bool:
        """Whether something was looked for."""
        return bool(self.group or self.words)


def chooser(
    form: Filled, name: str, options: Mapping[str, str], groups: Sequence[Pair], *, coded: bool = True
) -> Chooser:
    """`options`: label by value, in order; a value belongs to the groups that it begins with (codes are hierarchical).
    `coded`: people know the values too, so they are shown and found.

    >>> from web.forms import Form, blank
    >>> class Choice(Form):
    ...     kinds: list[str] = []
    >>> form = blank(Choice, kinds=["A01"], kinds__group="A", kinds__words="")
    >>> made = chooser(form, "kinds", {"A01": "规划", "A02": "设计", "B01": "水泥"}, [("A", "工程"), ("B", "货物")])
    >>> made.chosen, made.found
    ([('A01', 'A01 规划')], [('A02', 'A02 设计')])
    >>> both = chooser(blank(Choice, kinds=["A01"], kinds__words="规划"), "kinds", {"A01": "规划", "A02": "设计"}, [])
    >>> both.found, both.nothing_else
    ([], True)
    """
    group, words = form.value(f"{name}__group"), form.value(f"{name}__words").strip()
    ticked = dict.fromkeys(form.chosen(name))
    shown = {value: f"{value} {label}" if coded else label for value, label in options.items()}
    chosen = [(value, shown[value]) for value in ticked if value in options]
    meant = [
        (value, label)
        for value, label in shown.items()
        if (group or words) and value.startswith(group) and _meant(words, label)
    ]
    found = [(value, label) for value, label in meant if value not in ticked]
    more = max(0, len(found) - SHOWN)
    return Chooser(groups, chosen, found[:SHOWN], group, words, more, options, bool(meant) and not found)


def _meant(words: str, label: str) -> bool:
    return all(code_form(word) in _form(label) for word in words.split())


@lru_cache(maxsize=8192)
def _form(text: str) -> str:
    return code_form(text)
