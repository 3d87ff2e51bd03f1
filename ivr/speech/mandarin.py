"""Numbers in Mandarin: cardinals, figures one by one, dates, times, lengths of time, amounts. Pure.

Every function returns hanzi. `幺` stands for 1 wherever figures are dictated (telephone numbers, codes,
room numbers): custom in China, because yi and qi are confused on a bad line.
"""

from datetime import date, time, timedelta
from decimal import Decimal

DIGITS = "零一二三四五六七八九"
DICTATED = "零幺二三四五六七八九"
WEEKDAYS = "一二三四五六日"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")


def cardinal(number: int) -> str:
    """A whole number as a quantity, below 10^16.

    >>> cardinal(118), cardinal(12), cardinal(10_050), cardinal(-1)
    ('一百一十八', '十二', '一万零五十', '负一')
    """
    if number < 0:
        return "负" + cardinal(-number)
    if number >= 10**16:
        return figures(str(number))
    if number == 0:
        return "零"
    spoken = ""
    for exponent in range(3, -1, -1):
        group = number // 10_000**exponent % 10_000
        if group:
            if spoken and (group < 1000 or spoken.endswith("零")):
                spoken = spoken.rstrip("零") + "零"
            spoken += _below_myriad(group) + _MYRIADS[exponent]
        elif spoken and not spoken.endswith("零") and number % 10_000**exponent:
            spoken += "零"
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def _below_myriad(number: int) -> str:
    spoken, gap = "", False
    for place in range(3, -1, -1):
        figure = number // 10**place % 10
        if figure:
            spoken += ("零" if gap and spoken else "") + DIGITS[figure] + _PLACES[place]
        gap = figure == 0
    return spoken


def counted(number: int, measure: str) -> str:
    """A number of things: 2 is 两 before a measure word (两人), but 十二人, 二百人.

    >>> counted(2, "人"), counted(12, "次"), counted(2000, "条"), counted(2, "")
    ('两人', '十二次', '两千条', '二')
    """
    if not measure:
        return cardinal(number)
    if number == 2:
        return "两" + measure
    spoken = cardinal(number)
    if spoken.startswith(("二千", "二万", "二亿")):
        spoken = "两" + spoken[1:]
    return spoken + measure


def decimal(text: str, measure: str = "") -> str:
    """A number as written with figures and perhaps a point.

    >>> decimal("3.05"), decimal("2", "人"), decimal("0.5", "小时")
    ('三点零五', '两人', '零点五小时')
    """
    whole, _, fraction = text.partition(".")
    if not fraction:
        return counted(int(whole), measure)
    return f"{cardinal(int(whole or 0))}点{figures(fraction)}{measure}"


def figures(text: str) -> str:
    """Figures one by one as in a year or after a decimal point (1 is 一)."""
    return "".join(DIGITS[int(figure)] for figure in text)


def dictated(text: str) -> str:
    """Figures one by one to be written down (1 is 幺).

    >>> dictated("110")
    '幺幺零'
    """
    return "".join(DICTATED[int(figure)] for figure in text)


def grouped(text: str, sizes: tuple[int, ...]) -> str:
    """Figures dictated in groups; what is left over joins the last size again and again. Commas are heard
    as pauses.

    >>> grouped("13586695785", (3, 4))
    '幺三五，八六六九，五七八五'
    """
    groups, start, turn = [], 0, 0
    while start < len(text):
        size = sizes[min(turn, len(sizes) - 1)] or len(text)
        groups.append(dictated(text[start : start + size]))
        start, turn = start + size, turn + 1
    return "，".join(groups)


def day(value: date, *, weekday: bool = True, short: bool = False) -> str:
    """A date with year and weekday; `short`: month and day only.

    >>> day(date(2026, 11, 23)), day(date(2026, 11, 23), short=True)
    ('二零二六年十一月二十三日，星期一', '十一月二十三日')
    """
    if short:
        return f"{cardinal(value.month)}月{cardinal(value.day)}日"
    spoken = f"{figures(str(value.year))}年{cardinal(value.month)}月{cardinal(value.day)}日"
    return f"{spoken}，星期{WEEKDAYS[value.weekday()]}" if weekday else spoken


def period(hour: int) -> str:
    """The part of the day that a Chinese speaker puts before the hour."""
    for end, name in ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < end:
            return name
    return "晚上"


def clock(hour: int, minute: int, *, with_period: bool = True) -> str:
    """A time of day, from 24-hour input; 24:00 is the end of the day, and no other time sounds like it.

    >>> clock(9, 30), clock(14, 0), clock(9, 5), clock(0, 0), clock(24, 0)
    ('上午九点三十分', '下午两点整', '上午九点零五分', '凌晨零点整', '二十四点整')
    """
    if hour == 24:
        return "二十四点整"
    shown = hour - 12 if with_period and hour > 12 else hour
    minutes = "整" if minute == 0 else f"{'零' if minute < 10 else ''}{cardinal(minute)}分"
    return f"{period(hour) if with_period else ''}{counted(shown, '点')}{minutes}"


def clock_range(start: time, end: time) -> str:
    """From one time to another; the period is repeated only where it changes.

    >>> clock_range(time(9), time(11, 30)), clock_range(time(9), time(14))
    ('上午九点整至十一点三十分', '上午九点整至下午两点整')
    """
    first = clock(start.hour, start.minute)
    if period(start.hour) != period(end.hour):
        return f"{first}至{clock(end.hour, end.minute)}"
    return f"{first}至{clock(end.hour, end.minute).removeprefix(period(end.hour))}"


def duration(value: timedelta) -> str:
    """A length of time to the minute.

    >>> [duration(timedelta(minutes=m)) for m in (30, 120, 150, 140, 45, 1440)]
    ['半个小时', '两个小时', '两个半小时', '两小时二十分钟', '四十五分钟', '一天']
    """
    minutes = round(value.total_seconds() / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    spoken = counted(days, "天") if days else ""
    if minutes == 30:
        return spoken + ("半个小时" if not hours else f"{counted(hours, '个半小时')}")
    if not minutes:
        return spoken + (counted(hours, "个小时") if hours or not days else "")
    return spoken + (counted(hours, "小时") if hours else "") + counted(minutes, "分钟")


def money(text: str) -> str:
    """An amount of yuan as written (元, 角, 分; a third decimal is read as a plain decimal).

    >>> money("1234.5"), money("2"), money("0.05"), money("3.125")
    ('一千二百三十四元五角', '两元', '零元五分', '三点一二五元')
    """
    amount = Decimal(text)
    cents = amount * 100
    if cents != cents.to_integral_value():
        return decimal(text, "元")
    whole, part = divmod(int(cents), 100)
    jiao, fen = divmod(part, 10)
    if whole and fen and not jiao:
        return f"{counted(whole, '元')}零{DIGITS[fen]}分"
    return counted(whole, "元") + (f"{DIGITS[jiao]}角" if jiao else "") + (f"{DIGITS[fen]}分" if fen else "")
