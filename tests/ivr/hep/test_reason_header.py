"""What is taken of a Reason header, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls import Reason
from ivr.hep.reason_header import reasons

BUSY = Reason("Q.850", 17)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Q.850;cause=17", [BUSY]),
        (' Q.850 ; cause = 17 ; text = "User busy" ', [Reason("Q.850", 17, "User busy")]),
        ("q.850;CAUSE=17", [BUSY]),
        ("Q850;cause=17", [BUSY]),
        ('Q.850;cause="17"', [BUSY]),
        ("Q.850;cause=017", [BUSY]),
        ("Q.850;text=busy;cause=17", [Reason("Q.850", 17, "busy")]),
        ("Q.850;cause=17;cause=20", [BUSY]),
        ('Q.850;text="no;cause=20";cause=17', [Reason("Q.850", 17)]),
        ('Q.850;text="a \\"quoted\\" word, and more";cause=17', [Reason("Q.850", 17, 'a "quoted" word, and more')]),
        ("SIP;cause=486, Q.850;cause=17", [Reason("SIP", 486), BUSY]),
        ("SIP;cause=200;text=Call completed elsewhere", [Reason("SIP", 200, "Call completed elsewhere")]),
        ("Q.850;cause=17\r\n ;text=folded", [Reason("Q.850", 17, "folded")]),
        ("Q.850;cause=17;location=LN", [BUSY]),
        # no sense
        ("", []),
        ("Q.850", []),
        ("Q.850;cause", []),
        ("Q.850;cause=", []),
        ("Q.850;cause=0", []),
        ("Q.850;cause=128", []),
        ("Q.850;cause=999", []),
        ("Q.850;cause=-17", []),
        ("Q.850;cause=1.7", []),
        ("Q.850;cause=１７", []),
        ("Q.850;cause=13900139000", []),
        ("SIP;cause=17", []),
        ("SIP;cause=700", []),
        ("Preemption;cause=1", []),
        ("13900139000;cause=17", []),
        (";;;,,,===", []),
        # never kept
        ('Q.850;cause=17;text="call 13900139000"', [BUSY]),
        ('Q.850;cause=17;text="somebody@example.com"', [BUSY]),
        ("Q.850;cause=17;text=１３９００１３９０００", [BUSY]),
        ('Q.850;cause=17;text="一三九零零一三九零零零"', [BUSY]),
        ('Q.850;cause=17;text="张三正忙"', [BUSY]),
        ('Q.850;cause=17;text="a\tb\x00c"', [BUSY]),
        ('Q.850;cause=17;text="' + "long " * 100 + '"', [Reason("Q.850", 17, ("long " * 13)[:64].strip())]),
    ],
)  # fmt: skip
def test_what_is_taken(header: str, said: list[Reason]) -> None:
    assert list(reasons(header)) == said


_BITS = st.sampled_from(
    ["Q.850", "SIP", ";", ",", "=", '"', "\\", "cause", "text", " ", "17", "13900139000", "@", "\n", "忙"]
)


@given(st.one_of(st.text(), st.lists(_BITS).map("".join)))
def test_whatever_stands_in_it(header: str) -> None:
    for reason in reasons(header):
        assert reason.protocol in ("Q.850", "SIP")
        assert 1 <= reason.cause < 700
        assert len(reason.text) <= 64
        assert reason.text.isascii()
        assert not any(sign.isnumeric() or sign == "@" for sign in reason.text)
