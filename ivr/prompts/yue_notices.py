"""The wording in Cantonese (粤语) of the calls to those who have agreed: as zh_notices.py, prompt by prompt."""

from collections.abc import Mapping

from .facts import ChangeOfTimeFacts, Ground, InvitationFacts, WithdrawalFacts
from .frame import LONG, SHORT, prompts, soon_when, when
from .language import Language
from .parts import Address, Fixed, Part, Phone, Prompt, Room
from .yue import FIXED_INVITATION, FRAME, MAY_HANG_UP, REPEAT, details

YUE = Language.CANTONESE
ABOUT = Fixed("您同意参加嘅评标，集合时间系")
SORRY: tuple[Part, ...] = (LONG, Fixed("对您造成不便，十分抱歉。"), SHORT, REPEAT, SHORT, MAY_HANG_UP)
GOODBYE = {"goodbye": FIXED_INVITATION["goodbye"]}
ASKED = {
    **{name: FIXED_INVITATION[name] for name in ("goodbye_no_key", "wait", "promise_call")},
    "apology_taken": (Fixed("对唔住，安排又有变动，您嘅选择未有记录。我哋会再同您联络。再见。"),),
}
GROUNDS: Mapping[Ground, Fixed] = {
    Ground.FAILED_TENDER: Fixed("因为流标，呢次评标唔可以按计划进行。"),
    Ground.FORCE_MAJEURE: Fixed("因为不可抗力，呢次评标唔可以按计划进行。"),
}


def change_of_time(facts: ChangeOfTimeFacts) -> Mapping[str, Prompt]:
    """All prompts of the call about a new 集合时间, by id."""
    asked = (Fixed("您同意参加嘅评标，时间改为", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("原来嘅时间系"), *when(facts.earlier), SHORT, Fixed("而家改为"), *when(facts.gather_at))
    replies = {
        "received_still_comes": (
            Fixed("您嘅选择已经记录，您仍然会参加。"), SHORT,
            Fixed("新嘅集合时间系"), *when(facts.gather_at), SHORT, Fixed("集合地点冇变。多谢，再见。"),
        ),
        "received_cant_come": FIXED_INVITATION["received_decline"],
    }  # fmt: skip
    asking = FRAME.asks("change_of_time", asked, said, "仍然参加请按1。", "唔可以参加请按2。")
    confirm = FRAME.confirmations(still_comes=("您拣咗仍然参加。", "1"), cant_come=("您拣咗唔可以参加。", "2"))
    return prompts({**asking, **ASKED, **confirm, **replies}, YUE)


def leave(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call that asks whether leave (请假) is asked for, by id."""
    asked = (Fixed("有人帮您登记请假，评标系", brisk=True), *soon_when(facts.gather_at))
    said = (Fixed("请您本人确认。"), SHORT, ABOUT, *when(facts.gather_at))
    replies = {
        "received_leave_confirmed": (Fixed("您嘅请假已经记录，呢次您唔参加。多谢，再见。"),),
        "received_leave_denied": (Fixed("已经记录，您冇请假，仍然参加呢次评标。多谢，再见。"),),
    }
    asking = FRAME.asks("leave", asked, said, "确实系请假请按1。", "冇请假，仍然参加，请按2。")
    confirm = FRAME.confirmations(leave_confirmed=("您拣咗请假。", "1"), leave_denied=("您拣咗冇请假。", "2"))
    return prompts({**asking, **ASKED, **confirm, **replies}, YUE)


def release(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the notice after a forced end (强制结束), by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, Fixed("呢次抽取已经结束，您唔使参加，请唔好前往。"))
    return prompts({"release": FRAME.notice(*core), "release_more": SORRY, **GOODBYE}, YUE)


def withdrawal(facts: WithdrawalFacts) -> Mapping[str, Prompt]:
    """All prompts of the withdrawal notice (退选通知), by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, GROUNDS[facts.ground], SHORT, Fixed("您唔使参加，请唔好前往。"))
    return prompts({"withdrawal": FRAME.notice(*core), "withdrawal_more": SORRY, **GOODBYE}, YUE)


def urging(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the call to who has not arrived, by id."""
    core = (ABOUT, *when(facts.gather_at), SHORT, Fixed("您仲未登记到场，请尽快到场。"))
    more = (
        LONG, Fixed("集合地点系"), Address(facts.address), SHORT,
        *((Fixed("评标室系"), Room(facts.room), SHORT) if facts.room else ()),
        Fixed("联络电话"), Phone(facts.contact_phone), LONG,
        Fixed("如果您已经到咗场，请即刻登记。"), SHORT, REPEAT, SHORT, MAY_HANG_UP,
    )  # fmt: skip
    return prompts({"urging": FRAME.notice(*core), "urging_more": more, **GOODBYE}, YUE)


def reminder(facts: InvitationFacts) -> Mapping[str, Prompt]:
    """All prompts of the reminder before the gathering, by id; the details follow."""
    core = (Fixed("提醒您，请记住。"), SHORT, ABOUT, *when(facts.gather_at), SHORT, Fixed("请准时到场。"), LONG)
    return prompts({"reminder": FRAME.notice(*core), "details": details(facts), **GOODBYE}, YUE)
