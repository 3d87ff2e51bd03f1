"""Signs that people and programs write in several ways, and what each one stands for: the tables of the normal form.

Sources: Unicode 14, EquivalentUnifiedIdeograph.txt (radicals) and Default_Ignorable_Code_Point (what nobody sees); GB 18030-2005
(ideographs that older systems keep in the private use area); ISO/IEC 29500-1, 22.4.2.4 (`_xHHHH_` in a workbook).

The SQL function `normal_unit` holds the same tables; a test compares both over every code point.
"""

import re
import unicodedata

# CJK Radicals Supplement, as text copied from a PDF has them. The Kangxi radicals (U+2F00) decompose by NFKC.
_RADICALS = dict(
    zip(
        "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲",
        "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀",
        strict=True,
    )
)
# FE51 … FEA0 of GB 18030-2000, where Unicode had no place yet.
_PRIVATE = dict(
    zip(
        "\ue816\ue817\ue818\ue81e\ue826\ue82b\ue82c\ue831\ue832\ue83b\ue843\ue854\ue855\ue864",
        "\U00020087\U00020089\U000200cc\u9fb4\u9fb5\u9fb6\u9fb7\U000215d7\u9fb8\U0002298f\u9fb9\u9fba\U000241fe\u9fbb",
        strict=True,
    )
)
IDEOGRAPHS = str.maketrans(_RADICALS | _PRIVATE)
"""Radicals and private signs → the ideographs that they stand for."""

DOTS = "\u2022\u30fb\uff65\u2027\u2219\u22c5\u25cf\u25e6\u0387\u02d9\u2e31\ua78f\u318d\u16eb\u25aa\u2981\u26ab"
"""What stands for the middle dot `·` (U+00B7) of a name."""
FULL_STOPS = ".\uff0e\u2024\ufe52"
"""What stands for it between ideographs only."""
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2500\u2e3a\u2e3b"
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc\u2032\u0060\u00b4"
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300a\u300b\u3008\u3009\u300c\u300d\u300e\u300f"
_OPENING, _CLOSING = "[{\u3014\u3010\u3016\u3018", "]}\u3015\u3011\u3017\u3019"


def _each(signs: str, one: str) -> dict[str, str]:
    return dict.fromkeys(signs, one)


PUNCTUATION = str.maketrans(
    _each(DOTS, "·")
    | _each(_DASHES, "-")
    | _each(_APOSTROPHES, "'")
    | _each(_QUOTES, '"')
    | _each(_OPENING, "(")
    | _each(_CLOSING, ")")
)
"""Dots, dashes, quotes and brackets, each kind as one sign."""
_CAPITALS = {
    sign: folded
    for sign in map(chr, range(0x41, 0x530))  # Latin, Greek and Cyrillic
    if len(folded := sign.casefold()) == 1 and folded != sign and unicodedata.category(sign)[0] == "L"
}
FOLD = IDEOGRAPHS | PUNCTUATION | str.maketrans(_CAPITALS)
"""All of it, and small letters for capitals."""

_SPACES = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000"
_IGNORED = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
SPACE = re.compile(f"[{_SPACES}]+")
IGNORED = re.compile(f"[{_IGNORED}]+")
"""Without width, or turning the direction, or choosing a variant: nobody sees them."""
UNSEEN = re.compile(f"[{_SPACES}{_IGNORED}]+")
LINE_END = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")
_ESCAPE = re.compile(r"_[xX]([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    r"""`_xHHHH_`, which programs leave of a sign that xml can't hold, as that sign; NUL and halves of pairs vanish.

    >>> unescape("某某公司_x000D_"), unescape("_x005F_x000D_") == "\r"
    ('某某公司\r', True)
    """
    while found := _ESCAPE.search(text):
        text = text[: found.start()] + _sign(found[1]) + text[found.end() :]
    return text


def _sign(digits: str) -> str:
    code = int(digits, 16)
    return "" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)
