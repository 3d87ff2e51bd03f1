"""What people type, checked at the edge. A form is a pydantic model; what is wrong is said in Chinese at its field.

    class Project(Form):
        name: Annotated[str, Field(title="项目名称", description="与招标文件一致", max_length=200)]
        investment: Annotated[Decimal, Field(title="投资总额（万元）", gt=0)]
        opens: Annotated[Moment, Field(title="开标时间")]
        kinds: Annotated[list[str], Field(title="类型", min_length=1)]

    form = await read(request, Project)
    if isinstance(form, Invalid):
        return render(request, "project.html", form=form, status=form.status)

A blank field is one that is not there: required fields complain, others take their default. Repeated fields become
lists where the model has a list, tuple or set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from aiohttp import web
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from web.form_sentences import sentence
from web.times import CHINA
from web.typed import posted
from web.understanding import understood

M = TypeVar("M", bound="Form")
ENTER = "_enter"
"""The name of the first button of a form, which nobody sees: the one that Enter presses."""
REFRESH = "_refresh"
"""The name of a submit button that only shows the form again (a filter, one more row), with all that was typed."""
_AT = "at_fields"
_YEARS = range(2000, 2100)


class Choice(AfterValidator):
    """A check that goes with a list to choose from: what is missing is to be chosen, not typed."""


class Form(BaseModel):
    """The base of all forms. `title` of a field is its label, `description` its hint."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    beside: ClassVar[Mapping[str, str]] = {}
    """The labels of fields that come with the form and are not the model's (rows)."""

    @field_validator("*", mode="before")
    @classmethod
    def _understood(cls, value: object, info: ValidationInfo) -> object:
        """What is typed becomes by the kind of the field (web/understanding.py)."""
        assert info.field_name is not None
        return understood(cls.model_fields[info.field_name], value)

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        """What is wrong between fields, at which field. `known` are those that are right for themselves: the others are not
        there, and what they are wrong in is told together with this.
        """
        return {}

    @model_validator(mode="after")
    def _across(self) -> Self:
        if faults := self.across({name: getattr(self, name) for name in type(self).model_fields}):
            raise wrong(**faults)
        return self


class _Alone(Form):
    """Fields without what lies between them."""

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        return {}


def _moment(value: object, _info: ValidationInfo) -> object:
    """What is typed has no zone: the console's clock is China's."""
    if isinstance(value, datetime):
        if value.year not in _YEARS:  # neither the database nor a clock knows all others
            raise ValueError(f"年份应在 {_YEARS[0]} 至 {_YEARS[-1]} 之间，请核对。")
        return value if value.tzinfo else value.replace(tzinfo=CHINA)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A moment as <input type="datetime-local"> gives it, or as people write it, in China's time."""
Upload = web.FileField
"""A file: `.file`, `.filename`; give its route a `body` limit."""


def wrong(**messages: str) -> PydanticCustomError:
    """Errors at several fields."""
    return PydanticCustomError(_AT, "wrong", {"messages": messages})


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as a template shows it: labels and hints of the model, values as typed, errors by field."""

    model: type[Form]
    values: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of a form that was sent: the fields that are right for themselves, as the model has them."""
    stored: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    """What was saved elsewhere since the form was opened, where something else was typed here (web/versions.py)."""
    taken: frozenset[str] = frozenset()
    """The fields that show what was saved elsewhere, because nothing was typed here."""
    stale: bool = False
    """Whether it was opened before what is stored now was saved."""

    def label(self, name: str) -> str:
        """The field's name for people."""
        found = self.model.model_fields.get(name)
        return (found.title if found else self.model.beside.get(name)) or name

    def hint(self, name: str) -> str:
        """What to type."""
        return self._field(name).description or ""

    def required(self, name: str) -> bool:
        """Whether it gets its asterisk; a list that must have an entry counts."""
        found = self._field(name)
        return found.is_required() and not (_is_many(found) and not _limit(found, "min_length"))

    def limit(self, name: str, bound: str) -> Any:
        """`max_length`, `ge` … of the field; None if it has none."""
        return _limit(self._field(name), bound)

    def value(self, name: str) -> str:
        """What was typed, or nothing."""
        return next(iter(self.values.get(name, ())), "")

    def chosen(self, name: str) -> Sequence[str]:
        """What was ticked."""
        return self.values.get(name, ())

    def error(self, name: str) -> str:
        """What is wrong with it, or nothing."""
        return self.errors.get(name, "")

    def _field(self, name: str) -> FieldInfo:
        return self.model.model_fields[name]


@dataclass(frozen=True, slots=True)
class Invalid(Filled):
    """A form that was sent and must be shown again."""

    @property
    def status(self) -> int:
        """422; 409 when it was changed elsewhere; 200 when a refresh button was pressed, which is no error."""
        return 409 if self.stale else 422 if self.errors else 200

    def also(self, **messages: str) -> Invalid:
        """With errors that only the database could tell, e.g. form.also(code="已有相同编号的项目。")."""
        return replace(self, errors={**self.errors, **messages})


def blank(model: type[Form], **initial: object) -> Filled:
    """A form to be filled in, with what is known already."""
    return Filled(model, {name: _typed(value) for name, value in initial.items() if value is not None})


def filled(form: Form) -> Filled:
    """A form to be edited, from its values."""
    return blank(type(form), **{name: getattr(form, name) for name in type(form).model_fields})


async def read(request: web.Request, model: type[M]) -> M | Invalid:
    """The form that was sent; or what is wrong with it, with everything as it was typed."""
    data = await posted(request)
    raw = {name: data.getall(name) for name in data}
    typed = {name: [each for each in values if isinstance(each, str)] for name, values in raw.items()}
    if ENTER in raw and (found := _searched(typed)):
        typed[REFRESH] = [found]
    if REFRESH in typed:
        return Invalid(model, typed)
    given = {name: _given(model.model_fields[name], raw[name]) for name in model.model_fields if name in raw}
    try:
        return model.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        return _refused(model, typed, given, errors_of(model, error))


def _searched(typed: Mapping[str, Sequence[str]]) -> str:
    """Enter after a change in the search of a long list means to search there (the macro `chooser`); which list.

    >>> _searched({"main__shown": [" "], "main__group": [""], "main__words": ["工程"]}), _searched({"main__shown": [" "]})
    ('main', '')
    """
    for name in (each.removesuffix("__shown") for each in typed if each.endswith("__shown")):
        asked = [next(iter(typed.get(f"{name}__{part}", ())), "").strip() for part in ("group", "words")]
        if " ".join(asked).strip() != typed[f"{name}__shown"][0].strip():
            return name
    return ""


def _refused(
    model: type[M], typed: Mapping[str, Sequence[str]], given: Mapping[str, object], errors: Mapping[str, str]
) -> Invalid:
    """With what is wrong between the fields that are right for themselves, so that all is told at once."""
    right = {name: value for name, value in given.items() if value is not None and name not in errors}
    alone = _without(model, frozenset(errors)).model_validate(right)
    known = {name: getattr(alone, name) for name in model.model_fields if name not in errors}
    return Invalid(model, typed, {**errors, **{n: t for n, t in model.across(known).items() if n not in errors}}, known)


@lru_cache(maxsize=256)
def _without(model: type[Form], names: frozenset[str]) -> type[Form]:
    """The model in which these fields may be missing, and nothing between fields is looked at."""
    missing: Any = {name: (Any, None) for name in names if name in model.model_fields}
    return create_model(model.__name__, __base__=(_Alone, model), **missing)


def again(form: Form, **messages: str) -> Invalid:
    """A form that was right by itself, refused by what is known elsewhere: show it again with these errors."""
    return Invalid(type(form), filled(form).values, messages)


def errors_of(model: type[Form], error: ValidationError) -> dict[str, str]:
    """One Chinese sentence per field; the first one that is wrong with it. "" is the form as a whole."""
    found: dict[str, str] = {}
    for each in error.errors():
        if each["type"] == _AT:
            found |= {name: text for name, text in each["ctx"]["messages"].items() if name not in found}
        else:
            name = str(each["loc"][0]) if each["loc"] else ""
            title = model.model_fields[name].title if name in model.model_fields else None
            found.setdefault(name, sentence(each, title or "此项", _picks(model, name)))
    return found


def _given(info: FieldInfo, values: Sequence[Any]) -> object:
    """None if blank. A file field in which no file was chosen comes as bytes without a name."""
    kept = [each for each in values if isinstance(each, Upload) or (isinstance(each, str) and each.strip())]
    if _is_many(info):
        return kept
    return kept[-1] if kept else None


def _is_many(info: FieldInfo) -> bool:
    kinds = (info.annotation, *get_args(info.annotation))
    return any((get_origin(kind) or kind) in (list, tuple, set, frozenset) for kind in kinds)


def _picks(model: type[Form], name: str) -> bool:
    if (info := model.model_fields.get(name)) is None:
        return False
    kinds = (info.annotation, *get_args(info.annotation))
    listed = get_origin(info.annotation) is Literal or any(isinstance(each, Choice) for each in info.metadata)
    return listed or _is_many(info) or Upload in kinds


def _limit(info: FieldInfo, bound: str) -> Any:
    return next((getattr(each, bound) for each in info.metadata if getattr(each, bound, None) is not None), None)


def _typed(value: object) -> list[str]:
    match value:
        case None:
            return []
        case str():
            return [str(value)]
        case bool():
            return ["true"] if value else []
        case datetime():
            return [value.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")]
        case date():
            return [value.isoformat()]
        case list() | tuple() | set() | frozenset():
            return [text for each in value for text in _typed(each)]
        case _:
            return [str(value)]
