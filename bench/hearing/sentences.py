"""What is spoken: 28 sentences of the project's own wording, four or more of each kind, and six 验证码 of six figures. Pure data.

Names, places and numbers are made up; the numbers are those that nobody has (138 0013 8000) or of the form of a line.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from ivr.prompts.frame import LONG, SHORT
from ivr.prompts.parts import Address, Code, Date, Duration, Fixed, Name, Part, Phone, Prompt, Room, Text, Time
from ivr.prompts.zh import AUTOMATIC, CHOICE, INVITES, TRUST, WHO

AT, PLACE, ROOM = Fixed("集合时间是"), Fixed("集合地点是"), Fixed("评标室是")
CONTACT, NUMBER, NOTE, CODE = Fixed("联系人"), Fixed("联系电话"), Fixed("注意事项："), Fixed("您的6位验证码是")


@dataclass(frozen=True, slots=True)
class Sentence:
    """As it is said in a call, with the phrase that it follows there."""

    kind: str
    parts: tuple[Part, ...]

    def prompt(self, number: int) -> Prompt:
        """To be rendered; `number` makes its id."""
        return Prompt(f"{self.kind} {number}", self.parts)


SENTENCES = (
    Sentence("fixed", (WHO, TRUST)),
    Sentence("fixed", (INVITES, Date(date(2026, 11, 23), short=True, brisk=True), Time(time(9, 30), brisk=True))),
    Sentence("fixed", CHOICE),
    Sentence("fixed", (Fixed("再听一遍，请按3，或者按星号键。"), SHORT, Fixed("打错了，或者不是本人，请按9。"))),
    Sentence("fixed", (AUTOMATIC,)),
    Sentence("fixed", (Fixed("您选择了参加。"), SHORT, Fixed("确认参加，请再按一次1。"))),
    Sentence("fixed", (Fixed("您的选择已经记录，这次您不参加。谢谢，再见。"),)),
    Sentence("fixed", (Fixed("到场时请出示验证码，不要告诉别人。"),)),
    Sentence("date", (AT, Date(date(2026, 11, 23)))),
    Sentence("date", (AT, Date(date(2027, 1, 14)))),
    Sentence("date", (AT, Date(date(2026, 12, 4)))),
    Sentence("date", (AT, Date(date(2027, 10, 17)))),
    Sentence("time", (AT, Time(time(9, 30)))),
    Sentence("time", (AT, Time(time(14)))),
    Sentence("time", (AT, Time(time(11, 5)))),
    Sentence("time", (Fixed("评标大约需要"), Duration(timedelta(hours=2, minutes=30)))),
    Sentence("address", (PLACE, Address("广州市越秀区越华路118号3楼"))),
    Sentence("address", (PLACE, Address("深圳市福田区景田路70号雅枫国际酒店2座"))),
    Sentence("address", (PLACE, Address("佛山市禅城区季华五路28号B座12楼"), SHORT, ROOM, Room("1203"))),
    Sentence("address", (PLACE, Address("东莞市南城街道鸿福路200号"), SHORT, ROOM, Room("第3评标室"))),
    Sentence("telephone", (CONTACT, Name("张工"), SHORT, NUMBER, Phone("13800138000"))),
    Sentence("telephone", (NUMBER, Phone("020-83812345转102"))),
    Sentence("telephone", (CONTACT, Name("李老师"), SHORT, NUMBER, Phone("18907614253"))),
    Sentence("telephone", (NUMBER, Phone("400-830-2769"))),
    Sentence("note", (NOTE, Text("请戴口罩，8:30前签到，2人一桌"))),
    Sentence("note", (NOTE, Text("请带身份证原件，停车从东门进，地下2层"))),
    Sentence("note", (NOTE, Text("评标期间手机统一保管，中午提供午餐"))),
    Sentence("note", (NOTE, Text("预计评审2天，请自备洗漱用品，费用约300元"))),
)  # fmt: skip
CODES = ("482913", "705168", "639274", "150826", "947035", "318607")
"""Each figure three times or more."""
CODE_SENTENCES = tuple(Sentence("code", (CODE, SHORT, Code(code), LONG)) for code in CODES)
ALL = SENTENCES + CODE_SENTENCES
