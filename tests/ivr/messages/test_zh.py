"""The wording, word for word, and how long it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.messages import zh
from ivr.messages.sms import TRUNK_BYTES, size
from tests.ivr.facts import INVITATION, WITNESS

PUBLISHED = "02083186888"
ALL = {
    "announcement": zh.announcement(INVITATION, PUBLISHED),
    "details": zh.details(INVITATION),
    "time_changed": zh.time_changed(INVITATION, PUBLISHED),
    "release": zh.release(INVITATION),
    "withdrawal": zh.withdrawal(INVITATION),
    "witness_receipt": zh.witness_receipt(WITNESS),
    "seal_receipt": zh.seal_receipt(WITNESS.activity, 2, 17, WITNESS.ledger_root),
}


def test_the_details() -> None:
    assert ALL["details"] == (
        "【广东省综合评标评审专家库】您已同意参加评标。集合时间：2026年11月23日（星期一）9:30；集合地点：广州市越秀区越华路118号3楼；"
        "评标室：1203；联系人：张工 18088888888；注意事项：请戴口罩，8:30前签到，2人一桌；"
        "验证码：482913，到场时出示，不要告诉别人。"
    )


def test_what_is_empty_is_left_out() -> None:
    text = zh.details(replace(INVITATION, room="", contact="", note=""))
    assert "评标室" not in text
    assert "注意事项" not in text
    assert "；联系人 18088888888；" in text


def test_the_announcement_names_the_number_and_asks_for_nothing() -> None:
    assert ALL["announcement"] == (
        "【广东省综合评标评审专家库】我们将用02083186888给您打电话，邀请您参加一次评标，请注意接听。通话为自动语音，只需按键回答；"
        "不询问证件号码，不要求付款。请勿回复本短信，请勿向任何人转账或提供验证码。"
    )
    assert all(each not in ALL["announcement"] for each in ("越秀", "482913", "18088888888", "2026"))


def test_the_change_of_time() -> None:
    assert ALL["time_changed"] == (
        "【广东省综合评标评审专家库】您已同意参加的评标有变更。集合时间改为：2026年11月23日（星期一）9:30；"
        "集合地点：广州市越秀区越华路118号3楼。请接听02083186888的来电，按语音提示选择能否参加。验证码不变。"
    )


def test_the_withdrawal() -> None:
    assert ALL["withdrawal"] == (
        "【广东省综合评标评审专家库】您原定于2026年11月23日（星期一）9:30集合的评标，现已取消对您的抽取（退选），"
        "您不需要到场，原验证码作废。如有疑问请致电18088888888。"
    )


def test_the_release() -> None:
    assert ALL["release"] == (
        "【广东省综合评标评审专家库】您原定于2026年11月23日（星期一）9:30集合的评标，抽取已经结束，您不需要到场，原验证码作废。"
        "如有疑问请致电18088888888。"
    )


def test_the_witness_compares_every_figure() -> None:
    assert ALL["witness_receipt"] == (
        "【广东省综合评标评审专家库】见证回执：活动CQSQ202611230001第2次抽取；指纹 4830 8909 6701 3139 9393；名册20000人；"
        "条件1：主专业152人、备选专业2人；条件2：主专业40人；已排除：单位回避3人，暂停资格12人；"
        "账本12条，校验值开头 0c1aab2d。请保存，与电话或网页核对一致后再给见证数字。"
    )


def test_the_witness_keeps_the_head_with_the_seal() -> None:
    assert ALL["seal_receipt"] == (
        "【广东省综合评标评审专家库】封存回执：活动CQSQ202611230001第2次抽取已经封存；账本17条，校验值开头 0c1aab2d。"
        "请保存，日后核验抽取证据时需要核对。"
    )


def test_mail_to_the_clerk_names_no_expert_and_no_project() -> None:
    facts = zh.DrawFacts("CQSQ202611230001", 5, 3)
    assert zh.draw_short(facts).subject == "待补抽：CQSQ202611230001"
    assert "计划5人，同意参评3人，还缺2人" in zh.draw_short(facts).text
    assert zh.draw_complete(replace(facts, accepted=5)).subject == "抽取完成：CQSQ202611230001"


@pytest.mark.parametrize("kind", ALL)
def test_each_begins_with_the_signature_and_fits(kind: str) -> None:
    assert ALL[kind].startswith(zh.SIGNATURE)
    assert size(ALL[kind]).bytes <= TRUNK_BYTES
    assert "http" not in ALL[kind]


def test_the_longest_details_still_fit() -> None:
    longest = replace(INVITATION, address="广" * 120, room="室" * 20, contact="欧阳工程师", note="注" * 50)
    assert size(zh.details(longest)).bytes <= TRUNK_BYTES
