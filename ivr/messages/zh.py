"""The wording of messages in Chinese. Pure.

As on the telephone: no project, no 招标人, no 代理机构 (the expert must not learn whose project it is). No links, nothing to
pay, nothing to answer: whoever gets used to such messages falls for those of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ivr.prompts.facts import InvitationFacts, WitnessFacts
from ivr.prompts.frame import CHINA
from ivr.prompts.zh import EXCLUSION_REASONS, ROOT_FIGURES

SIGNATURE = "【广东省综合评标评审专家库】"
"""签名: carriers want the sender's name in these brackets first."""
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class DrawFacts:
    """What a clerk is told about a draw."""

    activity: str
    planned: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text."""

    subject: str
    text: str


def announcement(facts: InvitationFacts, published: str) -> str:
    """Before the first call (N3). `published`: the number that the expert will see."""
    return (
        f"{SIGNATURE}我们将用{published}给您打电话，邀请您参加一次评标，请注意接听。通话为自动语音，只需按键回答；"
        "不询问证件号码，不要求付款。请勿回复本短信，请勿向任何人转账或提供验证码。"
    )


def details(facts: InvitationFacts) -> str:
    """After acceptance (K1)."""
    lines = (
        f"您已同意参加评标。集合时间：{moment(facts.gather_at)}",
        f"集合地点：{facts.address}",
        f"评标室：{facts.room}" if facts.room else "",
        f"联系人：{facts.contact}".rstrip("：") + f" {facts.contact_phone}",
        f"注意事项：{facts.note}" if facts.note else "",
        f"验证码：{facts.code}，到场时出示，不要告诉别人",
    )
    return SIGNATURE + "；".join(filter(None, lines)) + "。"


def time_changed(facts: InvitationFacts, published: str) -> str:
    """The new time and place, and that a call asks whether it suits."""
    return (
        f"{SIGNATURE}您已同意参加的评标有变更。集合时间改为：{moment(facts.gather_at)}；集合地点：{facts.address}。"
        f"请接听{published}的来电，按语音提示选择能否参加。验证码不变。"
    )


def withdrawal(facts: InvitationFacts) -> str:
    """退选 (W2)."""
    return (
        f"{SIGNATURE}您原定于{moment(facts.gather_at)}集合的评标，现已取消对您的抽取（退选），您不需要到场，原验证码作废。"
        f"如有疑问请致电{facts.contact_phone}。"
    )


def release(facts: InvitationFacts) -> str:
    """After a forced end (强制结束)."""
    return (
        f"{SIGNATURE}您原定于{moment(facts.gather_at)}集合的评标，抽取已经结束，您不需要到场，原验证码作废。"
        f"如有疑问请致电{facts.contact_phone}。"
    )


def witness_receipt(facts: WitnessFacts) -> str:
    """What the 监督人 compares before giving the digits (见证回执), and keeps for the verification."""
    tiers = "；".join(
        f"条件{n}：主专业{count.main}人" + (f"、备选专业{count.backup}人" if count.backup else "")
        for n, count in enumerate(facts.eligible, start=1)
    )
    excluded = "，".join(
        f"{EXCLUSION_REASONS.get(reason, '其他原因')}{count}人" for reason, count in sorted(facts.excluded.items())
    )
    digits = facts.fingerprint.replace(" ", "")
    fingerprint = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    return (
        f"{SIGNATURE}见证回执：活动{facts.activity}第{facts.draw}次抽取；指纹 {fingerprint}；名册{facts.pool_size}人；{tiers}；"
        f"已排除：{excluded or '无'}；账本{facts.ledger_size}条，校验值开头 {facts.ledger_root[:ROOT_FIGURES]}。"
        "请保存，与电话或网页核对一致后再给见证数字。"
    )


def seal_receipt(activity: str, draw: int, ledger_size: int, ledger_root: str) -> str:
    """What the 监督人 keeps of a sealed draw (封存回执): with it, evidence that is cut behind the seal is found out."""
    return (
        f"{SIGNATURE}封存回执：活动{activity}第{draw}次抽取已经封存；账本{ledger_size}条，校验值开头 {ledger_root[:ROOT_FIGURES]}。"
        "请保存，日后核验抽取证据时需要核对。"
    )


def draw_complete(facts: DrawFacts) -> Mail:
    """To the clerk: all seats agreed."""
    text = (
        f"活动{facts.activity}的抽取已完成：计划{facts.planned}人，同意参评{facts.accepted}人。"
        "名单在解密时间之前不能查看，请到时登录系统打开抽取结果。"
    )
    return Mail(f"抽取完成：{facts.activity}", text)


def draw_short(facts: DrawFacts) -> Mail:
    """To the clerk: the eligible were used up before the seats were filled."""
    missing = facts.planned - facts.accepted
    text = (
        f"活动{facts.activity}转为待补抽：计划{facts.planned}人，同意参评{facts.accepted}人，还缺{missing}人。"
        "符合条件的专家已经全部呼叫。请登录系统，重呼未接通专家或者启动补抽。"
    )
    return Mail(f"待补抽：{facts.activity}", text)


def moment(at: datetime) -> str:
    """Day, weekday and time in China.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 24, 1, 5, tzinfo=UTC))
    '2026年11月24日（星期二）9:05'
    """
    local = at.astimezone(CHINA)
    return (
        f"{local.year}年{local.month}月{local.day}日（星期{_WEEKDAYS[local.weekday()]}）{local.hour}:{local.minute:02d}"
    )
