"""QR codes on printed sheets, as inline SVG: drawn here, so that nothing is asked of another server."""

from __future__ import annotations

from functools import lru_cache

import segno
from markupsafe import Markup

from drawing.ledger import LedgerHead


@lru_cache(maxsize=256)
def head_code(head: LedgerHead) -> Markup:
    """The ledger's head as `SIZE:ROOT`, in the very form in which the verifier takes it (--head).

    Level M: a seventh of it may be covered by a stamp or a fold; with the quiet zone of four modules that the standard wants.
    """
    made = segno.make(f"{head.size}:{head.root}", error="m", micro=False, boost_error=False)
    return Markup(made.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, title="二维码：公共账本的“条数:校验值”"))  # noqa: S704
