"""The wording in Mandarin (普通话).

Rules of the wording: short sentences, for a bad line and a listener of sixty; the meaning first and the key
after it (参加请按1). Who calls and why that can be believed (automatic, no money, no 证件, how to check) is said within
nine seconds; the invitation says for when and the keys 1 and 2 within fifteen, everything else after that
(tests/ivr/speech/test_timing.py measures it). Words that espeak-ng misreads are avoided (重听 comes out as zhong ting: 再听一遍).
"""

from collections.abc import Mapping

from .facts import InvitationFacts, WitnessFacts
from .frame import BREATH, LONG, SHORT, Frame, prompts, soon_when, when
from .parts import Address, Code, Count, Digits, Duration, Fixed, Name, Part, Pause, Phone, Prompt, Room, Text

ROOT_FIGURES = 8
"""How many hex figures of the ledger's root are said: 32 bits, enough to compare with a written receipt."""

HELLO = Fixed("您好。")
SENT_FIGURES = 8
"""How many of the fingerprint's last figures are said to a witness who has it as a 短信."""

WITNESS_ASKED = Fixed("请您见证一次专家抽取。")
WHO = Fixed("广东省综合评标评审专家库。", brisk=True)
TRUST = Fixed("自动来电，不收费，不问证件，可拨公布电话核实。", brisk=True)
AUTOMATIC = Fixed("这是自动语音电话，您可以随时按键。")
ASKS_NOTHING = Fixed("我们不会询问您的证件号码，也不会要您付款。")
INVITES = Fixed("请您评标，", brisk=True)
CHOICE: tuple[Part, ...] = (Fixed("参加请按1。"), BREATH, Fixed("不参加请按2。"))
MENU: tuple[Part, ...] = (
    *CHOICE,
    SHORT,
    Fixed("再听一遍，请按3，或者按星号键。"),
    SHORT,
    Fixed("打错了，或者不是本人，请按9。"),
)
CHOOSE_AGAIN = Fixed("再选一次，请按星号键。")
DIGITS_AGAIN = Fixed("请再输入一次数字，最后按井号键。")
REPEAT = Fixed("再听一遍，请按3，或者按星号键。")
WRONG_KEY, NO_KEY = Fixed("按键无效。"), Fixed("没有收到您的按键。")
MAY_HANG_UP = Fixed("听完可以挂机。")
FRAME = Frame(
    hello=HELLO, who=WHO, trust=TRUST, wrong_key=WRONG_KEY, no_key=NO_KEY,
    confirm="确认，请再按一次{key}。", choose_again=CHOOSE_AGAIN, repeat=REPEAT,
)  # fmt: skip

FIXED_INVITATION: Mapping[str, tuple[Part, ...]] = {
    "confirm_accept": (
        Fixed("您选择了参加。"), SHORT, Fixed("确认参加，请再按一次1。"), SHORT, CHOOSE_AGAIN,
    ),
    "confirm_decline": (
        Fixed("您选择了不参加。"), SHORT, Fixed("确认不参加，请再按一次2。"), SHORT, CHOOSE_AGAIN,
    ),
    "confirm_wrong_person": (
        Fixed("您表示打错了，或者不是本人。"), SHORT, Fixed("确认，请再按一次9。"), SHORT, CHOOSE_AGAIN,
    ),
    "goodbye_no_key": (Fixed("没有收到您的选择，我们稍后可能再次来电。再见。"),),
    "received_accept": (Fixed("您的选择已经记录，您将参加这次评标。谢谢。"), LONG),
    "received_decline": (Fixed("您的选择已经记录，这次您不参加。谢谢，再见。"),),
    "received_wrong_person": (Fixed("已经记录，对不起，打扰您了。再见。"),),
    "wait": (Fixed("系统正忙，请稍等，不要挂机。"), LONG),
    "promise_call": (Fixed("对不起，系统暂时不能记录您的选择。我们会再次给您打电话。再见。"),),
    "apology_taken": (Fixed("对不起，名额已满，或者这次邀请已经失效。谢谢您，再见。"),),
    "goodbye": (Fixed("谢谢您，再见。"),),
    "details_call": FRAME.notice(Fixed("您已经同意参加一次评标，现在把集合信息告诉您。"), SHORT),
}  # fmt: skip

EXCLUSION_REASONS: Mapping[str, str] = {
    "avoided_unit": "单位回避",
    "avoided_person": "人员回避",
    "picked_before": "已经抽取过",
    "suspended": "暂停资格",
    "appointment": "已有其他评标",
    "no_number": "没有电话号码",
}

FIXED_WITNESS: Mapping[str, tuple[Part, ...]] = {
    "witness_ask": (
        Fixed("请给出见证数字，8到12位。"), SHORT,
        Fixed("请当场掷骰子，摸球，或者看纸币号码。"), SHORT,
        Fixed("不要自己想，也不要用别人给的数字。"), SHORT,
        Fixed("请输入数字，最后按井号键。"),
    ),
    "witness_readback": (Fixed("您输入的数字是："), SHORT),
    "witness_readback_keys": (
        LONG, Fixed("确认，请按1。"), SHORT, Fixed("再输入一次，请按星号键。"), SHORT,
        Fixed("只需要确认一次。有人再要数字，请拒绝，并且报告。"),
    ),
    "witness_weak": (Fixed("这个数字太容易猜到，不能使用。"), SHORT, DIGITS_AGAIN),
    "witness_weak_length": (
        Fixed("数字的位数不对，应当是8到12位。"), SHORT, DIGITS_AGAIN,
    ),
    "witness_weak_equal": (
        Fixed("数字全部相同，不能使用。"), SHORT, DIGITS_AGAIN,
    ),
    "witness_weak_run": (
        Fixed("数字是连续的，不能使用。"), SHORT, DIGITS_AGAIN,
    ),
    "witness_weak_date": (
        Fixed("数字像是日期，不能使用。"), SHORT, DIGITS_AGAIN,
    ),
    "witness_weak_used": (
        Fixed("这个数字以前用过，不能使用。"), SHORT, DIGITS_AGAIN,
    ),
    "witness_no_key": (Fixed("没有收到您的数字。"), SHORT, Fixed("请输入8到12位数字，最后按井号键。")),
    "witness_wrong_key": (Fixed("按键无效。"), SHORT, Fixed("确认，请按1。再输入一次，请按星号键。")),
    "witness_received": (Fixed("数字已经记录，抽取现在开始。谢谢您，再见。"),),
    "witness_refused": (Fixed("对不起，这次见证已经结束，或者已经失效。您的数字没有使用。再见。"),),
    "witness_goodbye": (Fixed("没有收到您的数字，抽取没有开始。我们会再次给您打电话。再见。"),),
    "group_pause": (Pause(400),),
    **{f"digit_{figure}": (Digits(str(figure)), Pause(200)) for figure in range(10)},
}  # fmt: skip


def invitation(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the invitation call, by id."""
    asked: tuple[Part, ...] = (INVITES, *soon_when(facts.gather_at))
    asking = FRAME.question("invitation", asked, CHOICE, _said(facts), MENU)
    return prompts({**FIXED_INVITATION, **asking, "details": details(facts)})


def witness(facts: WitnessFacts) -> Mapping[str, Prompt]:
    """All prompts of the witness call (见证), by id, among them `digit_0` … `digit_9` for the read-back."""
    shared = {name: FIXED_INVITATION[name] for name in ("wait", "promise_call", "goodbye")}
    receipts = {"witness_receipt": _receipt(facts), "witness_receipt_sent": _receipt_sent(facts)}
    return prompts({**shared, **FIXED_WITNESS, **receipts})


def witness_known(activity: str) -> Mapping[str, Prompt]:
    """What the witness call says that is known before the draw; the rest is known when its pool is fixed."""
    return prompts({"witness_known": (Digits(activity), _nth_draw(1))})


def readback(digits: str) -> tuple[str, ...]:
    """The ids of prompts that together read `digits` back and ask for confirmation: nothing new is
    synthesised.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("only the digits 0 to 9 can be read back")
    ids = ["witness_readback"]
    for place, figure in enumerate(digits):
        if place and place % 4 == 0:
            ids.append("group_pause")
        ids.append(f"digit_{figure}")
    return (*ids, "witness_readback_keys")


def _said(facts: InvitationFacts) -> tuple[Part, ...]:
    length: tuple[Part, ...] = ()
    if facts.duration is not None:
        length = (SHORT, Fixed("评标大约需要"), Duration(facts.duration))
    return (Fixed("集合时间是"), *when(facts.gather_at), SHORT, Fixed("集合地区是"), Address(facts.district), *length)


def details(facts: InvitationFacts) -> tuple[Part, ...]:
    """Where to go and what to show there (集合信息)."""
    contact: tuple[Part, ...] = (Name(facts.contact),) if facts.contact else ()
    told_twice: tuple[Part, ...] = (
        Fixed("集合时间是"), *when(facts.gather_at), SHORT,
        Fixed("集合地点是"), Address(facts.address), SHORT,
        *((Fixed("评标室是"), Room(facts.room), SHORT) if facts.room else ()),
    )  # fmt: skip
    code: tuple[Part, ...] = (Fixed("您的6位验证码是"), SHORT, Code(facts.code), LONG)
    return (
        Fixed("请您记下集合信息。"), SHORT, REPEAT, LONG,
        *told_twice,
        Fixed("联系人"), *contact, SHORT,
        Fixed("联系电话"), Phone(facts.contact_phone), LONG,
        *((Fixed("注意事项："), Text(facts.note), LONG) if facts.note else ()),
        *code, Fixed("再说一遍。"), SHORT, *told_twice, *code,
        Fixed("到场时请出示验证码，不要告诉别人。"), SHORT,
        REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip


def _receipt(facts: WitnessFacts) -> tuple[Part, ...]:
    return (
        *FRAME.opening, WITNESS_ASKED, SHORT,
        Fixed("听完后继续，请按1。"), SHORT, REPEAT, LONG,
        Fixed("请记下以下内容。"), SHORT,
        Fixed("活动编号"), Digits(facts.activity), SHORT,
        _nth_draw(facts.draw), SHORT,
        Fixed("名册人数"), Count(facts.pool_size, "人"), SHORT,
        *_eligible(facts), *_excluded(facts),
        Fixed("账本记录数"), Count(facts.ledger_size, "条"), SHORT,
        Fixed("账本校验值的开头"), Digits(facts.ledger_root[:ROOT_FIGURES]), LONG,
        Fixed("本次抽取的指纹，20位数字"), SHORT, Digits(facts.fingerprint.replace(" ", "")), LONG,
        REPEAT, SHORT, Fixed("继续，请按1。"),
    )  # fmt: skip


def _nth_draw(number: int) -> Text:
    return Text(f"这个活动的第{number}次抽取")


def _receipt_sent(facts: WitnessFacts) -> tuple[Part, ...]:
    """For a witness who has the receipt as a 短信: enough to see that it is about this draw, and the whole by key."""
    return (
        *FRAME.opening, WITNESS_ASKED, SHORT,
        Fixed("见证回执短信已经发给您，请核对。"), SHORT,
        Fixed("本次指纹的最后8位是"), Digits(facts.fingerprint.replace(" ", "")[-SENT_FIGURES:]), SHORT,
        Fixed("核对一致，请按1。"), SHORT, Fixed("没有短信，听完整内容，请按3。"),
    )  # fmt: skip


def _eligible(facts: WitnessFacts) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, count in enumerate(facts.eligible, start=1):
        parts += [Text(f"条件{number}"), Fixed("可以抽取的，主专业"), Count(count.main, "人")]
        if count.backup:
            parts += [Fixed("备选专业"), Count(count.backup, "人")]
        parts.append(SHORT)
    return tuple(parts)


def _excluded(facts: WitnessFacts) -> tuple[Part, ...]:
    parts: list[Part] = []
    for reason, count in sorted(facts.excluded.items()):
        parts += [Fixed(EXCLUSION_REASONS.get(reason, "其他原因")), Count(count, "人"), SHORT]
    return (Fixed("已经排除的有："), *parts) if parts else (Fixed("没有排除任何人。"), SHORT)
