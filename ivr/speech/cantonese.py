"""From typed parts to what a Cantonese voice is given: the same hanzi, with the words for numbers and times that differ.
Pure.

Cantonese dictates 1 as jat1 (幺 is Mandarin's), ends a full hour with 正 and counts hours as 钟头.
"""

import re

from ivr.prompts.parts import Spoken

from . import normalise

VERSION = f"{normalise.VERSION}.1"
"""Part of the cache's key: raise it with every change of what is said."""


def spoken_text(part: Spoken) -> str:
    """What a Cantonese voice must say for this part, in hanzi."""
    return localise(normalise.spoken_text(part))


def localise(text: str) -> str:
    """Mandarin's numbers and times as Cantonese has them.

    >>> localise("上午九点整"), localise("幺三八，零零幺三"), localise("两个半小时"), localise("两小时二十分钟")
    ('上午九点正', '一三八，零零一三', '两个半钟头', '两个钟头二十分钟')
    """
    text = text.replace("幺", "一").replace("点整", "点正")
    return re.sub(r"(个?)(半?)小时", lambda m: f"个{m[2]}钟头", text)
