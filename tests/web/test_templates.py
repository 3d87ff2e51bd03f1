"""What holds for every template and every file that browsers get."""

from __future__ import annotations

import re

import pytest

from web.pages import FOLDER, environment

FILES = sorted([*FOLDER.glob("templates/**/*.*"), *FOLDER.glob("static/**/*.*")])
TEMPLATES = sorted(path.name for path in FOLDER.glob("templates/*.html"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_comes_from_another_server(path: object) -> None:
    text = re.sub(r'xmlns="http://www\.w3\.org/\d+/\w+"', "", path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+|@import|url\(\s*['\"]?http", text) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_compile_and_forms_carry_the_token(name: str) -> None:
    source = (FOLDER / "templates" / name).read_text(encoding="utf-8")
    environment().get_template(name)
    forms = re.findall(r'<form method="post".*?</form>', source, re.DOTALL)
    assert [form for form in forms if "_csrf" not in form and "csrf_field(csrf)" not in form] == []
    assert "<script>" not in source
    assert "style=" not in source


def test_every_class_pair_has_enough_contrast() -> None:
    """WCAG 2.2, 1.4.3: 4.5:1 for text; 1.4.11: 3:1 for what can be typed into."""
    css = (FOLDER / "static/console.css").read_text(encoding="utf-8")
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    text = [
        ("ink", "paper"), ("ink", "ground"), ("ink", "brand-soft"), ("quiet", "paper"), ("quiet", "ground"),
        ("quiet", "brand-soft"), ("brand", "brand-soft"), ("brand", "ground"), ("paper", "brand"), ("paper", "bad"),
        ("good", "good-soft"), ("warning", "warning-soft"), ("bad", "bad-soft"), ("bad", "paper"),
    ]  # fmt: skip
    assert [pair for pair in text if contrast(tokens[pair[0]], tokens[pair[1]]) < 4.5] == []
    assert contrast(tokens["field-line"], tokens["paper"]) >= 3
    assert contrast(tokens["focus"], tokens["ground"]) >= 3


def contrast(one: str, other: str) -> float:
    """
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
