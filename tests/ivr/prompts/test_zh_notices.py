"""The calls to those who have agreed, word for word; and every prompt a flow names is there."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from ivr.dialplans import KINDS, Kind, Whom
from ivr.prompts import (
    ChangeOfTimeFacts,
    Fixed,
    Ground,
    Prompt,
    WithdrawalFacts,
    fixed_phrases,
    readback,
)
from ivr.speech.normalise import spoken_text
from script.flows import prompts_named
from tests.ivr.facts import INVITATION, MATTER, WITNESS

experts = pytest.mark.parametrize("kind", [each for each in KINDS.values() if each.whom is Whom.EXPERT], ids=lambda k: k.name)
WHO = "您好。/广东省综合评标评审专家库。/自动来电，不收费，不问证件，可拨公布电话核实。"
SOON = "十一月二十三日/上午九点三十分"
TIME = "二零二六年十一月二十三日，星期一/上午九点三十分"
APPOINTMENT = f"/您同意参加的评标，集合时间是/{TIME}"


def heard(prompt: Prompt) -> str:
    return "/".join(spoken_text(part) for part in prompt.spoken())


def says(kind: str, prompt: str) -> str:
    return heard(KINDS[kind].says(INVITATION, MATTER)[prompt])


def test_the_change_of_time() -> None:
    assert says("change_of_time", "change_of_time") == (
        f"{WHO}/您同意参加的评标，时间改为/{SOON}/仍然参加请按一。/不能参加请按二。"
        f"/原来的时间是/二零二六年十一月二十二日，星期日/下午两点三十分/现在改为/{TIME}"
        "/仍然参加请按一。/不能参加请按二。/再听一遍，请按三，或者按星号键。"
    )
    assert says("change_of_time", "no_key") == (
        f"没有收到您的按键。/广东省综合评标评审专家库。/您同意参加的评标，时间改为/{SOON}"
        "/仍然参加请按一。/不能参加请按二。/再听一遍，请按三，或者按星号键。"
    )
    assert says("change_of_time", "received_still_comes") == (
        f"您的选择已经记录，您仍然参加。/新的集合时间是/{TIME}/集合地点不变。谢谢，再见。"
    )
    assert says("change_of_time", "confirm_cant_come") == "您选择了不能参加。/确认，请再按一次二。/再选一次，请按星号键。"


def test_leave() -> None:
    assert says("leave", "leave") == (
        f"{WHO}/有人为您登记请假，评标在/{SOON}/确实请假请按一。/没有请假，仍然参加，请按二。/请您本人确认。{APPOINTMENT}"
        "/确实请假请按一。/没有请假，仍然参加，请按二。/再听一遍，请按三，或者按星号键。"
    )


def test_the_notices_end_with_what_matters() -> None:
    assert says("release", "release") == f"{WHO}{APPOINTMENT}/这次抽取已经结束，您不用参加了，请不要前往。"
    assert says("withdrawal", "withdrawal") == (
        f"{WHO}{APPOINTMENT}/因为流标，这次评标不能按计划进行。/您不用参加了，请不要前往。"
    )
    assert says("urging", "urging") == f"{WHO}{APPOINTMENT}/您还没有登记到场，请尽快到场。"
    assert says("reminder", "reminder") == f"{WHO}/提醒您，不要忘记。{APPOINTMENT}/请准时到场。"


def test_both_grounds_are_said() -> None:
    for ground in Ground:
        facts = WithdrawalFacts(INVITATION.gather_at, ground)
        assert f"因为{ground.value}，" in heard(KINDS["withdrawal"].prompts(facts)["withdrawal"])


@experts
def test_every_prompt_that_the_flow_names_is_there_and_no_other(kind: Kind) -> None:
    made = kind.says(INVITATION, MATTER)
    assert prompts_named(kind) <= set(made)
    sharing = [each for each in KINDS.values() if (each.prompts, each.facts) == (kind.prompts, kind.facts)]
    assert set().union(*map(prompts_named, sharing)) == set(made)
    assert all(prompt.id == name and heard(prompt) for name, prompt in made.items())


def test_the_witness_names_prompts_that_there_are() -> None:
    made = set(KINDS["witness"].prompts(WITNESS))
    assert prompts_named(KINDS["witness"]) <= made | {"witness_readback"}
    assert set(readback("12345678")) <= made


@experts
def test_no_project_and_no_company_can_be_said(kind: Kind) -> None:
    for prompt in kind.says(INVITATION, MATTER).values():
        assert not any(word in heard(prompt) for word in ("项目", "招标人", "代理", "标段", "身份证"))
        assert {part.text for part in prompt.parts if isinstance(part, Fixed) and not part.language} <= set(fixed_phrases())


def test_only_these_facts() -> None:
    assert {field.name for field in fields(ChangeOfTimeFacts)} == {"earlier", "gather_at"}
    assert {field.name for field in fields(WithdrawalFacts)} == {"gather_at", "ground"}


def test_a_matter_that_cannot_be_said_is_refused() -> None:
    for matter in ({}, {"earlier": "yesterday"}, {"earlier": "2026-11-22T14:30:00"}):
        with pytest.raises((KeyError, ValueError)):
            ChangeOfTimeFacts.of(INVITATION, matter)
    with pytest.raises(ValueError, match="流产"):
        WithdrawalFacts.of(INVITATION, {"ground": "流产"})


def test_a_time_in_another_zone_is_said_as_here() -> None:
    facts = ChangeOfTimeFacts.of(replace(INVITATION, gather_at=datetime(2026, 11, 23, 1, 30, tzinfo=UTC)), MATTER)
    assert "上午九点三十分" in heard(KINDS["change_of_time"].prompts(facts)["change_of_time"])
