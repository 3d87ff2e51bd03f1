import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.canonical import LARGEST, NotCanonical, canon, read, read_canonical

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=15,
)


@given(values)
def test_reading_what_was_written_gives_the_value_and_the_bytes(value: object) -> None:
    line = canon(value)
    assert read(line) == value
    assert read_canonical(line) == value


@given(st.dictionaries(keys, values, max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canon(dict(reversed(value.items()))) == canon(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}', "1.0", "1e3", "NaN", "Infinity", str(LARGEST + 1), "9" * 5000, '{"é":1}',
        '"\\ud800"', "[" * 100_000, "", "{", '{"a":1}x', b"\xff",
    ],
)  # fmt: skip
def test_refused_by_the_reader(text: str | bytes) -> None:
    with pytest.raises(NotCanonical):
        read(text)


@pytest.mark.parametrize("value", [1.0, {1: 2}, {"é": 1}, b"x", LARGEST + 1, "\ud800", {"a": {1}}])
def test_refused_by_the_writer(value: object) -> None:
    with pytest.raises(NotCanonical):
        canon(value)


@pytest.mark.parametrize("text", ['{ "a":1}', '{"b":1,"a":1}', '"\\u804c"', "-0", '{"a":1}\n'])
def test_only_the_canonical_form_itself(text: str) -> None:
    json.loads(text)
    with pytest.raises(NotCanonical):
        read_canonical(text.encode())
