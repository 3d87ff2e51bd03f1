"""What is signed, and what is refused."""

from __future__ import annotations

import pytest

from ivr.messages.signature import SIGNATURE, TIMESTAMP, WINDOW_SECONDS, BadSignature, check, sign

SECRET = b"0123456789abcdef0123456789abcdef"
BODY = '{"id": "验"}'.encode()
AT = 1_764_000_000.0


def test_the_headers_as_a_gateway_must_make_them() -> None:
    # printf '1764000000.{"id": "验"}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    assert sign(SECRET, BODY, AT) == {
        TIMESTAMP: "1764000000",
        SIGNATURE: "v1=416b34eb9dc84c4368813663103609a4139ef04018c1787a3b14b27c6b1d5f77",
    }


@pytest.mark.parametrize("away", [0, WINDOW_SECONDS, -WINDOW_SECONDS])
def test_within_the_window_it_is_taken(away: int) -> None:
    check(SECRET, BODY, sign(SECRET, BODY, AT), AT + away)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"body": b"{}"}, "does not fit"),
        ({"secret": b"x" * 32}, "does not fit"),
        ({"now": AT + WINDOW_SECONDS + 1}, "300 s away"),
        ({"now": AT - WINDOW_SECONDS - 1}, "300 s away"),
        ({"headers": {}}, "does not fit"),
        ({"headers": {SIGNATURE: "v1=é"}}, "does not fit"),
        ({"headers": sign(SECRET, BODY, AT) | {TIMESTAMP: "1764000001"}}, "does not fit"),
        ({"headers": sign(SECRET, BODY, AT) | {SIGNATURE: sign(SECRET, BODY, AT)[SIGNATURE][3:]}}, "does not fit"),
    ],
)
def test_what_is_refused(changed: dict[str, object], told: str) -> None:
    given = {"secret": SECRET, "body": BODY, "headers": sign(SECRET, BODY, AT), "now": AT, **changed}
    with pytest.raises(BadSignature, match=told):
        check(**given)  # type: ignore[arg-type]
