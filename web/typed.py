"""What a browser sends as text, as people see it."""

from __future__ import annotations

import unicodedata

from aiohttp import web
from multidict import MultiDict

from web.places import settle

_KEPT = "\n\r\t"
_UNSEEN = ("Cc", "Cf", "Cs")


def seen(text: str) -> str:
    r"""Without what nobody sees: control characters (PostgreSQL takes no NUL), signs without width, and those that turn the
    direction of what follows, so that no name looks like another.

    >>> seen("招标\u200b项目\x00\u202e"), seen("一\n二")
    ('招标项目', '一\n二')
    """
    return "".join(each for each in text if each in _KEPT or unicodedata.category(each) not in _UNSEEN)


async def posted(request: web.Request) -> MultiDict[str | bytearray | web.FileField | bytes]:
    """The form that was sent, its texts as people see them."""
    data = await request.post()
    made = MultiDict((name, seen(each) if isinstance(each, str) else each) for name, each in data.items())
    settle(made)
    return made
