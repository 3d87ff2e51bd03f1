"""Specialties as people write them in a file of experts: codes, with or without names, and several in one cell.

The manual shows them as (A08)工程施工. Names hold separators themselves (主体功能区、空间规划): a cell is taken apart at all of
them, and what has no code is put back to the name that it belongs to.

>>> understood_specialties("(A08)工程施工、（a0801）、Ａ０１规划")
('A08', 'A0801', 'A01')
>>> understood_specialties("A010102主体功能区、空间规划，A08 A01")
('A010102', 'A08', 'A01')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from drawing.normal_forms import normal_unit, tidy
from drawing.reference import reference

STANDARD = "《公共资源交易评标专家专业分类标准》"
MOST = 200
_SEPARATED = re.compile(r"([;、,|/\n]+|\s+(?=\(?[A-Za-z][0-9A-Za-z]*[0-9]))")
_CODED = re.compile(r"(.*?)[(\[]?(?<![0-9A-Za-z])([A-Za-z][0-9OoQIl]{2,6})(?![0-9])[)\]]?(.*)", re.DOTALL)
_PLAIN = re.compile(r"[A-Z]\d{2,6}(?:;[A-Z]\d{2,6})*", re.ASCII)
_BRACKETS = str.maketrans("【】〔〕", "[][]")
_FILLING = " -—_:.()[]"
_TAKEN_FOR = str.maketrans("OQIL", "0011")


@lru_cache(maxsize=65536)
def understood_specialties(text: str) -> tuple[str, ...]:
    """The codes in a cell, each once. Raises ValueError, which says in Chinese what is wrong and repeats only codes and names of
    specialties.
    """
    pieces = _pieces(text)
    found = tuple(dict.fromkeys(_one(piece, place if len(pieces) > 1 else 0) for place, piece in enumerate(pieces, 1)))
    if not found:
        raise ValueError("至少填 1 项")
    if len(found) > MOST:
        raise ValueError(f"最多填 {MOST} 项，现有 {len(found)} 项")
    return found


def _pieces(text: str) -> list[str]:
    """One for each specialty; a separator within its name stays, whether the code stands before the name or behind it."""
    if _PLAIN.fullmatch(text):  # most are: before anything is taken apart
        return text.split(";")
    parts = _SEPARATED.split(unicodedata.normalize("NFKC", tidy(text)).translate(_BRACKETS))
    pieces: list[tuple[str, str]] = []  # what separates it from the one before, and itself
    for between, part in zip(["", *parts[1::2]], map(str.strip, parts[::2]), strict=True):
        if pieces and _goes_on(pieces[-1][1], between + part):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + between + part)
        elif part:
            piece = (between, part)
            while pieces and not _CODED.fullmatch(pieces[-1][1]) and _ends(pieces[-1][1] + "".join(piece)):
                before = pieces.pop()
                piece = (before[0], before[1] + "".join(piece))
            pieces.append(piece)
    return [piece for _, piece in pieces]


def _goes_on(piece: str, more: str) -> bool:
    """Whether this belongs to the name behind the piece's code: (A010102)主体功能区 and 、空间规划."""
    split = _CODED.fullmatch(piece)
    known = reference().specialties.get(split[2].upper()) if split else None
    if split is None or known is None:
        return False
    written = normal_unit((split[1] or split[3]).strip(_FILLING))
    return bool(written) and normal_unit(known.name).startswith(written + normal_unit(more.rstrip(")")))


def _ends(piece: str) -> bool:
    """Whether all before the code is the end of its name: 主体功能区、空间规划(A010102)."""
    split = _CODED.fullmatch(piece)
    known = reference().specialties.get(split[2].upper()) if split else None
    return split is not None and known is not None and bool(split[1]) and normal_unit(known.name).endswith(normal_unit(split[1]))


def _one(piece: str, place: int) -> str:
    """The code of one. `place` in a cell of several, else 0."""
    if (plain := reference().specialties.get(piece)) and plain.level:
        return piece
    which = f"第 {place} 项" if place else ""
    split = _CODED.fullmatch(piece)
    if split is None:
        raise ValueError(f"{which}{_without_code(piece)}")
    code = split[2].upper()
    known = reference().specialties.get(code)
    if known is None or known.level == 0:
        raise ValueError(f"{which}不是{STANDARD}的专业代码（如 A08、A0801、A080101）{_meant(code)}")
    if (name := normal_unit((split[1] + split[3]).strip(_FILLING))) and name != normal_unit(known.name).strip(_FILLING):
        raise ValueError(f"{which}代码 {code} 是“{known.name}”，与所写的名称不符：请核对后只填代码")
    return code


def _without_code(piece: str) -> str:
    """For a name alone: several specialties may have it."""
    codes = _codes_of().get(normal_unit(piece), ())
    if not codes:
        return f"没有{STANDARD}的专业代码：请填代码（如 A08、A0801、A080101）"
    known = "、".join(f"{code} {reference().specialties[code].name}" for code in codes[:3])
    return f"请填专业代码：{known}" + (f" 等 {len(codes)} 个同名专业" if len(codes) > 3 else "")


def _meant(code: str) -> str:
    """A letter that was typed for a digit is certain enough to be asked about; other digits are not."""
    likely = code[0] + code[1:].translate(_TAKEN_FOR)
    return f"；是否指“{likely}”？" if likely != code and likely in reference().specialties else ""


@cache
def _codes_of() -> Mapping[str, tuple[str, ...]]:
    codes: dict[str, list[str]] = {}
    for code, each in reference().specialties.items():
        if each.level:
            codes.setdefault(normal_unit(each.name), []).append(code)
    return {name: tuple(found) for name, found in codes.items()}
