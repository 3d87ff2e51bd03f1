"""No English and no machine's words where anybody who works with the console reads: pages, errors, messages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from tests.browser.test_pages import NO_PAGES as FILES
from tests.browser.world import make_world
from tests.web.conftest import Visitor
from tests.web.draws import Draws
from tests.web.latin import CHINESE, latin, messages, read
from web.pages import FOLDER, environment
from web.routes import ROUTES

ROOT = FOLDER.parent
TEMPLATES = sorted(FOLDER.glob("templates/*.html"))
EXPERTS_TOOLS = {
    "drawing/__main__.py", "drawing/evidence_files.py", "drawing/evidence_reader.py", "drawing/evidence_readme.py",
    "drawing/evidence_zip.py", "drawing/replay.py", "drawing/report.py", "drawing/signature.py", "drawing/transcript.py",
    "drawing/verify.py", "drawing/verify_head.py", "drawing/verify_names.py", "drawing/verify_pool.py", "drawing/identities.py",
    "drawing/experts/__main__.py",
}  # fmt: skip
"""On the command line, the verifier and the import name the files and options they are about."""
ADMINISTRATORS = {"web/lines.py", "web/handlers/pool_imports.py", "web/settings.py"}
"""Lines, imports and settings: only the administrator and operators read them, with their carrier's words."""
MODULES = sorted(
    path
    for folder in ("web", "drawing")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in EXPERTS_TOOLS | ADMINISTRATORS
    and not path.is_relative_to(ROOT / "drawing/audit")
)

_ATTRIBUTES = re.compile(r"{% macro _(?:described|wrong)\b.*?{% endmacro %}", re.DOTALL)
"""Macros that write attributes and classes."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_messages_have_no_latin_words(path: Path) -> None:
    """All that a module can say, whether or not a test makes it say so."""
    assert [(line, text, found) for line, text in messages(path) if (found := latin(text))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_latin_words(path: Path) -> None:
    """What a template itself writes; what it shows is looked at below."""
    source = _ATTRIBUTES.sub("", path.read_text(encoding="utf-8"))
    tokens = [(kind, text) for _, kind, text in environment().lex(source)]
    page = read("".join(text for kind, text in tokens if kind == "data"))
    inserted = [text for kind, text in tokens if kind == "string" and CHINESE.search(text)]
    assert [(text, found) for text in [*page.texts, *inserted] if (found := latin(text))] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("static/*.js")), ids=lambda path: path.name)
def test_scripts_have_no_latin_words(path: Path) -> None:
    """What a page says without being loaded again."""
    said = re.findall(r'"([^"\\n]*)"', path.read_text(encoding="utf-8"))
    assert [(text, found) for text in said if CHINESE.search(text) and (found := latin(text))] == []


PEOPLE = re.compile(r"（?\b(?:handler|legal|reviewer|supervisor|registrar|administrator|demo)-\w+\b）?")
"""The accounts of web.development.IDENTITIES."""
LONG = "长" * 600
WHO = ("handler-a1", "legal-a", "reviewer-1", "supervisor-1", "supervisor-2", "registrar-1", "administrator-1")
ADMINISTRATORS_WORDS = re.compile(r"\b(?:SIP|RTP|NAT|RFC 4733|INFO)\b|\bexpertline_[a-z]+\b|\b(?:carrier|spare|n\d?)\b")
"""What carriers are asked about, on the page of the lines; database roles; what the operator called trunks and nodes."""
WRONG = {"select": "没有的选项", "radio": "没有的选项", "checkbox": "没有的选项"}
NO_PAGES = FILES | {"/samples"}
UNLINKED = ("/status", "/login", "/nowhere", "/static/nowhere", "/logout", "/activities/CQSQ200001010001")
"""Pages that no link of theirs leads to, and addresses that are refused."""


@pytest.mark.postgres
async def test_pages_and_answers_have_no_latin_words(visit: Callable[..., Awaitable[Visitor]], draws: Draws) -> None:
    """Every page that a link leads to, for each role; then every form sent empty, and with too much in every field."""
    server: TestServer = (await visit()).client.server  # type: ignore[assignment]
    await make_world(str(server.make_url("")), draws)
    forms = [(who, await _pages(visitor := await visit(who)), visitor) for who in WHO]
    found = {who: pages.found for who, pages, _ in forms}
    for who, pages, visitor in forms:
        found[who] |= await _answers(visitor, pages.forms)
    assert not any(found.values()), found
    seen = {path.partition("?")[0] for _, pages, _ in forms for path in pages.seen}
    assert [pattern.pattern for pattern in _wanted() if not any(pattern.fullmatch(each) for each in seen)] == []


def _wanted() -> Iterator[re.Pattern[str]]:
    """The addresses of all pages that these roles may open."""
    for route in ROUTES:
        if route.method == "GET" and route.path not in NO_PAGES:
            yield re.compile(re.sub(r"{\w+(?::(.*?}?))?}(?=/|$)", lambda found: found[1] or "[^/]+", route.path))


@dataclass
class _Pages:
    """What one role saw: Latin words with the page on which each was found first, the pages, and their forms."""

    found: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    forms: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)


async def _pages(visitor: Visitor) -> _Pages:
    made, waiting = _Pages(), ["/", *UNLINKED]
    while waiting:
        path = waiting.pop().partition("#")[0]
        if path in made.seen or not path.startswith("/"):
            continue
        made.seen.add(path)
        response = await visitor.get(path)
        if response.content_type != "text/html":
            continue
        page = read(await response.text())
        _note(made.found, page.texts, path)
        waiting += [(path.partition("?")[0] + link) if link.startswith("?") else link for link in page.links]
        for action, fields in page.forms:
            made.forms.setdefault(action or path, {}).update(fields)
    return made


async def _answers(visitor: Visitor, forms: Mapping[str, Mapping[str, tuple[str, str]]]) -> dict[str, str]:
    """What is answered to each form, sent empty and sent wrong. Those that only do something are left alone."""
    found: dict[str, str] = {}
    for path, fields in forms.items():
        if all(kind == "hidden" for kind, _ in fields.values()):
            continue
        for text in ("", LONG):
            values: dict[str, Any] = {
                name: value if kind == "hidden" else WRONG.get(kind, LONG) if text else ""
                for name, (kind, value) in fields.items()
                if name != "_csrf" and kind != "file"
            }
            response = await visitor.post(path, follow=True, **values)
            if response.content_type == "text/html":
                _note(found, read(await response.text()).texts, f"POST {path}")
    return found


def _note(found: dict[str, str], texts: Iterable[str], where: str) -> None:
    for text in texts:
        for word in latin(ADMINISTRATORS_WORDS.sub(" ", text), PEOPLE):
            found.setdefault(word, where)
