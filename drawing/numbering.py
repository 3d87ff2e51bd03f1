"""China's numbering plan: which kind of number a row of digits within China is (pure).

Which segments and area codes exist is the data of the library `phonenumbers` (Google's libphonenumber, region CN), with one
addition: INVENTED. How people write numbers is `drawing.phone_numbers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

import phonenumbers

INVENTED = r"16[0134689]\d{8}"
"""Mobile segments that no operator has been given: tests, the demo and benchmarks have their people there (experts.generate)."""


class Kind(Enum):
    """What a number is, by its first digits and its length."""

    MOBILE = "手机号码"
    LANDLINE = "固定电话"
    SERVICE = " 400 号码"
    FREEPHONE = " 800 号码（手机打不通）"
    HOTLINE = "热线短号码"
    UNASSIGNED = "未分配给个人的号段"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that was understood. `digits`: the normal form."""

    kind: Kind
    digits: str = field(repr=False)

    @property
    def written(self) -> str:
        """As people read it: a landline with a hyphen after its area code.

        >>> classified("02083186888").written, classified("075583186888").written, classified("13800138000").written
        ('020-83186888', '0755-83186888', '13800138000')
        """
        if self.kind is not Kind.LANDLINE:
            return self.digits
        area = 3 if self.digits[1] in "12" else 4
        return f"{self.digits[:area]}-{self.digits[area:]}"


def classified(national: str) -> PhoneNumber | None:
    """What a number within China is, an area code with its 0; None for what is none."""
    if found := _PORTABLE.fullmatch(national):
        return PhoneNumber(Kind.MOBILE if mobiles().fullmatch(found[1]) else Kind.UNASSIGNED, found[1])
    if is_landline(national):
        return PhoneNumber(Kind.LANDLINE, national)
    return next((PhoneNumber(kind, national) for kind, shape in _SHAPES if shape.fullmatch(national)), None)


@cache
def mobiles() -> re.Pattern[str]:
    """The segments of persons' mobile numbers: without those of machines (140, 146 …), which are of the same length."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    assert metadata is not None
    assert metadata.mobile is not None
    return re.compile(f"(?:{metadata.mobile.national_number_pattern}|{INVENTED})", re.ASCII)


def is_landline(national: str) -> bool:
    """Whether it is an area code, its 0 included, and a subscriber's number there."""
    if not _AREA.fullmatch(national):
        return False
    number = phonenumbers.PhoneNumber(country_code=86, national_number=int(national))
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE


_PORTABLE = re.compile(r"0?(1[3-9]\d{9})", re.ASCII)
_AREA = re.compile(r"0[1-9]\d{9,10}", re.ASCII)
"""Area code and seven or eight digits: behind an area code there are short numbers too, which are nobody's own."""
_SHAPES = (
    (Kind.SERVICE, re.compile(r"400\d{7}", re.ASCII)),
    (Kind.FREEPHONE, re.compile(r"800\d{7}", re.ASCII)),
    (Kind.HOTLINE, re.compile(r"1[0-2]\d{3}|9[56]\d{3,6}", re.ASCII)),
)
