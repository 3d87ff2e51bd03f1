"""One row of the expert file: what each column means, and what is wrong with a value, said in Chinese.

The model is the one source of the header: docs/pool-import.md shows `columns_table()`, and a test
holds them together. Messages never repeat a name, and a phone or 证件号 only masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Annotated, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from drawing.experts.identity import id_card_fault, mask, shown
from drawing.normal_forms import understood_name, understood_unit
from drawing.phone_numbers import NoNumber, mobile
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference

T = TypeVar("T")
SEPARATOR = ";"
_REGION_PUNCTUATION = re.compile(r"[-—－/>＞、·\s]+")
_HALF_TO_FULL = str.maketrans({"(": "（", ")": "）"})
_MANY = str.maketrans({"；": SEPARATOR})


class FormerUnit(NamedTuple):
    """曾任职单位, and the last day there."""

    name: str
    until: date


def _id_card(value: str) -> str:
    if fault := id_card_fault(value.upper()):
        raise ValueError(f"{fault}（{mask(value)}）")
    return value.upper()


def _phone(value: str) -> str:
    try:
        return mobile(value)
    except NoNumber as fault:
        raise ValueError(f"应为 11 位内地手机号：{fault}（{mask(value)}）") from None


@cache
def _regions() -> Mapping[str, str]:
    """Each unique way to write a city or county (440104, 广州市越秀区, 越秀区 …) -> its code."""
    data = reference()
    ways: dict[str, set[str]] = {}
    for code, region in data.regions.items():
        if region.level != "province":
            names = data.region_path(code).split("-")
            for way in (code, *("".join(names[start:]) for start in range(len(names)))):
                ways.setdefault(way, set()).add(code)
    return {way: next(iter(codes)) for way, codes in ways.items() if len(codes) == 1}


@lru_cache(maxsize=4096)
def _region(value: str) -> str:
    code = _regions().get(_REGION_PUNCTUATION.sub("", value))
    if code is None:
        near = _did_you_mean(value, _regions())
        raise ValueError(f"{shown(value)}不是广东省的市或县区（填 6 位代码或全称，如 440104 或 广州市越秀区）{near}")
    return code


@lru_cache(maxsize=65536)
def _specialty(value: str) -> str:
    found = reference().specialties.get(value.upper())
    if found is None or found.level == 0:
        raise ValueError(f"{shown(value)}不是《公共资源交易评标专家专业分类标准》的专业代码（如 A08、A0801、A080101）")
    return found.code


def _from_list(list_name: str) -> Callable[[str], str]:
    @lru_cache(maxsize=1024)
    def check(value: str) -> str:
        names = reference().names(list_name)
        name = value.translate(_HALF_TO_FULL)
        if name not in names:
            few = "、".join(names) if len(names) <= 8 else "、".join(names[:8]) + f" 等 {len(names)} 种"
            raise ValueError(f"{shown(value)}不在{list_name}中，可填：{few}{_did_you_mean(name, names)}")
        return name

    return check


def _did_you_mean(value: str, names: Mapping[str, str] | tuple[str, ...]) -> str:
    near = get_close_matches(value, list(names), n=1, cutoff=0.7)
    return f"；是否指“{near[0]}”？" if near else ""


@lru_cache(maxsize=65536)
def _unit(value: str) -> str:
    return understood_unit(value)


@lru_cache(maxsize=65536)
def _former_unit(value: str) -> FormerUnit:
    name, _, until = value.rpartition("@")
    try:
        if not name.strip() or not re.fullmatch(r"\d{4}-\d\d-\d\d", until, re.ASCII):
            raise ValueError
        left = date.fromisoformat(until)
    except ValueError:
        raise ValueError(f"{shown(value)}应写作“单位全称@离职日期”，如 某某公司@2025-06-30") from None
    return FormerUnit(_unit(name), left)


def _suspended(value: str) -> bool:
    if value not in ("", "是", "否"):
        raise ValueError(f"{shown(value)}应为 是 或 否（空白即 否）")
    return value == "是"


def _many(one: Callable[[str], T], least: int = 0, most: int = 200) -> Callable[[str], tuple[T, ...]]:
    """A cell with several values, separated by ';' (or '；'); the same one twice counts once."""

    @lru_cache(maxsize=65536)
    def split(value: str) -> tuple[T, ...]:
        parts = [part.strip() for part in value.translate(_MANY).split(SEPARATOR)]
        found = tuple(dict.fromkeys(one(part) for part in parts if part))
        if not least <= len(found) <= most:
            raise ValueError(f"至少填 {least} 项" if len(found) < least else f"最多填 {most} 项，现有 {len(found)} 项")
        return found

    return split


class ExpertRow(BaseModel):
    """One expert, checked. The aliases are the header of the file."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, BeforeValidator(understood_name)] = Field(alias="姓名", description="2 至 30 个汉字", examples=["张三"])
    id_card: Annotated[str, BeforeValidator(_id_card)] = Field(
        alias="证件号",
        description="18 位公民身份号码，校验码须相符；库内不重复",
        examples=["11010519491231002X"],
    )
    phone: Annotated[str, BeforeValidator(_phone)] = Field(
        alias="手机号码", description="11 位内地手机号，+86、空格、“-”和全角数字可以；库内不重复", examples=["18080808080"]
    )
    residence: Annotated[str, BeforeValidator(_region)] = Field(
        alias="常驻地", description="广东省的市或县区：6 位代码或全称", examples=["440104", "广州市越秀区"]
    )
    willing: Annotated[tuple[str, ...], BeforeValidator(_many(_region))] = Field(
        alias="意愿评标区", description="同上，多个用 ; 分隔；可空", examples=["440100;440600"]
    )
    specialties: Annotated[tuple[str, ...], BeforeValidator(_many(_specialty, least=1))] = Field(
        alias="专业", description="专业代码，至少一个，多个用 ; 分隔", examples=["A0801;A080201"]
    )
    title: Annotated[str, BeforeValidator(_from_list(TITLES))] = Field(
        alias="职称等级", description="codes.csv 职称等级中的名称", examples=["副高级"]
    )
    qualifications: Annotated[tuple[str, ...], BeforeValidator(_many(_from_list(QUALIFICATIONS)))] = Field(
        alias="执业资格",
        description="codes.csv 执业资格中的名称，多个用 ; 分隔；可空",
        examples=["注册监理工程师"],
    )
    authorities: Annotated[tuple[str, ...], BeforeValidator(_many(_from_list(AUTHORITIES)))] = Field(
        alias="所属行业主管部门",
        description="codes.csv 同名列表中的名称，多个用 ; 分隔；可空",
        examples=["住房城乡建设"],
    )
    unit: Annotated[str, BeforeValidator(_unit)] = Field(
        alias="工作单位", description="单位全称", examples=["某某设计院有限公司"]
    )
    former_units: Annotated[tuple[FormerUnit, ...], BeforeValidator(_many(_former_unit))] = Field(
        alias="曾任职单位",
        description="单位全称@离职日期，多个用 ; 分隔；可空（供回避单位核对）",
        examples=["某某公司@2025-06-30"],
    )
    suspended: Annotated[bool, BeforeValidator(_suspended)] = Field(
        alias="暂停", description="是 或 否；空白即 否", examples=["否"]
    )

    @classmethod
    def header(cls) -> tuple[str, ...]:
        """The column names, in the order in which the template shows them."""
        return tuple(str(field.alias) for field in cls.model_fields.values())


def check_row(cells: Mapping[str, str]) -> ExpertRow | list[tuple[str, str]]:
    """The expert, or every (column, reason). `cells`: column name -> text, stripped."""
    try:
        return ExpertRow.model_validate(cells)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        return [(str(fault["loc"][0]), _reason(cells, fault)) for fault in faults]


def _reason(cells: Mapping[str, str], fault: Mapping[str, object]) -> str:
    context = fault.get("ctx")
    loc = fault["loc"]
    if isinstance(loc, tuple) and not cells.get(str(loc[0])):
        return "不能为空"
    return str(context["error"]) if isinstance(context, dict) and "error" in context else str(fault["msg"])


def columns_table() -> str:
    """The columns as a Markdown table, for docs/pool-import.md."""
    lines = ["| 列名 | 填什么 | 例 |", "|---|---|---|"]
    for field in ExpertRow.model_fields.values():
        examples = " 或 ".join(f"`{example}`" for example in field.examples or ())
        lines.append(f"| {field.alias} | {field.description} | {examples} |")
    return "\n".join(lines) + "\n"
