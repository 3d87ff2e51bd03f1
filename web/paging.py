"""Pages of a long list: 总计 N."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of how many rows. `%(limit)s` and `%(offset)s` of a statement come from `limits`."""

    total: int
    page: int = 1
    per_page: int = PER_PAGE
    query: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: web.Request, total: int, per_page: int = PER_PAGE) -> Paging:
        """From `?page=`; a page that is not there becomes the nearest one that is. The other parameters are kept."""
        given = request.query.get("page", "1")
        page = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 1
        last = max(1, -(-total // per_page))
        rest = {name: value for name, value in request.query.items() if name != "page"}
        return cls(total, min(max(page, 1), last), per_page, rest)

    @property
    def last(self) -> int:
        """The last page's number.

        >>> [Paging(n).last for n in (0, 1, 20, 21)]
        [1, 1, 1, 2]
        """
        return max(1, -(-self.total // self.per_page))

    @property
    def limits(self) -> dict[str, int]:
        """Statement parameters."""
        return {"limit": self.per_page, "offset": (self.page - 1) * self.per_page}

    def href(self, page: int) -> str:
        """The address of another page of the same list.

        >>> Paging(100, query={"q": "标"}).href(2)
        '?q=%E6%A0%87&page=2'
        """
        return "?" + urlencode({**self.query, "page": page})
