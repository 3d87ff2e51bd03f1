"""A form carries the version of what it shows, so that a save based on an older one overwrites nothing unseen.

The version is a short hash for each field of the stored values. When a save comes, the same hashes are made of what is stored now:
if they are equal, nobody has changed anything since. If not, three sides of each field are known, because a value that hashes to
what the version says was not touched by the person who typed:

- not touched here, changed elsewhere: the stored value is shown, and marked;
- changed here and elsewhere, differently: what was typed stays in the field, and the stored value stands beside it;
- else the field stays as it was typed.

Nothing is saved; the form is shown again with the version of what is stored now, so that a second save is one of both values known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from aiohttp import web

from web.forms import Filled, Invalid
from web.typed import posted

VERSION_FIELD = "_version"
_DIGITS = 12  # hexadecimal, of each field's hash


def versioned(form: Filled) -> Filled:
    """The form with the version of its own values: for what is stored.

    >>> from web.forms import Form, blank
    >>> class Name(Form):
    ...     name: str
    >>> versioned(blank(Name, name="甲")).value("_version") == version(blank(Name, name="甲 "))
    True
    """
    return Filled(form.model, {**form.values, VERSION_FIELD: [version(form)]})


def version(form: Filled) -> str:
    """Of the values that a form shows."""
    return ".".join(f"{name}:{_hash(form.values.get(name, ()))}" for name in _names(form))


def stand(*values: object) -> str:
    """The version of things that are shown and not typed: of what an act is about."""
    return sha256(repr(values).encode()).hexdigest()[: 2 * _DIGITS]


class Changed(Exception):
    """What is stored was changed since the form was opened; `form` is to be shown, with both."""

    def __init__(self, form: Invalid) -> None:
        super().__init__("changed elsewhere")
        self.form = form


class Outdated(Exception):
    """What an act is about was changed since it was shown; nothing was done."""


OUTDATED = "本页打开之后，内容已有改动，没有办理。请核对本页现在显示的内容，再办理一次。"


async def confirm_shown(request: web.Request, stand: str) -> None:
    """Raises Outdated if the page that the form stood on showed something else than what `stand` is the version of."""
    if (await posted(request)).get(VERSION_FIELD) != stand:
        raise Outdated(OUTDATED)


def confirm_based(typed: Filled, stored: Filled) -> None:
    """Raises Changed if what was typed is not based on what is stored; within the transaction that saves it."""
    if (form := stale(typed, stored)) is not None:
        raise Changed(form)


def stale(typed: Filled, stored: Filled) -> Invalid | None:
    """None if what was typed is based on what is stored; else the form with both.

    >>> from web.forms import Form, blank
    >>> class Two(Form):
    ...     name: str
    ...     code: str
    >>> there = versioned(blank(Two, name="甲", code="1"))
    >>> mine = Filled(Two, {**there.values, "name": ["乙"]})
    >>> stale(mine, there) is None
    True
    >>> both = stale(mine, blank(Two, name="丙", code="2"))
    >>> both.value("name"), both.stored, both.value("code"), both.taken
    ('乙', {'name': ['丙']}, '2', frozenset({'code'}))
    """
    based_on, now = dict(_parts(typed.value(VERSION_FIELD))), dict(_parts(version(stored)))
    if based_on == now:
        return None
    values, differing, taken = dict(typed.values), dict[str, Sequence[str]](), set[str]()
    for name, hashed in now.items():
        mine = _hash(typed.values.get(name, ()))
        if mine == hashed or based_on.get(name) == hashed:
            continue
        if mine == based_on.get(name):
            values[name] = list(stored.values.get(name, ()))
            taken.add(name)
        else:
            differing[name] = list(stored.values.get(name, ()))
    if not differing and not taken:
        return None  # whatever was changed elsewhere is what was typed here too
    values[VERSION_FIELD] = [version(stored)]
    return Invalid(typed.model, values, {}, stored=differing, taken=frozenset(taken), stale=True)


def _names(form: Filled) -> Iterable[str]:
    """The model's fields, and those beside it (rows); not what only helps to fill it in."""
    more = (name for name in form.values if name not in form.model.model_fields)
    return (*form.model.model_fields, *(name for name in more if not name.startswith("_") and "__" not in name))


def _parts(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split("."):
        name, colon, hashed = part.partition(":")
        if colon:
            yield name, hashed


def _hash(values: Sequence[str]) -> str:
    """However a browser sends it: line ends, blanks around, the empty rows at the end.

    >>> _hash(["一\\r\\n二 ", "", ""]) == _hash(["一\\n二"]), _hash([]) == _hash([""])
    (True, True)
    """
    kept = [each.replace("\r\n", "\n").strip() for each in values]
    while kept and not kept[-1]:
        kept.pop()
    return sha256(repr(kept).encode()).hexdigest()[:_DIGITS]
