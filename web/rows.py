"""Forms with rows (监督人员 1..n), and forms that the database refuses: no script, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from web.forms import Filled, Form, Invalid

SPARE = 1
"""Empty rows below those that are filled in."""


async def refused(request: web.Request, model: type[Form], faults: Mapping[str, str]) -> Invalid:
    """The form exactly as it was typed, rows included, with what is wrong."""
    data = await request.post()
    typed = {name: [each for each in data.getall(name) if isinstance(each, str)] for name in data}
    return Invalid(model, typed, faults)


async def rows(request: web.Request, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows in which something was typed; a row has one field of each name."""
    data = await request.post()
    columns = [[each.strip() for each in data.getall(name, []) if isinstance(each, str)] for name in names]
    return [row for row in zip(*columns, strict=False) if any(row)]


def shown(form: Filled, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a form as typed, and an empty one."""
    columns = [form.chosen(name) for name in names]
    typed = [row for row in zip(*columns, strict=False) if any(row)]
    return typed + [("",) * len(names)] * SPARE


def incomplete(given: Sequence[tuple[str, ...]], needed: Sequence[int], message: str) -> str:
    """`message` if a row lacks one of the fields that it needs."""
    return message if any(not row[place] for row in given for place in needed) else ""
