"""What a process logs holds no number, whoever put it there."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.logs import WithoutNumbers, without_numbers


def logged(message: str, error: Exception | None = None) -> str:
    """A line as it is written."""
    information = (type(error), error, None) if error else None
    record = logging.LogRecord("ivr", logging.ERROR, __file__, 1, "%s", (message,), information)
    return WithoutNumbers("%(asctime)s %(levelname)s %(name)s %(message)s").format(record)


@pytest.mark.parametrize(
    "number",
    [
        "13900139000",
        "+8613900139000",
        "139 0013 9000",
        "139-0013-9000",
        "(020) 83186888",
        "１３９００１３９０００",
        "44010419800101001X",
        "1390-01-39000",
        "CN13900139000",
        "ID440104198001010015",
        "2083186888.020",
        "139001390001370013700013600136000",
    ],
)
def test_neither_message_nor_traceback_holds_a_number(number: str) -> None:
    text = logged(f"call broke: sip:{number}@carrier", ValueError(f"input_value='{number}'"))
    assert "call broke" in text
    assert "ValueError: input_value=" in text
    assert number not in text
    assert number[-4:] not in text.partition("ivr")[2]


@given(st.uuids(), st.datetimes(), st.ip_addresses(v=4), st.integers(0, 999_999))
def test_what_names_a_call_a_time_or_an_address_stays(call: object, at: object, address: object, count: int) -> None:
    text = f"call {call}, channel {str(call).replace('-', '')}: {count} from {address}:5060 at {at}"
    assert without_numbers(text) == text


def test_a_hash_and_an_activity_stay() -> None:
    text = f"CQSQ202500000017, channel 1796040464.2: evidence {uuid4().hex * 2}"
    assert without_numbers(text) == text
