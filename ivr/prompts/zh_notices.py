"""The wording in Mandarin of the calls to those who have agreed; the rules of the wording are zh.py's.

A notice's core ends with what must be known: who hangs up then has been told. None of them says why beyond its
ground, or for whom.
"""

from collections.abc import Mapping

from .facts import ChangeOfTimeFacts, Ground, InvitationFacts, WithdrawalFacts
from .frame import LONG, SHORT, prompts, soon_when, when
from .parts import Address, Fixed, Part, Phone, Prompt, Room
from .zh import FIXED_INVITATION, FRAME, MAY_HANG_UP, REPEAT, details

ABOUT = Fixed("您同意参加的评标，集合时间是")
SORRY: tuple[Part, ...] = (LONG, Fixed("给您带来不便，非常抱歉。"), SHORT, REPEAT, SHORT, MAY_HANG_UP)
GOODBYE = {"goodbye": FIXED_INVITATION["goodbye"]}
ASKED = {
    **{name: FIXED_INVITATION[name] for name in ("goodbye_no_key", "wait", "promise_call")},
    "apology_taken": (Fixed("对不起，安排又有变动，您的选择没有记录。我们会再和您联系。再见。"),),
}
GROUNDS: Mapping[Ground, Fixed] = {
    Ground.FAILED_TENDER: Fixed("因为流标，这次评标不能按计划进行。"),
    Ground.FORCE_MAJEURE: Fixed("因为不可抗力，这次评标不能按计划进行。"),
}


def change_of_time(facts: ChangeOfTimeFacts) -> Mapping[str, Prompt]:
    """All prompts of the call about a new 集合时间, by id."""
    asked = (Fixed("您同意参加的评标，时间改为", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("原来的时间是"), *when(facts.earlier), SHORT, Fixed("现在改为"), *when(facts.gather_at))
    replies = {
        "received_still_comes": (
            Fixed("您的选择已经记录，您仍然参加。"), SHORT,
            Fixed("新的集合时间是"), *when(facts.gather_at), SHORT, Fixed("集合地点不变。谢谢，再见。"),
        ),
        "received_cant_come": FIXED_INVITATION["received_decline"],
    }  # fmt: skip
    asking = FRAME.asks("change_of_time", asked, said, "仍然参加请按1。", "不能参加请按2。")
    confirm = FRAME.confirmations(still_comes=("您选择了仍然参加。", "1"), cant_come=("您选择了不能参加。", "2"))
    return prompts({**asking, **ASKED, **confirm, **replies})


def leave(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call that asks whether leave (请假) is asked for, by id."""
    asked = (Fixed("有人为您登记请假，评标在", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("请您本人确认。"), SHORT, ABOUT, *when(facts.gather_at))
    replies = {
        "received_leave_confirmed": (Fixed("您的请假已经记录，这次您不参加。谢谢，再见。"),),
        "received_leave_denied": (Fixed("已经记录，您没有请假，仍然参加这次评标。谢谢，再见。"),),
    }
    asking = FRAME.asks("leave", asked, said, "确实请假请按1。", "没有请假，仍然参加，请按2。")
    confirm = FRAME.confirmations(leave_confirmed=("您选择了请假。", "1"), leave_denied=("您选择了没有请假。", "2"))
    return prompts({**asking, **ASKED, **confirm, **replies})


def release(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the notice after a forced end (强制结束), by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, Fixed("这次抽取已经结束，您不用参加了，请不要前往。"))
    return prompts({"release": FRAME.notice(*core), "release_more": SORRY, **GOODBYE})


def withdrawal(facts: WithdrawalFacts) -> Mapping[str, Prompt]:
    """All prompts of the withdrawal notice (退选通知), by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, GROUNDS[facts.ground], SHORT, Fixed("您不用参加了，请不要前往。"))
    return prompts({"withdrawal": FRAME.notice(*core), "withdrawal_more": SORRY, **GOODBYE})


def urging(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call to who has not arrived, by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, Fixed("您还没有登记到场，请尽快到场。"))
    more = (
        LONG, Fixed("集合地点是"), Address(facts.address), SHORT,
        *((Fixed("评标室是"), Room(facts.room), SHORT) if facts.room else ()),
        Fixed("联系电话"), Phone(facts.contact_phone), LONG,
        Fixed("如果您已经到场，请马上登记。"), SHORT, REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
    return prompts({"urging": FRAME.notice(*core), "urging_more": more, **GOODBYE})


def reminder(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the reminder before the gathering, by id; the details follow."""
    core = (Fixed("提醒您，不要忘记。"), SHORT, ABOUT, *when(facts.gather_at), SHORT, Fixed("请准时到场。"), LONG)
    return prompts({"reminder": FRAME.notice(*core), "details": details(facts), **GOODBYE})
