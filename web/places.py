"""省 > 市 > 区: a place is chosen in steps. 145 regions are no list for a person.

The field is the 区 (or 所有区级 of a 市); beside it stands FIELD__city, which only says whose 区 are offered. Without a script a
button shows them, with one (static/places.js) they follow by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from multidict import MultiDict

from drawing.reference import reference

if TYPE_CHECKING:
    from web.forms import Filled

Pair = tuple[str, str]
CITY = "__city"
"""What the name of the field for the 市 ends in."""
EVERYWHERE, ALL_CITIES, ALL_DISTRICTS, NO_DISTRICTS = "440000", "所有市级", "所有区级", "不设区"


@dataclass(frozen=True, slots=True)
class Group:
    """A 市 with what can be chosen in it, as (code, label)."""

    city: str
    label: str
    options: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Places:
    """What a field for one place shows: `city` is the 市 that was chosen, or nothing yet."""

    groups: Sequence[Group]
    city: str = ""

    @property
    def shown(self) -> Sequence[Group]:
        """Those of the 市; all, as long as none is chosen."""
        return [each for each in self.groups if not self.city or each.city == self.city]

    def near(self, code: str) -> Places:
        """With the 市 of this region, if none is chosen yet; what lies in the whole 省 says nothing."""
        return self if self.city or code == EVERYWHERE else Places(self.groups, _known(self.groups, city_of(code)))


def places(value: str, city: str = "", *, whole: bool) -> Places:
    """For a field with this value (a region, or nothing yet: then of this 市). `whole`: 所有区级 can be chosen too.

    >>> places("440104", whole=True).city, [each.label for each in places("440104", whole=True).shown]
    ('440100', ['广州市'])
    >>> places("", whole=True).shown[1].options[:2], places("", whole=False).shown[0].options[:1]
    ((('440100', '所有区级'), ('440103', '荔湾区')), (('440103', '荔湾区'),))
    """
    found = _groups(whole)
    return Places(found, _known(found, city_of(value) or city))


def of(form: Filled, name: str, *, whole: bool) -> Places:
    """The same for a field of a form."""
    return places(form.value(name), form.value(name + CITY), whole=whole)


def city_of(code: str) -> str:
    """
    >>> city_of("440104"), city_of("440100"), city_of("440000"), city_of("")
    ('440100', '440100', '440000', '')
    """
    return f"{code[:4]}00" if code else ""


def labels() -> dict[str, str]:
    """Every region as one of many that are chosen: 市 and 区.

    >>> [labels()[each] for each in ("440000", "440100", "440104", "441900")]
    ['广东省 所有市级', '广州市 所有区级', '广州市 越秀区', '东莞市 不设区']
    """
    return {code: f"{each.label} {label}" for each in _groups(True) for code, label in each.options}


def city_groups() -> tuple[Pair, ...]:
    """The 市 as the beginnings of the codes in them, the whole 省 first."""
    return tuple((city_group(each.city), each.label) for each in _groups(True))


def city_group(code: str) -> str:
    """
    >>> city_group("440104"), city_group("440000")
    ('4401', '440000')
    """
    return code if code == EVERYWHERE else code[:4]


def settle(sent: MultiDict[Any]) -> None:
    """A form that was sent after another 市 was chosen, its 区 not yet: what was chosen before is no answer any more. Where there
    is only one, that is it.

    >>> sent = MultiDict({"region": "440104", "region__city": "440300", "district": "440104", "district__city": "441900"})
    >>> settle(sent)
    >>> sent["region"], sent["district"]
    ('', '441900')
    """
    for name in [each.removesuffix(CITY) for each in sent if each.endswith(CITY)]:
        city, value = sent[name + CITY], sent.get(name, "")
        if isinstance(city, str) and city and isinstance(value, str) and city_of(value) != city:
            options = next((each.options for each in _groups(True) if each.city == city), ())
            sent[name] = options[0][0] if len(options) == 1 else ""


@cache
def _groups(whole: bool) -> tuple[Group, ...]:
    known = reference().regions
    found = [Group(EVERYWHERE, known[EVERYWHERE].name, ((EVERYWHERE, ALL_CITIES),))] if whole else []
    for city in sorted(reference().cities()):
        inside = tuple((code, known[code].name) for code in sorted(known) if known[code].parent == city)
        own = ((city, ALL_DISTRICTS if inside else NO_DISTRICTS),) if whole or not inside else ()
        found.append(Group(city, known[city].name, (*own, *inside)))
    return tuple(found)


def _known(groups: Sequence[Group], city: str) -> str:
    return city if any(each.city == city for each in groups) else ""
