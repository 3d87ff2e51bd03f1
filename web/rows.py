"""Forms with rows (监督人员 1..n), and forms that the database refuses: no script, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from web.forms import Filled, Form, Invalid, errors_of
from web.typed import posted

R = TypeVar("R", bound=Form)
MOST = 20
SPARE = 1
"""Empty rows below those that are filled in."""


async def refused(request: web.Request, model: type[Form], faults: Mapping[str, str]) -> Invalid:
    """The form exactly as it was typed, rows included, with what is wrong."""
    data = await posted(request)
    typed = {name: [each for each in data.getall(name) if isinstance(each, str)] for name in data}
    return Invalid(model, typed, faults)


async def rows(request: web.Request, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows in which something was typed; a row has one field of each name."""
    data = await posted(request)
    columns = [[each.strip() for each in data.getall(name, []) if isinstance(each, str)] for name in names]
    return [row for row in zip(*columns, strict=False) if any(row)]


def shown(form: Filled, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a form as typed, and an empty one."""
    columns = [form.chosen(name) for name in names]
    typed = [row for row in zip(*columns, strict=False) if any(row)]
    return typed + [("",) * len(names)] * SPARE


def checked(given: Sequence[tuple[str, ...]], model: type[R], what: str) -> list[R] | str:
    """The rows as the model has them, its fields in order; or all that is wrong with them."""
    if len(given) > MOST:
        return f"{what}最多 {MOST} 名。"
    right, wrong = [], []
    for n, row in enumerate(given, start=1):
        values = {name: value for name, value in zip(model.model_fields, row, strict=True) if value}
        try:
            right.append(model.model_validate(values))
        except ValidationError as error:
            wrong.append(f"{what}{n}：{''.join(errors_of(model, error).values())}")
    return "".join(wrong) if wrong else right
