"""The wording as it is heard, word for word."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from ivr.prompts import Fixed, InvitationFacts, Prompt, fixed_phrases, invitation, readback, witness
from ivr.speech.normalise import spoken_text
from tests.ivr.facts import INVITATION, WITNESS

INVITATION_IDS = {
    "invitation", "confirm_accept", "confirm_decline", "confirm_wrong_person", "wrong_key", "no_key",
    "goodbye_no_key", "details_call", "received_accept", "received_decline", "received_wrong_person", "details", "wait",
    "promise_call", "apology_taken", "goodbye",
}  # fmt: skip
WITNESS_IDS = {
    "witness_receipt", "witness_receipt_sent", "witness_ask", "witness_readback", "witness_readback_keys", "witness_weak",
    "witness_weak_length", "witness_weak_equal", "witness_weak_run", "witness_weak_date", "witness_weak_used",
    "witness_no_key", "witness_wrong_key", "witness_received", "witness_refused", "witness_goodbye",
    "group_pause", "wait", "promise_call", "goodbye",
} | {f"digit_{figure}" for figure in range(10)}  # fmt: skip


def heard(prompt: Prompt) -> str:
    return "/".join(spoken_text(part) for part in prompt.spoken())


OPENING = "您好。/广东省综合评标评审专家库。/自动来电，不收费，不问证件，可拨公布电话核实。"


def test_the_invitation_word_for_word() -> None:
    assert heard(invitation(INVITATION)["invitation"]) == (
        f"{OPENING}/请您评标/十一月二十三日/上午九点三十分/参加请按一。/不参加请按二。"
        "/集合时间是/二零二六年十一月二十三日，星期一/上午九点三十分/集合地区是/广州市越秀区/评标大约需要/两个半小时"
        "/参加请按一。/不参加请按二。/再听一遍，请按三，或者按星号键。/打错了，或者不是本人，请按九。"
    )


@pytest.mark.parametrize(("name", "why"), [("no_key", "没有收到您的按键。"), ("wrong_key", "按键无效。")])
def test_after_silence_or_a_wrong_key_who_calls_and_for_when_is_said_again(name: str, why: str) -> None:
    assert heard(invitation(INVITATION)[name]) == (
        f"{why}/广东省综合评标评审专家库。/请您评标/十一月二十三日/上午九点三十分"
        "/参加请按一。/不参加请按二。/再听一遍，请按三，或者按星号键。/打错了，或者不是本人，请按九。"
    )


def test_the_details_word_for_word_with_time_place_and_code_said_twice_and_the_key_for_again_first() -> None:
    where = (
        "/集合时间是/二零二六年十一月二十三日，星期一/上午九点三十分"
        "/集合地点是/广州市越秀区越华路一百一十八号三楼/评标室是/幺二零三"
    )
    assert heard(invitation(INVITATION)["details"]) == (
        f"请您记下集合信息。/再听一遍，请按三，或者按星号键。{where}/联系人/张工"
        "/联系电话/幺八零，八八八八，八八八八/注意事项：/请戴口罩，上午八点三十分前签到，两人一桌"
        f"/您的六位验证码是/四八二，九幺三/再说一遍。{where}/您的六位验证码是/四八二，九幺三"
        "/到场时请出示验证码，不要告诉别人。/再听一遍，请按三，或者按星号键。/听完可以挂机。"
    )


def test_the_witness_receipt_word_for_word() -> None:
    assert heard(witness(WITNESS)["witness_receipt"]) == (
        f"{OPENING}/请您见证一次专家抽取。/听完后继续，请按一。/再听一遍，请按三，或者按星号键。/请记下以下内容。"
        "/活动编号/C Q S Q，二零二六，幺幺二三，零零零幺/这个活动的第二次抽取/名册人数/两万人"
        "/条件一/可以抽取的，主专业/一百五十二人/备选专业/两人/条件二/可以抽取的，主专业/四十人"
        "/已经排除的有：/单位回避/三人/暂停资格/十二人"
        "/账本记录数/十二条/账本校验值的开头/零 C 幺 A，A B 二 D"
        "/本次抽取的指纹，二十位数字/四八三零，八九零九，六七零幺，三幺三九，九三九三"
        "/再听一遍，请按三，或者按星号键。/继续，请按一。"
    )


def test_the_receipt_of_a_witness_who_has_it_as_a_message_word_for_word() -> None:
    assert heard(witness(WITNESS)["witness_receipt_sent"]) == (
        f"{OPENING}/请您见证一次专家抽取。/见证回执短信已经发给您，请核对。/本次指纹的最后八位是/三幺三九，九三九三"
        "/核对一致，请按一。/没有短信，听完整内容，请按三。"
    )


def test_every_id_the_flows_name_is_there_and_says_something() -> None:
    for prompts, ids in ((invitation(INVITATION), INVITATION_IDS), (witness(WITNESS), WITNESS_IDS)):
        assert set(prompts) == ids
        for name, prompt in prompts.items():
            assert prompt.id == name
            assert prompt.parts
            assert all(spoken_text(part) for part in prompt.spoken())


def test_empty_facts_leave_no_dangling_introduction() -> None:
    text = heard(invitation(replace(INVITATION, room="", contact="", note="", duration=None))["details"])
    assert "评标室" not in text
    assert "注意事项" not in text
    assert "/联系人/联系电话/" in text
    assert "大约" not in heard(invitation(replace(INVITATION, duration=None))["invitation"])


def test_nothing_excluded_is_said_so() -> None:
    assert "没有排除任何人" in heard(witness(replace(WITNESS, excluded={}))["witness_receipt"])


def test_an_unknown_reason_is_still_counted() -> None:
    assert "其他原因/七人" in heard(witness(replace(WITNESS, excluded={"novel": 7}))["witness_receipt"])


def test_no_project_and_no_company_can_be_said() -> None:
    assert {field.name for field in fields(InvitationFacts)} == {
        "gather_at", "district", "duration", "address", "contact_phone", "code", "room", "contact", "note",
    }  # fmt: skip
    for phrase in fixed_phrases():
        assert not any(word in phrase for word in ("项目", "招标人", "代理", "标段", "身份证"))


def test_fixed_phrases_are_all_there_are() -> None:
    listed = set(fixed_phrases())
    for prompts in (invitation(INVITATION), witness(WITNESS)):
        for prompt in prompts.values():
            assert {part.text for part in prompt.parts if isinstance(part, Fixed)} <= listed


def test_keys_follow_their_meaning() -> None:
    menu = heard(invitation(INVITATION)["no_key"])
    assert menu.index("参加") < menu.index("请按一") < menu.index("不参加") < menu.index("请按二")


def test_the_readback_uses_only_prepared_prompts_in_groups_of_four() -> None:
    ids = readback("482913065")
    assert set(ids) <= set(witness(WITNESS))
    assert ids == (
        "witness_readback", "digit_4", "digit_8", "digit_2", "digit_9", "group_pause",
        "digit_1", "digit_3", "digit_0", "digit_6", "group_pause", "digit_5", "witness_readback_keys",
    )  # fmt: skip


def test_facts_that_cannot_be_true_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(INVITATION, gather_at=datetime(2026, 11, 23, 9, tzinfo=UTC).replace(tzinfo=None))
    for code in ("12345", "12345a", "１２３４５６"):
        with pytest.raises(ValueError, match="验证码"):
            replace(INVITATION, code=code)
    with pytest.raises(ValueError, match="20 digits"):
        replace(WITNESS, fingerprint="4830")
    with pytest.raises(ValueError, match="digits 0 to 9"):
        readback("12*4")
