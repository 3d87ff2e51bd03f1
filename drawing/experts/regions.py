"""Regions as people write them in a file of experts: a code, a name with or without what it lies in, or both.

Nothing is guessed from digits: the codes of two neighbours differ by one. The code or name of a division that was dissolved is
refused with what it became (drawing/data/former_regions.csv); where it was divided, only whoever knows the address can tell.

>>> understood_region("广州越秀区"), understood_region("440104 广东省-广州市-越秀区"), understood_region("440104000000")
('440104', '440104', '440104')
>>> understood_region("440184")
Traceback (most recent call last):
ValueError: 440184（从化市）已于 2014 年撤销，现为 440117（广州市从化区）：请改填 440117
>>> understood_region("潮阳市")
Traceback (most recent call last):
ValueError: 440582（潮阳市）已于 2003 年撤销，分为 440513（汕头市潮阳区）、440514（汕头市潮南区）：请按所在地选填其一
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache

from drawing.normal_forms import tidy
from drawing.reference import FormerRegion, reference

_FILLING = re.compile(r"[-—–－/>＞、·,，()（）\[\]【】_:：\s]+")
_CODED = re.compile(r"(\D*?)(\d{6})(?:000000)?(\D*)", re.ASCII)
_PLAIN = re.compile(r"\d{6}(?:;\d{6})*", re.ASCII)
_SEPARATED = re.compile(r"[;；、，,|\n]+")
_ALL_OF_A_CITY = "所有区级"
HOW = "填 6 位代码或全称，如 440104 或 广州市越秀区"


@lru_cache(maxsize=4096)
def understood_region(text: str) -> str:
    """The code of the city or county. Raises ValueError, which says in Chinese what to write and repeats no more of the text than
    a region's code or name.
    """
    plain = _FILLING.sub("", unicodedata.normalize("NFKC", tidy(text)))
    coded = _CODED.fullmatch(plain)
    if coded is None:
        return _named(plain)
    before, code, after = coded.groups()
    return _coded(code, before or after)


@lru_cache(maxsize=65536)
def understood_regions(text: str) -> tuple[str, ...]:
    """Several in one cell, each once. Raises ValueError.

    >>> understood_regions("广州、佛山市，440400;440104 越秀区"), understood_regions("广东省 广州市")
    (('440100', '440600', '440400', '440104'), ('440100',))
    >>> understood_regions("广州 佛山")
    ('440100', '440600')
    """
    if _PLAIN.fullmatch(text) and all(code in _codes() for code in text.split(";")):  # most are: before anything is taken apart
        return tuple(dict.fromkeys(text.split(";")))
    pieces = [piece for piece in _SEPARATED.split(tidy(text)) if piece.strip()]
    found = [_numbered(piece, place if len(pieces) > 1 else 0) for place, piece in enumerate(pieces, start=1)]
    return tuple(dict.fromkeys(code for codes in found for code in codes))


def _numbered(piece: str, place: int) -> tuple[str, ...]:
    try:
        return _one_or_blank_between(piece)
    except ValueError as fault:
        raise ValueError(f"第 {place} 项：{fault}" if place else str(fault)) from None


def _one_or_blank_between(piece: str) -> tuple[str, ...]:
    """A blank stands within one name (广东省 广州市) or between two."""
    try:
        return (understood_region(piece),)
    except ValueError:
        words = piece.split()
        if len(words) < 2 or not all(word in _ways() or word in _codes() for word in words):
            raise
        return tuple(map(understood_region, words))


def _coded(code: str, name: str) -> str:
    """By its code; a name beside it must be its own."""
    if code not in _codes():
        raise ValueError(_no_code(code))
    if name and _ways().get(name) != code:
        raise ValueError(f"代码 {code} 是{_said(code)}，与所写的名称不符：请核对后只填代码")
    return code


def _named(name: str) -> str:
    found = _ways().get(name)
    if found is not None:
        return found
    if former := _former_names().get(name):
        raise ValueError(_moved(former))
    if name in _ambiguous():
        raise ValueError(f"不止一个地区叫“{name}”：请连同所在的市一起写，如 {_said(_ambiguous()[name])}")
    near = get_close_matches(name, list(_ways()), n=1, cutoff=0.7) if not re.search(r"\d", name) else []
    raise ValueError(f"不是广东省的市或县区（{HOW}）" + (f"；是否指“{near[0]}”？" if near else ""))


def _no_code(code: str) -> str:
    if former := [each for each in reference().former if each.code == code]:
        return _moved(former[0])
    city = f"{code[:4]}00"
    if code.endswith("01") and city in _codes():
        return f"{code} 是{_said(city)}“市辖区”的汇总代码：请填全市的 {city}，或区的代码"
    if code in reference().regions:
        return f"{code} 是全省：请填到市或县区"
    return f"{code} 不是广东省市或县区的现行代码：请按名称核对（{HOW}）"


def _moved(former: FormerRegion) -> str:
    was = f"{former.code}（{former.name}）" if former.code else f"“{former.name}”"
    places = [f"{code}（{_said(code)}）" for code in former.now]
    if len(places) > 1:
        return f"{was}已于 {former.until} 年撤销，分为 {'、'.join(places)}：请按所在地选填其一"
    parts = "、".join(f"{code}（{_said(code)}）" for code in former.parts)
    also = f"；原辖区有一部分今属 {parts}，请按所在地核对" if parts else ""
    renumbered = reference().regions[former.now[0]].name == former.name
    changed = f"的代码已于 {former.until} 年变更" if renumbered else f"已于 {former.until} 年撤销"
    return f"{was}{changed}，现为 {places[0]}：请改填 {former.now[0]}{also}"


def _said(code: str) -> str:
    """广州市越秀区."""
    return "".join(reference().region_path(code).split("-")[1:])


@cache
def _codes() -> frozenset[str]:
    """What may be written: cities and counties."""
    return frozenset(code for code, region in reference().regions.items() if region.level != "province")


@cache
def _ways() -> Mapping[str, str]:
    """Each name that only one region has -> its code: 广州市越秀区, 广东省广州越秀区, 越秀区, 广州市, 广州 …"""
    return {name: next(iter(codes)) for name, codes in _all_ways().items() if len(codes) == 1 and name != "城区"}


@cache
def _ambiguous() -> Mapping[str, str]:
    """Names that say nothing without their city -> one of the regions that have them. 城区 is what any city calls its middle."""
    return {name: min(codes) for name, codes in _all_ways().items() if name not in _ways()}


@cache
def _all_ways() -> Mapping[str, frozenset[str]]:
    ways: dict[str, set[str]] = {}
    for code in _codes():
        for way in _names_of(code):
            ways.setdefault(way, set()).add(code)
    return {way: frozenset(codes) for way, codes in ways.items()}


def _names_of(code: str) -> Iterator[str]:
    region = reference().regions[code]
    if region.level == "county":
        return _within(region.parent, (region.name,))
    return _within(code, ("", _ALL_OF_A_CITY), alone=False)


def _within(city: str, names: Iterable[str], *, alone: bool = True) -> Iterator[str]:
    """The names after their city's and province's, with 市 and 省 or without; `alone`: without their city, too."""
    full = reference().regions[city].name
    for name in names:
        cities = [full, full.removesuffix("市"), *([""] if alone else [])]
        for before in ("", "广东省", "广东"):
            yield from (f"{before}{each}{name}" for each in cities)


@cache
def _former_names() -> Mapping[str, FormerRegion]:
    """As people wrote them, where no region of today is called so; the latest one of a name counts."""
    names: dict[str, FormerRegion] = {}
    for former in sorted(reference().former, key=lambda each: each.until):
        city = f"{(former.code or former.now[0])[:4]}00"
        alone = former.name not in ("城区", "郊区")
        for way in _within(city, (former.name,), alone=alone):
            names[way] = former
    return {name: former for name, former in names.items() if name not in _all_ways()}
