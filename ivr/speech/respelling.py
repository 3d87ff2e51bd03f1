"""Homophones for words that espeak-ng 1.51's voice `cmn-latn-pinyin` misreads. Pure.

Found by comparing its phonemes (`espeak-ng -x`) for every fixed phrase, every place of Guangdong and common
words of addresses with their dictionary pinyin. Not for other voices: those have their own mistakes or
none.
"""

import re

VERSION = 1
"""Part of the engine's identity, and so of the cache's key."""

HOMOPHONES: dict[str, str] = {
    "汕尾": "善伟",
    "番禺": "潘禺",
    "曲江": "取江",
    "始兴": "始星",
    "斗门": "抖门",
    "澄海": "成海",
    "佛山": "fo2山",
    "信宜": "信移",
    "大埔": "大布",
    "兴宁": "星宁",
    "新兴": "新星",
    "东莞": "东管",
    "重庆": "虫庆",
    "重新": "虫新",
    "处理": "楚理",
    "银行": "银航",
    "音乐": "音月",
}
_WORDS = re.compile("|".join(HOMOPHONES))
_PLACE = re.compile("地(?=[点址区铁下图面段标])")
"""Read as the particle de: 递 sounds as 地 should."""


def respell(text: str) -> str:
    """The same sounds, spelt so that this voice finds them.

    >>> respell("佛山市番禺区地铁站")
    'fo2山市潘禺区递铁站'
    """
    return _PLACE.sub("递", _WORDS.sub(lambda found: HOMOPHONES[found[0]], text))
