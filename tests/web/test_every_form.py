"""What holds for every form of every template: a key, a version where something stored is changed, a target for each button, and
that Enter presses what a person means."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from web import routes
from web.forms import Form
from web.pages import FOLDER

TEMPLATES = sorted(FOLDER.glob("templates/*.html"))
CHANGE = {
    "condition_form.html", "draft_form.html", "notice_form.html", "project_form.html", "supervisor_form.html",
}  # fmt: skip
"""They show what is stored, to be changed: `ui.version(form)`."""
ABOUT = {"submission.html": "ui.stand(look.stand)", "witnesses.html": "ui.stand(stand)", "review.html": 'name="application"'}
"""They decide about what the page shows: its version, or the application's number."""
NOTHING_STORED = {
    "avoidance.html": "adds an entry; an entry is never changed",
    "base.html": "logs out",
    "again.html": "repeats a form with its own version",
    "copy.html": "adds",
    "halt.html": "an act of the transition table, with a reason",
    "line_number.html": "marks an entry that is there or not",
    "lines.html": "lifts the alarms of a trunk",
    "login.html": "logs in",
    "macros.html": "the macros act and sure, which take a version",
    "pool_imports.html": "adds",
    "pool_parts.html": "looks",
    "pool_search.html": "sets a state that it names",
    "project.html": "adds a 标段",
    "samples.html": "keeps nothing",
    "supervisors.html": "sets a state that it names",
    "witness.html": "gives digits once; it carries the number of the draw",
}
"""And why no version is needed."""
TAKEN_AWAY = {"condition", "notice", "project"}
"""What can change between being shown and being deleted: its `sure` has a version."""


def posted() -> Iterator[tuple[str, str]]:
    """Template and source of every form that is sent by POST."""
    for path in TEMPLATES:
        for form in re.findall(r'<form method="post".*?</form>', path.read_text(encoding="utf-8"), re.DOTALL):
            yield path.name, form


FORMS = list(posted())


def test_all_forms_are_found() -> None:
    """None is written in a way that this module does not see."""
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    assert len(FORMS) == len(re.findall(r"<form(?![^>]*method=\"get\")", text))
    assert {name for name, _ in FORMS} == CHANGE | set(ABOUT) | set(NOTHING_STORED)


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[name for name, _ in FORMS])
def test_every_form_has_a_key(name: str, form: str) -> None:
    if name in ("base.html", "login.html"):  # logging in and out twice is the same as once
        return
    if name == "again.html":  # the fields of the form that it repeats, its key among them
        assert "for name, text in fields" in form
        assert 'name="_key" value="{{ csrf.key }}"' in form
        return
    assert "csrf_field(csrf)" in form


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[name for name, _ in FORMS])
def test_every_form_that_changes_or_decides_has_a_version(name: str, form: str) -> None:
    if name in CHANGE:
        assert "ui.version(form)" in form
    elif name in ABOUT:
        assert ABOUT[name] in form


def test_what_is_taken_away_was_seen_as_it_is() -> None:
    """Every use of the macro `sure` names a version, or is of something that never changes."""
    unchanging = ("withdraw", "draft_delete", "lot_delete", "avoidance_delete", "detach")
    for path in TEMPLATES:
        for use in re.findall(r"ui\.sure\(csrf, (.*?)\) }}", path.read_text(encoding="utf-8")):
            named = any(f'"{each}"' in use for each in unchanging)
            assert named or "stand" in use, (path.name, use)


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[name for name, _ in FORMS])
def test_every_button_has_a_target(name: str, form: str) -> None:
    """A form without one would be sent to the address with the fragment of the button before, and its answer be out of sight."""
    if 'class="act"' in form or name in ("base.html", "login.html"):  # their answer is another page, told at its head
        assert "#" not in re.sub(r"{[{%].*?[%}]}", "", form.split(">", 1)[0])
        return
    if name == "pool_search.html":  # answered by another page, told at its head
        return
    assert "#errors" in form.split("\n", 1)[0]
    for target in re.findall(r'formaction="(.*?)"[ >]', form):
        assert "#" in target
    for button in re.findall(r"<button[^>]*name=\"_(?:refresh|preview)\"[^>]*>", form):
        assert "formaction=" in button


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[name for name, _ in FORMS])
def test_enter_presses_what_is_meant(name: str, form: str) -> None:
    """Enter presses a form's first button: with several, that is one that saves (ui.default)."""
    buttons = re.findall(r"<button|ui\.chooser\(|where\.place\(|ui\.default\(\)", form)
    if len(buttons) > 1 and name != "login.html":  # a list of names to press, and nothing to type
        assert buttons[0] == "ui.default()", name


def test_all_faults_are_told_at_once() -> None:
    """A validator of a whole model would run only once each field is right: what lies between fields is `across`."""
    assert routes.ROUTES  # every module with forms is loaded
    models, found = [Form], []
    while models:
        model = models.pop()
        models += model.__subclasses__()
        if set(model.__pydantic_decorators__.model_validators) - {"_across"}:
            found.append(model.__name__)
    assert found == []
