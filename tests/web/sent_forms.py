"""The forms of a page as a browser without scripts sees them, to be filled in and sent as they are, hidden fields included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin

from aiohttp import ClientResponse

from tests.web.conftest import Visitor


@dataclass
class PageForm:
    """`fields` as they would be sent if nobody typed anything; `buttons` name → value, in order, the nameless as ""."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def target(self) -> str:
        """Where it is sent, without the fragment."""
        return urldefrag(self.action).url

    @property
    def key(self) -> str:
        """The form's own."""
        return dict(self.fields).get("_key", "")

    def filled(self, typed: Mapping[str, Any], press: str = "") -> list[tuple[str, str]]:
        """With what somebody types: a list is sent repeatedly, None takes a field away. `press`: the button's name."""
        lists = {name: value if isinstance(value, list) else [value] for name, value in typed.items()}
        kept = [(name, value) for name, value in self.fields if name not in lists]
        given = [(name, str(each)) for name, values in lists.items() for each in values if each is not None]
        return [*kept, *given, *([(press, dict(self.buttons).get(press, "1"))] if press else [])]


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, list[PageForm]()
        self.open: PageForm | None = None
        self.area: str | None = None
        self.choice: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = PageForm(urljoin(self.address, found.get("action", "")), found.get("method", "get"))
            self.forms.append(self.open)
        if self.open is None:
            return
        name = found.get("name", "")
        if tag == "button":
            self.open.buttons.append((name, found.get("value", "")))
        elif tag == "select":
            self.choice = name
        elif tag == "option" and self.choice and "selected" in found:
            self.open.fields.append((self.choice, found.get("value", "")))
        elif tag == "textarea" and name:
            self.area = name
            self.open.fields.append((name, ""))
        elif tag == "input" and name and _sent(found):
            self.open.fields.append((name, found.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.open is not None and self.area is not None:
            name, there = self.open.fields[-1]
            self.open.fields[-1] = (name, there + (data if there else data.removeprefix("\n")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.choice = None
        elif tag == "form":
            self.open = None


def _sent(found: Mapping[str, str]) -> bool:
    chosen = found.get("type") not in ("checkbox", "radio") or "checked" in found
    return chosen and "disabled" not in found and found.get("type") != "file"


def forms(page: str, address: str) -> list[PageForm]:
    """All forms of a page that was opened at `address`."""
    read = _Forms(address)
    read.feed(page)
    return read.forms


async def form(visitor: Visitor, address: str, target: str = "") -> PageForm:
    """The form of the page at `address` that is sent to `target` (by default to the page itself)."""
    page = await visitor.text(address)
    wanted = target or address
    return next(each for each in forms(page, address) if each.method == "post" and each.target == wanted)


async def send(
    visitor: Visitor, form: PageForm, press: str = "", target: str = "", headers: Mapping[str, str] | None = None, **typed: Any
) -> ClientResponse:
    """Press a button of it; the answer, not followed."""
    return await visitor.client.post(
        target or form.target, data=form.filled(typed, press), allow_redirects=False, headers=headers
    )
