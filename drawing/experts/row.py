"""One row of the expert file: what each column means, and what is wrong with a value, said in Chinese.

The model is the one source of the header: docs/pool-import.md shows `columns_table()`, and a test
holds them together. Messages repeat nothing personal, whatever the column: see report.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ValidationInfo

from drawing.dates import NotUnderstood, understood_date
from drawing.experts.identity import ADULT, birth_date, birth_fault, id_card_fault, understood_id_card
from drawing.experts.regions import understood_region, understood_regions
from drawing.experts.specialties import understood_specialties
from drawing.normal_forms import normal_unit, tidy, understood_name, understood_unit
from drawing.phone_numbers import GENERAL, NoNumber, mobile
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference

SEPARATOR = ";"
_AS_A_NUMBER = re.compile(r"\d+(?:\.\d+)?[Ee]\+?\d+|\d{11}\.\d*")
_SEPARATED = re.compile(r"[;；、，,|/\s]+")
_BETWEEN_FORMER = re.compile(r"[;；\n]+|(?<=[\d日号])\s*[、，,|]")
EARLIEST = date(1950, 1, 1)
"""Nobody in the pool left an employer before."""
WORKING_AGE = 14
"""Years, at which somebody may have had an employer (today 16)."""


class FormerUnit(NamedTuple):
    """曾任职单位, and the last day there."""

    name: str
    until: date


def _id_card(value: str, info: ValidationInfo) -> str:
    number = understood_id_card(value)
    if fault := id_card_fault(number) or birth_fault(number, _today(info), ADULT):
        raise ValueError(fault)
    return number


def _today(info: ValidationInfo) -> date:
    assert info.context is not None  # check_row gives it
    today: date = info.context["today"]
    return today


def _phone(value: str) -> str:
    try:
        return mobile(value)
    except NoNumber as fault:
        if _AS_A_NUMBER.fullmatch(value):
            cure = "请把整列的单元格格式设为“文本”，再录入完整的 11 位号码"
            raise ValueError(f"被存成了数字（科学计数法，或有小数点）：{cure}") from None
        why = "所填不是电话号码，请核对各列是否错位" if str(fault) == GENERAL else fault
        raise ValueError(f"应为 11 位内地手机号：{why}") from None


def _from_list(list_name: str) -> Callable[[str], str]:
    @lru_cache(maxsize=1024)
    def check(value: str) -> str:
        names = reference().names(list_name)
        found = {normal_unit(name): name for name in names}.get(normal_unit(value))
        if found is None:
            few = "、".join(names) if len(names) <= 8 else "、".join(names[:8]) + f" 等 {len(names)} 种"
            raise ValueError(f"不在{list_name}中，可填：{few}{_did_you_mean(value, names)}")
        return found

    return check


def _some_from_list(list_name: str) -> Callable[[str], tuple[str, ...]]:
    """Several names in one cell; none of these lists has a name with a separator or a blank in it."""
    one = _from_list(list_name)

    @lru_cache(maxsize=65536)
    def split(value: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one(part) for part in _SEPARATED.split(tidy(value)) if part))

    return split


def _did_you_mean(value: str, names: Iterable[str]) -> str:
    near = get_close_matches(value, list(names), n=1, cutoff=0.7)
    return f"；是否指“{near[0]}”？" if near else ""


@lru_cache(maxsize=65536)
def _unit(value: str) -> str:
    return understood_unit(value)


def _former_units(value: str, info: ValidationInfo) -> tuple[FormerUnit, ...]:
    """Each with a last day that can be one: not before the person was of working age, not in the future."""
    if not value:
        return ()
    number = info.data.get("id_card")
    youngest = date(birth_date(number).year + WORKING_AGE, 1, 1) if number else EARLIEST
    for unit in (units := _split_former(value)):
        if unit.until < max(EARLIEST, youngest):
            raise ValueError(f"离职日期 {unit.until.isoformat()} 过早，请核对年份")
        if unit.until > _today(info):
            raise ValueError(f"离职日期 {unit.until.isoformat()} 在将来：尚未离职的请填入“工作单位”")
    return units


@lru_cache(maxsize=65536)
def _split_former(value: str) -> tuple[FormerUnit, ...]:
    parts = (part.strip() for part in _BETWEEN_FORMER.split(value))
    return tuple(dict.fromkeys(_former_unit(part) for part in parts if part))


def _former_unit(text: str) -> FormerUnit:
    name, at, until = text.replace("＠", "@").rpartition("@")
    if not at or not name.strip():
        raise ValueError("应写作“单位全称@离职日期”，如 某某公司@2025-06-30")
    try:
        return FormerUnit(_unit(name), understood_date(until))
    except NotUnderstood as fault:
        raise ValueError(f"“@”后的离职日期不对：{fault}") from None


def _suspended(value: str) -> bool:
    if (plain := normal_unit(value)) not in ("", "是", "否"):
        raise ValueError("应为 是 或 否（空白即 否）")
    return plain == "是"


class ExpertRow(BaseModel):
    """One expert, checked. The aliases are the header of the file."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, BeforeValidator(understood_name)] = Field(alias="姓名", description="2 至 30 个汉字", examples=["张三"])
    id_card: Annotated[str, BeforeValidator(_id_card)] = Field(
        alias="证件号",
        description="18 位公民身份号码，校验码须相符，年满 18 周岁；库内不重复",
        examples=["11010519491231002X"],
    )
    phone: Annotated[str, BeforeValidator(_phone)] = Field(
        alias="手机号码", description="11 位内地手机号，+86、空格、“-”和全角数字可以；库内不重复", examples=["18080808080"]
    )
    residence: Annotated[str, BeforeValidator(understood_region)] = Field(
        alias="常驻地", description="广东省的市或县区：6 位代码或全称", examples=["440104", "广州市越秀区"]
    )
    willing: Annotated[tuple[str, ...], BeforeValidator(understood_regions)] = Field(
        alias="意愿评标区", description="同上，多个用 ; 、 或 ， 分隔；可空", examples=["440100;440600"]
    )
    specialties: Annotated[tuple[str, ...], BeforeValidator(understood_specialties)] = Field(
        alias="专业",
        description="专业代码，可带名称，至少一个，多个用 ; 、 或 ， 分隔",
        examples=["A0801;A080201", "(A08)工程施工、(A01)规划"],
    )
    title: Annotated[str, BeforeValidator(_from_list(TITLES))] = Field(
        alias="职称等级", description="模板“可填内容”职称等级一列中的名称", examples=["副高级"]
    )
    qualifications: Annotated[tuple[str, ...], BeforeValidator(_some_from_list(QUALIFICATIONS))] = Field(
        alias="执业资格",
        description="模板“可填内容”执业资格一列中的名称，多个用 ; 、 或 ， 分隔；可空",
        examples=["注册监理工程师"],
    )
    authorities: Annotated[tuple[str, ...], BeforeValidator(_some_from_list(AUTHORITIES))] = Field(
        alias="所属行业主管部门",
        description="模板“可填内容”同名一列中的名称，多个用 ; 、 或 ， 分隔；可空",
        examples=["住房城乡建设"],
    )
    unit: Annotated[str, BeforeValidator(_unit)] = Field(
        alias="工作单位", description="单位全称", examples=["某某设计院有限公司"]
    )
    former_units: Annotated[tuple[FormerUnit, ...], BeforeValidator(_former_units)] = Field(
        alias="曾任职单位",
        description="单位全称@离职日期，日期不在将来，多个用 ; 分隔；可空（供回避单位核对）",
        examples=["某某公司@2025-06-30"],
    )
    suspended: Annotated[bool, BeforeValidator(_suspended)] = Field(
        alias="暂停", description="是 或 否；空白即 否", examples=["否"]
    )

    @classmethod
    def header(cls) -> tuple[str, ...]:
        """The column names, in the order in which the template shows them."""
        return tuple(str(field.alias) for field in cls.model_fields.values())


def check_row(cells: Mapping[str, str], today: date) -> ExpertRow | list[tuple[str, str]]:
    """The expert, or every (column, reason). `cells`: column name -> text, stripped; `today`: after which nobody was born."""
    try:
        return ExpertRow.model_validate(cells, context={"today": today})
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
