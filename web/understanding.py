"""What a field's text becomes, by the kind of the field: the one place where what people type is brought into one form.

| kind | annotation | what it becomes |
|---|---|---|
| free text | `str` | drawing.normal_forms.understood_text |
| number or code (编号) | `str` with `Kind.CODE` | drawing.normal_forms.understood_number |
| matched elsewhere (names, 证件号, telephones) | `str` with a validator of web.matching | by that validator alone |
| money | `Decimal` | drawing.amounts.understood_amount |
| count | `int` | drawing.amounts.understood_count |
| date, moment | `date`, `datetime` | drawing.dates |

What is looked for goes by normal_unit or code_form of drawing.normal_forms, the forms in which PostgreSQL keeps what can be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from drawing.amounts import NoAmount, understood_amount, understood_count
from drawing.dates import NotUnderstood, understood_date, understood_moment
from drawing.normal_forms import understood_number, understood_text
from web.bodies import BadName


class Kind(Enum):
    """Of a `str` field that is no free text: Annotated[str, Field(…), Kind.CODE]."""

    CODE = "code"
    AS_TYPED = "as typed"


class Matched(AfterValidator):
    """A check that brings the text into its own form: it gets what was typed."""


def understood(field: FieldInfo, value: object) -> object:
    """The value for the field; ValueError says in Chinese what is wrong. What is no text is left as it is."""
    if isinstance(value, BadName):
        raise ValueError("文件名中有不能使用的控制字符：请改名后重新选择文件。")
    if not isinstance(value, str):
        return value
    if (kind := _kind(field)) is None:
        return value
    try:
        found = kind(value)
    except (NoAmount, NotUnderstood) as fault:
        raise ValueError(f"{field.title or ''}{fault}。") from None
    if found == "" and field.is_required():  # nothing but signs that nobody sees
        raise PydanticCustomError("missing", "missing")
    return found


def _kind(field: FieldInfo) -> Callable[[str], Any] | None:
    types = set(_types(field.annotation))
    for wanted, function in _BY_TYPE:
        if wanted in types:
            return function
    if str not in types or any(isinstance(each, Matched) for each in field.metadata):
        return None
    said = next((each for each in field.metadata if isinstance(each, Kind)), None)
    return {None: understood_text, Kind.CODE: understood_number, Kind.AS_TYPED: None}[said]


_BY_TYPE: tuple[tuple[type, Callable[[str], Any]], ...] = (
    (bool, lambda text: text),
    (datetime, understood_moment),
    (date, understood_date),
    (Decimal, understood_amount),
    (float, understood_amount),
    (int, understood_count),
)


def _types(annotation: Any) -> Iterator[Any]:
    """The plain types of `X`, `X | None` and `Annotated[X, …]`; not those in a list."""
    if get_origin(annotation) is Annotated:
        yield from _types(get_args(annotation)[0])
    elif isinstance(annotation, type):
        yield annotation
    elif get_origin(annotation) not in (list, tuple, set, frozenset):
        for each in get_args(annotation):
            yield from _types(each)
