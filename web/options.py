"""What can be chosen in forms: (value, label) pairs from the reference data, and the words for codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache

from drawing import avoiding
from drawing.lifecycle import Role
from drawing.reference import reference
from web.forms import Choice

Pair = tuple[str, str]
KINDS, FUNDING, METHODS, ORGANISATIONS = "招标项目类型", "资金来源", "招标方式", "招标组织形式"
TENDERERS, MEDIA, VENUES, TERMINALS = "招标人类别", "公告发布媒体", "评标场所", "抽取终端"
SELF_ORGANISED = "1"
"""自行招标: there is no 招标代理机构."""
OTHER_VENUE = "其他"


@cache
def codes(list_name: str) -> tuple[Pair, ...]:
    """A list of codes with their names."""
    return tuple(reference().lists[list_name].items())


@cache
def names(list_name: str) -> tuple[Pair, ...]:
    """A list whose names are what is stored."""
    return tuple((name, name) for name in reference().lists[list_name].values())


@cache
def expert_names(list_name: str) -> tuple[Pair, ...]:
    """TITLES, QUALIFICATIONS or AUTHORITIES as a condition asks for them; nothing chosen is 全部."""
    return tuple((name, name) for name in reference().names(list_name))


@cache
def kinds() -> tuple[Pair, ...]:
    """招标项目类型, two levels in one: only the second can be chosen."""
    found = reference().lists[KINDS]
    return tuple((code, f"{found[code[0]]} / {name}") for code, name in found.items() if len(code) > 1)


@cache
def regions() -> tuple[Pair, ...]:
    """省, 市 (所有区级) and 区."""
    return tuple((code, place(code)) for code in sorted(reference().regions))


@cache
def counties() -> tuple[Pair, ...]:
    """市 + 区, and the cities without 区."""
    return tuple((code, place(code)) for code in sorted(reference().residences()))


@cache
def specialties() -> dict[str, str]:
    """All 2,140, by code."""
    return {code: each.name for code, each in reference().specialties.items()}


@cache
def specialty_groups() -> tuple[Pair, ...]:
    """工程, 货物, 服务 and their 一级类别."""
    return tuple((code, f"{code} {name}") for code, name in specialties().items() if len(code) <= 3)


def reasons(allowed: Sequence[str]) -> tuple[Pair, ...]:
    """回避原因 for units or for persons; the name is what is stored."""
    return tuple((name, name) for name in avoiding.reasons(allowed))


def named(list_name: str, code: str) -> str:
    """A code's name; the code itself if it is not (any more) in the list."""
    return reference().lists[list_name].get(code, code) if code else "—"


def kind(code: str) -> str:
    """招标项目类型, both levels."""
    return dict(kinds()).get(code, code)


def place(code: str) -> str:
    """广东省-广州市-越秀区; the code itself if unknown.

    >>> place("440104")
    '广东省-广州市-越秀区'
    """
    return reference().region_path(code) if code in reference().regions else code


def regions_said(chosen: Iterable[str]) -> str:
    """As the table of conditions has them.

    >>> regions_said(["440100", "440104"])
    '广州市,越秀区'
    """
    known = reference().regions
    return ",".join(known[code].name if code in known else code for code in chosen)


def specialties_said(chosen: Iterable[str]) -> str:
    """
    >>> specialties_said(["A08"])
    '(A08)工程施工'
    """
    return "、".join(f"({code}){specialties().get(code, '')}" for code in chosen)


def one_of(allowed: Callable[[], Iterable[Pair]]) -> Choice:
    """Only what the list holds: a form can be sent without the page."""

    def check(value: str) -> str:
        if value not in {known for known, _ in allowed()}:
            raise ValueError("选项无效，请从列表中选择。")
        return value

    return Choice(check)


def some_of(allowed: Callable[[], Iterable[str]]) -> Choice:
    """The same for a list of choices; each once."""

    def check(values: list[str]) -> list[str]:
        if not set(values) <= set(allowed()):
            raise ValueError("选项无效，请从列表中选择。")
        return list(dict.fromkeys(values))

    return Choice(check)


def from_codes(list_name: str) -> Choice:
    """A code of this list."""
    return one_of(lambda: codes(list_name))


def from_expert_names(list_name: str) -> Choice:
    """Names that experts can have."""
    return some_of(lambda: reference().names(list_name))


def money(amount: Decimal | None) -> str:
    """万元, without idle zeros.

    >>> money(Decimal("150.0000")), money(Decimal("0.5000")), money(None)
    ('150', '0.5', '—')
    """
    return "—" if amount is None else f"{amount.normalize():f}"


def department(role: str, company: str | None) -> str:
    """操作部门: a clerk's company, else the role."""
    found = Role(role)
    return company or found.label if found in (Role.HANDLER, Role.LEGAL_PERSON) else found.label
