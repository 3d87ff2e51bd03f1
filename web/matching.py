"""Fields whose values are matched elsewhere: names of units and people, codes, telephone numbers. What is kept is what was
understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from pydantic_core.core_schema import ValidationInfo

from drawing.avoiding import id_card_wrong
from drawing.credit_code import LEGAL_PERSON, code_fault, understood_code
from drawing.experts.identity import understood_id_card
from drawing.normal_forms import Unmatchable, understood_name, understood_unit
from drawing.numbering import Kind
from drawing.phone_numbers import PERSONAL, PUBLIC, NoNumber, understood
from web.times import today
from web.understanding import Matched

_CERTIFICATE = re.compile(r"[0-9A-Z()]{5,30}", re.ASCII)
INTERNAL = "；如是部队等没有统一社会信用代码的单位，招标人类别请选“其他组织”并填内部代码"


def unit_name(title: str) -> Matched:
    """A unit's full name, or nothing: Annotated[str, Field(title=…), unit_name(…)]."""
    return Matched(_understood(title, understood_unit))


def person_name(title: str) -> Matched:
    """One person's name."""
    return Matched(_understood(title, understood_name))


def credit_code(title: str) -> Matched:
    """A 统一社会信用代码, or nothing."""

    def check(typed: str) -> str:
        code = understood_code(typed)
        if code and (fault := code_fault(code)):
            raise ValueError(f"{title}{fault}。")
        return code

    return Matched(check)


def tenderer_code(title: str) -> Matched:
    """The same of a 招标人, checked by its 招标人类别: who is no 法人 may have an internal code."""

    def check(typed: str, info: ValidationInfo) -> str:
        code = understood_code(typed)
        legal = info.data.get("tenderer_kind", LEGAL_PERSON) == LEGAL_PERSON
        if legal and (fault := code_fault(code)):
            raise ValueError(f"{title}{fault}{INTERNAL}。")
        return code

    return Matched(check)


def certificate(title: str) -> Matched:
    """The number of a person's 身份证 or another certificate."""

    def check(typed: str) -> str:
        number = understood_id_card(typed)
        if not _CERTIFICATE.fullmatch(number):
            raise ValueError(f"{title}的格式不正确，请按提示填写。")
        return number

    return Matched(check)


def avoided_card(title: str) -> Matched:
    """An avoided person's 证件号, or nothing."""

    def check(typed: str) -> str:
        number = understood_id_card(typed)
        if number and (fault := id_card_wrong(number, today())):
            raise ValueError(f"{title}{fault}。")
        return number

    return Matched(check)


def own_phone() -> Matched:
    """A person's own telephone: mobile, or landline with its area code."""
    return _phone(PERSONAL)


def public_phone() -> Matched:
    """A telephone that people are told to ring: 400 numbers and hotlines too."""
    return _phone(PUBLIC)


def _phone(kinds: Collection[Kind]) -> Matched:
    def check(typed: str) -> str:
        try:
            return understood(typed, kinds).written
        except NoNumber as fault:
            raise ValueError(f"{fault}。") from None

    return Matched(check)


def _understood(title: str, understood: Callable[[str], str]) -> Callable[[str], str]:
    def check(typed: str) -> str:
        try:
            return understood(typed) if typed else ""
        except Unmatchable as error:
            raise ValueError(f"{title}{error}。") from None

    return check
