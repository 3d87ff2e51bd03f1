"""What pydantic finds wrong with a field, as one Chinese sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

# Error types: https://docs.pydantic.dev/latest/errors/validation_errors/
_Say = Callable[[str, Mapping[str, Any]], str]
_SENTENCES: Mapping[str, _Say] = {
    "string_too_long": lambda title, ctx: f"{title}最多 {ctx['max_length']} 个字，现有 {ctx['given']} 个。",
    "string_too_short": lambda title, ctx: f"{title}至少 {ctx['min_length']} 个字。",
    "string_pattern_mismatch": lambda title, _: f"{title}的格式不正确，请按提示填写。",
    "greater_than": lambda title, ctx: f"{title}应大于 {ctx['gt']}。",
    "greater_than_equal": lambda title, ctx: f"{title}不能小于 {ctx['ge']}。",
    "less_than": lambda title, ctx: f"{title}应小于 {ctx['lt']}。",
    "less_than_equal": lambda title, ctx: f"{title}不能大于 {ctx['le']}。",
    "multiple_of": lambda title, ctx: f"{title}应为 {ctx['multiple_of']} 的倍数。",
    "too_short": lambda title, ctx: f"{title}请至少选择 {ctx['min_length']} 项。",
    "too_long": lambda title, ctx: f"{title}最多选择 {ctx['max_length']} 项。",
    "decimal_max_places": lambda title, ctx: f"{title}最多保留 {ctx['decimal_places']} 位小数。",
    "decimal_max_digits": lambda title, _: f"{title}的数字过大。",
    "decimal_whole_digits": lambda title, _: f"{title}的数字过大。",
}
_KINDS: Sequence[tuple[tuple[str, ...], str]] = (
    (("int_",), "应为整数，例如 5。"),
    (("float_", "decimal_", "finite_number"), "应为数字，例如 1200.5。"),
    (("datetime_", "moment", "timezone_"), "应为日期和时间，例如 2026-11-25 09:30。"),
    (("date_",), "应为日期，例如 2026-11-25。"),
    (("time_",), "应为时间，例如 09:30。"),
    (("enum", "literal_error"), "的选项无效，请从列表中选择。"),
    (("bool_",), "请选择是或否。"),
    (("is_instance_of",), "请选择文件。"),
)


def sentence(error: ErrorDetails, title: str, picks: bool) -> str:
    """`title`: the field's; `picks`: it is chosen, not typed."""
    kind, typed = error["type"], error["input"]
    ctx = {**error.get("ctx", {}), "given": len(typed) if isinstance(typed, str) else 0}
    if kind == "missing" or (kind == "too_short" and ctx.get("actual_length") == 0):
        return f"请选择{title}。" if picks else f"请填写{title}。"
    if kind in _SENTENCES:
        return _SENTENCES[kind](title, ctx)
    if kind in ("value_error", "assertion_error"):
        return str(ctx["error"])  # ours, in a field_validator
    for starts, text in _KINDS:
        if kind.startswith(starts):
            return f"{title}{text}"
    return error["msg"] if not error["msg"].isascii() else f"{title}填写不正确。"
