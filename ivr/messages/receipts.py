"""Receipts (回执) as carriers write them. Pure.

Through the trunk: the text of SMPP 3.4, appendix B, in a MESSAGE back, `id:… stat:DELIVRD err:000`. From a gateway: JSON,
`{"id": "…", "status": "delivered", "reason": ""}`.
"""

from __future__ import annotations

import json
import re

from ivr.messages.states import Receipt

_ID = re.compile(r"[0-9a-f]{32}")
_SMPP = re.compile(r"\bid:([0-9a-f]{32})\b.*\bstat:([A-Z]{1,8})\b(?:.*\berr:(\w{1,8}))?", re.IGNORECASE | re.DOTALL)
_FINAL = {"DELIVRD": True, "EXPIRED": False, "DELETED": False, "UNDELIV": False, "REJECTD": False}
_WORD = 80


class NoReceipt(ValueError):
    """What came is no receipt; the message says what is wrong with it, for the gateway's makers."""


def from_trunk(text: str) -> Receipt | None:
    """The receipt in a MESSAGE; None when it is none, or says nothing final (ENROUTE, ACCEPTD, UNKNOWN).

    >>> from_trunk("id:0123456789abcdef0123456789abcdef sub:001 dlvrd:001 stat:DELIVRD err:000 text:")
    Receipt(id='0123456789abcdef0123456789abcdef', delivered=True, word='DELIVRD 000')
    """
    found = _SMPP.search(text)
    if found is None or (delivered := _FINAL.get(found[2].upper())) is None:
        return None
    return Receipt(found[1].lower(), delivered, f"{found[2].upper()} {found[3] or ''}".strip())


def from_gateway(body: bytes) -> Receipt:
    """A gateway's receipt; raises NoReceipt."""
    try:
        told = json.loads(body)
    except ValueError:
        raise NoReceipt("the body is not JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or not _ID.fullmatch(told["id"]):
        raise NoReceipt('"id" must be the 32 hex digits that the message came with')
    if told.get("status") not in ("delivered", "failed"):
        raise NoReceipt('"status" must be "delivered" or "failed"')
    reason = told.get("reason", "")
    if not isinstance(reason, str):
        raise NoReceipt('"reason" must be a text')
    return Receipt(told["id"], told["status"] == "delivered", f"{told['status']} {_tidy(reason)}".strip())


def _tidy(reason: str) -> str:
    """Short, without control characters, and without what could be a number or a 验证码."""
    return re.sub(r"\d{6,}", "…", "".join(each for each in reason if each.isprintable()))[:_WORD]
