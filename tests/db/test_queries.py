"""queries.sql files."""

from __future__ import annotations

import pytest

from db.queries import load, parse

TEXT = """-- What this file is.

-- name: first
-- One sentence,
-- on two lines.
SELECT 1
  -- a remark
  AS one;

-- name: second (prepared)
-- Another.
SELECT %(it)s;
"""


def test_each_query_has_its_text_and_sentence() -> None:
    queries = parse(TEXT, "test")
    assert queries.first == "SELECT 1\nAS one"
    assert queries.first.name == "first"
    assert queries.first.comment.startswith("One sentence, on two lines.")
    assert queries.second == "SELECT %(it)s"
    assert queries.second.prepared
    assert not queries.first.prepared


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="test has no query 'third'"):
        _ = parse(TEXT, "test").third


@pytest.mark.parametrize(
    "text",
    [
        "-- name: bare\nSELECT 1;",
        "-- name: empty\n-- Nothing.\n",
        "-- name: twice\n-- One.\nSELECT 1;\n-- name: twice\n-- Two.\nSELECT 2;",
        "-- name: Bad-Name\n-- One.\nSELECT 1;",
        "SELECT 1;\n-- name: late\n-- One.\nSELECT 2;",
    ],
)
def test_files_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="test: "):
        parse(text, "test")


def test_the_projects_own_files_load() -> None:
    assert load("drawing.experts").known_experts.comment
