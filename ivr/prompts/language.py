"""The languages in which experts are called. Pure."""

from enum import Enum


class Language(Enum):
    """What a person is spoken to in; the values are BCP 47 and equal those that expert.language allows."""

    MANDARIN = "cmn"  # 普通话
    CANTONESE = "yue"  # 粤语
    ENGLISH = "en"
