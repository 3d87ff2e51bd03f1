"""How hanzi are read where pypinyin's dictionary is silent or wrong for us: words, places of Guangdong, surnames. Pure.

Found by reading every fixed phrase, region, specialty and some 700 streets, towns and villages of Guangdong
(tests/ivr/speech/kokoro holds the readings that were checked).
"""

import re
from collections.abc import Iterator, Mapping

WORDS: Mapping[str, str] = {
    # Places of Guangdong
    "花都": "hua1 du1", "六都": "liu4 du1", "都杨": "du1 yang2", "都宁": "du1 ning2", "佛冈": "fo2 gang1", "九佛": "jiu3 fo2",
    "长堤": "chang2 di1", "长隆": "chang2 long2", "长湴": "chang2 ban4", "莞长": "guan3 chang2", "秋长": "qiu1 chang2",
    "长洲": "chang2 zhou1", "长平": "chang2 ping2", "长江": "chang2 jiang1", "长安": "chang2 an1",
    "塘厦": "tang2 xia4", "石厦": "shi2 xia4", "厦滘": "xia4 jiao4", "厦岗": "xia4 gang3", "厦边": "xia4 bian1",
    "厦村": "xia4 cun1", "樟木头": "zhang1 mu4 tou2", "勒流": "le4 liu2", "织篢": "zhi1 gong4", "更合": "geng1 he2",
    "更楼": "geng1 lou2", "纸行": "zhi3 hang2", "差馆": "chai1 guan3", "朝阳": "chao2 yang2", "朝天": "chao2 tian1",
    "大埔": "da4 bu4", "任屋": "ren2 wu1", "翟村": "zhai2 cun1", "仇村": "qiu2 cun1",
    # Words of notices, of procurement and of technical fields
    "差旅": "chai1 lv3", "校验": "jiao4 yan4", "目的": "mu4 di4", "标的": "biao1 di4", "的士": "di1 shi4",
    "支行": "zhi1 hang2", "总行": "zong3 hang2", "还款": "huan2 kuan3", "还证": "huan2 zheng4", "还车": "huan2 che1",
    "全长": "quan2 chang2", "加长": "jia1 chang2", "长按": "chang2 an4", "着正装": "zhuo2 zheng4 zhuang1",
    "认真地": "ren4 zhen1 de5", "及时地": "ji2 shi2 de5", "准时地": "zhun3 shi2 de5", "尽快地": "jin3 kuai4 de5",
    "流失调查": "liu2 shi1 diao4 cha2",
    "投行": "tou2 hang2", "藏医": "zang4 yi1", "蒙医": "meng3 yi1", "蒙药": "meng3 yao4",
    "轧制": "zha2 zhi4", "连轧": "lian2 zha2", "热轧": "re4 zha2", "冷轧": "leng3 zha2",
    "铺架": "pu1 jia4", "妻子": "qi1 zi5", "一块儿": "yi1 kuai4 er5", "为什么": "wei4 shen2 me5", "曾经": "ceng2 jing1",
}  # fmt: skip
"""Syllables with tones (5: none), as many as the word has hanzi; ü is written v."""

_SURNAMES: Mapping[str, str] = {
    "区": "ou1", "单": "shan4", "曾": "zeng1", "仇": "qiu2", "解": "xie4", "任": "ren2", "查": "zha1",
    "盖": "ge3", "朴": "piao2", "翟": "zhai2", "缪": "miao4", "纪": "ji3", "宁": "ning4", "召": "shao4", "燕": "yan1",
    "尉": "wei4", "乐": "yue4", "覃": "qin2", "隗": "wei3", "柏": "bai3",
}  # fmt: skip
_TITLES = (
    "先生|女士|小姐|老师|师傅|教授|博士|工程师|经理|主任|主管|科长|处长|局长|部长|会长|院长|校长"
    "|总(?![价额数共分和计量则结是])|工(?![^，。；：、？！ ])"
)
_MANNERS = "先生|女士|小姐|老师|教授"
_NO_NAME = "位元务何职期决放释除答询验经检委律器园队团价独据片波夏可政"
"""After a surname: it begins a word (单位, 任务)."""
_NOUNS = "房桌椅牌车院村巷亭橱箱柜瓶杯盘盒袋包帽鞋裤被毯孩儿孙妹嫂婶鼻脖肚肠个样日面里梯厂班法影句例骰竹种票本册单"
"""Before 子, which has no tone there; it has one in 电子, 分子, 甲子."""
_FOR = "您|你|我|他|她|它|大家|各位|专家|评委|贵|何|此|了|保|确保|便于|避免|防|方便|配合|做好|提高|加强|落实|贯彻|推进|准备|参加"
"""What 为 stands before when it means `for` (wei4)."""

_R_COLOURED = (
    "哪这那点会块花事活头孩玩画门劲味空个今明昨份圈口馅歌座伴边鸟鱼字号调同弯慢好样面片盆盘罐袋瓶把钩根线豆枣馆摊店院景影本页皮卷堆班"
    "音词题法刺嗓杆棍环包球桌椅板票条"
)
"""After these 儿 is no syllable of its own (儿化); after all others it is (女儿, 幼儿, 新生儿), and in names of people."""
_CHILD = "童科子女孙媳保研外内福歌茶戏郎"
"""Before these it is one too (会儿童, 院儿科)."""

_RULES: tuple[tuple[str, str], ...] = (
    ("的(?=确(?!认|定|切|实|保|信))(?<![您你我他她它们家位人]的)", "di2"),
    ("的(?![士])(?<!目的)(?<!标的)", "de5"),
    ("涌(?![现动入进出来向])(?<![汹喷泉]涌)", "chong1"),  # a creek, in names of places
    ("圩", "xu1"),
    ("(?<=[区市县镇乡村])长(?=[\u4e00-\u9fff]{1,3}(?:[路街道巷村镇湖岛桥站围园坊里]|大道))", "chang2"),  # no 区长, but a road
    ("(?<![员官师成生增助滋见年学兄族酋首家班站所店船机行社团排司庭馆台园校院局处科部会组队厅区市县镇村乡省书事尊])长(?=[\u4e00-\u9fff]{1,3}[路街巷村桥围])",
     "chang2"),
    ("区(?=庄(?![园头严田主]))", "ou1"),
    ("曾(?![任在于是有被获经与对因])(?<![不未何]曾)", "zeng1"),
    (f"(?<=[{_NOUNS}])子", "zi5"),
    (f"(?<![{_NOUNS}\u4e00])子(?![时里])", "zi3"),
    ("(?<=转)账", "zhang4"),
    (f"儿(?=[{_CHILD}])", "er2"),
    (f"(?<=[{_R_COLOURED}])儿", "er5"),
)  # fmt: skip
_MEANING_BE = f"(?<![因特专\\W])(?<!^)为(?!{_FOR})"


def _all() -> Iterator[tuple[str, str]]:
    for surname, reading in _SURNAMES.items():
        yield (
            f"(?<![\u4e00-\u9fff]){surname}(?=(?![{_NO_NAME}])[\u4e00-\u9fff]{{1,2}}(?:{_MANNERS})|{_TITLES})",
            reading,
        )
    for word in sorted(WORDS, key=len, reverse=True):
        yield word, WORDS[word]
    yield from _RULES
    yield _MEANING_BE, "wei2"


_READINGS = tuple(_all())
_PATTERN = re.compile("|".join(f"(?P<r{n}>{pattern})" for n, (pattern, _) in enumerate(_READINGS)))


def known(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where a reading of ours begins, and its syllables, one a hanzi.

    >>> list(known("佛冈县，您的确认，区先生"))
    [(0, ('fo2', 'gang1')), (5, ('de5',)), (9, ('ou1',))]
    """
    for found in _PATTERN.finditer(text):
        number = int((found.lastgroup or "r0")[1:])
        yield found.start(), tuple(_READINGS[number][1].split())
