"""Receipts as carriers write them."""

from __future__ import annotations

import json

import pytest

from ivr.messages.receipts import NoReceipt, from_gateway, from_trunk
from ivr.messages.states import Receipt

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        (f"id:{ID} stat:DELIVRD err:000", Receipt(ID, True, "DELIVRD 000")),
        (
            f"id:{ID} sub:001 dlvrd:000 submit date:2611230900 done date:2611230901 stat:UNDELIV err:001 Text:",
            Receipt(ID, False, "UNDELIV 001"),
        ),
        (f"id:{ID.upper()} stat:expired", Receipt(ID, False, "EXPIRED")),
        (f"id:{ID} stat:REJECTD", Receipt(ID, False, "REJECTD")),
        (f"id:{ID} stat:ENROUTE err:000", None),
        (f"id:{ID} stat:ACCEPTD err:000", None),
        (f"id:{ID}0 stat:DELIVRD", None),
        ("参加", None),
        ("", None),
    ],
)
def test_through_the_trunk(text: str, receipt: Receipt | None) -> None:
    assert from_trunk(text) == receipt


def test_from_a_gateway() -> None:
    body = json.dumps({"id": ID, "status": "failed", "reason": "13800138000 空号\n482913", "more": 1}).encode()
    assert from_gateway(body) == Receipt(ID, False, "failed … 空号…")
    assert from_gateway(json.dumps({"id": ID, "status": "delivered"}).encode()) == Receipt(ID, True, "delivered")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff", "not JSON"),
        (b"[]", '"id" must be'),
        (b'{"id": "1", "status": "delivered"}', '"id" must be'),
        (json.dumps({"id": ID, "status": "ok"}).encode(), '"status" must be'),
        (json.dumps({"id": ID, "status": "failed", "reason": 5}).encode(), '"reason" must be'),
    ],
)
def test_what_is_none_is_told_what_is_wrong(body: bytes, told: str) -> None:
    with pytest.raises(NoReceipt, match=told):
        from_gateway(body)
