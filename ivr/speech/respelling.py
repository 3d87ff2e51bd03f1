"""Homophones for words that a voice of espeak-ng misreads, by voice. Pure.

Found by comparing its phonemes (`espeak-ng -x`) for every fixed phrase, every place of Guangdong and common
words of addresses with their dictionary pinyin or jyutping. Not for other voices: those have their own mistakes or
none.
"""

import re
from collections.abc import Callable, Mapping

VERSIONS: Mapping[str, int] = {"cmn-latn-pinyin": 1, "yue": 1}
"""By the voice that is respelt: part of the engine's identity, and so of the cache's key."""

HOMOPHONES: Mapping[str, str] = {
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
"""For `cmn-latn-pinyin` of 1.51."""
CANTONESE_HOMOPHONES: Mapping[str, str] = {
    "我哋": "我地",  # dei6, not dei2
    "电话": "电画",  # waa2, not waa6
    "呢个": "哩个",  # not the particle ne1; lei1 as 呢度 has it
    "呢次": "哩次",
    "听": "厅",  # teng1, not ting3
    "禅城": "蝉城",
    "赤坎": "赤砍",
    "四会市": "四汇市",
}
"""For `yue` of 1.51. What it can't be taught: 唔 is ng4, for it has no m4."""
_WORDS = re.compile("|".join(HOMOPHONES))
_CANTONESE_WORDS = re.compile("|".join(CANTONESE_HOMOPHONES).replace("听", "听(?!证)"))
_PLACE = re.compile("地(?=[点址区铁下图面段标])")
"""Read as the particle de: 递 sounds as 地 should."""
_LONG = re.compile("(?<=[区市县镇])长(?=[\u4e00-\u9fff]{0,3}[路街道巷])")
"""A road's name, taken for the end of 区长, 市长: 肠 is coeng4."""


def respell(text: str) -> str:
    """The same sounds, spelt so that `cmn-latn-pinyin` finds them.

    >>> respell("佛山市番禺区地铁站")
    'fo2山市潘禺区递铁站'
    """
    return _PLACE.sub("递", _WORDS.sub(lambda found: HOMOPHONES[found[0]], text))


def respell_cantonese(text: str) -> str:
    """The same sounds, spelt so that `yue` finds them.

    >>> respell_cantonese("我哋会打电话，再听一次。龙湖区长平路")
    '我地会打电画，再厅一次。龙湖区肠平路'
    """
    return _LONG.sub("肠", _CANTONESE_WORDS.sub(lambda found: CANTONESE_HOMOPHONES[found[0]], text))


BY_VOICE: Mapping[str, Callable[[str], str]] = {"cmn-latn-pinyin": respell, "yue": respell_cantonese}
