"""Regions as people write them; what was dissolved is refused with what it became, and nothing is guessed from digits."""

from __future__ import annotations

import re

import pytest

from drawing.experts.regions import understood_region, understood_regions
from drawing.reference import reference


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as caught:
        understood_region(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "names", "now"),
    [
        ("440184", ("从化市", "广州市从化市", "广东省-广州市-从化市"), "440117"),
        ("440183", ("增城市", "广州增城市"), "440118"),
        ("440116", ("萝岗区", "广州市萝岗区"), "440112"),
        ("440102", ("东山区",), "440104"),
        ("440107", ("芳村区",), "440103"),
        ("440181", ("番禺市",), "440113"),
        ("440182", ("花都市",), "440114"),
        ("440681", ("顺德市", "顺德县"), "440606"),
        ("440682", ("南海市",), "440605"),
        ("440683", ("三水市",), "440607"),
        ("440684", ("高明市",), "440608"),
        ("440602", ("佛山市城区",), "440604"),
        ("440603", ("石湾区",), "440604"),
        ("440782", ("新会市",), "440705"),
        ("440421", ("斗门县",), "440403"),
        ("440583", ("澄海市",), "440515"),
        ("440508", ("金园区",), "440511"),
        ("440509", ("升平区",), "440511"),
        ("440506", ("达濠区",), "440512"),
        ("440510", ("河浦区",), "440512"),
        ("441381", ("惠阳市",), "441303"),
        ("441283", ("高要市",), "441204"),
        ("441827", ("清新县",), "441803"),
        ("440221", ("曲江县",), "440205"),
        ("440202", ("北江区",), "440204"),
        ("440923", ("电白县",), "440904"),
        ("440903", ("茂港区",), "440904"),
        ("441723", ("阳东县",), "441704"),
        ("445323", ("云安县",), "445303"),
        ("445121", ("潮安县",), "445103"),
        ("445221", ("揭东县",), "445203"),
        ("441421", ("梅县",), "441403"),
    ],
)
def test_what_was_dissolved(old: str, names: tuple[str, ...], now: str) -> None:
    """Refused with the region of today; where a part of it went elsewhere, that is said too."""
    for written in (old, f"{old} {names[0]}", *names):
        told = refusal(written)
        assert f"现为 {now}（" in told
        assert f"请改填 {now}" in told
    named = set(re.findall(r"\d{6}", refusal(old))) - {old}
    former = next(each for each in reference().former if each.code == old)
    assert named == {now, *former.parts}


def test_what_was_divided_suggests_nothing() -> None:
    for written in ("440582", "潮阳市", "汕头市潮阳市"):
        told = refusal(written)
        assert "440513（汕头市潮阳区）、440514（汕头市潮南区）" in told
        assert "请改填" not in told
        assert "是否指" not in told


def test_the_table_leads_to_regions_of_today() -> None:
    known = reference().regions
    for former in reference().former:
        assert former.code not in known
        assert former.now
        assert {known[code].level for code in (*former.now, *former.parts)} <= {"county", "city"}
        assert not set(former.now) & set(former.parts)
        assert former.code == "" or {code[:3] for code in former.now} <= {"440", "441", "442", "445"}
    codes = [former.code for former in reference().former if former.code]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("wrong", ["440185", "440999", "441285", "44018", "4401840", "110105", "445399"])
def test_nothing_is_guessed_from_digits(wrong: str) -> None:
    told = refusal(wrong)
    assert "是否指" not in told
    assert set(re.findall(r"\d{6,}", told)) <= {wrong, "440104"}  # the example


def test_every_region_in_every_way() -> None:
    data = reference()
    for code, region in data.regions.items():
        if region.level == "province":
            continue
        path = data.region_path(code)
        city = data.regions[region.parent].name if region.level == "county" else region.name
        county = region.name if region.level == "county" else ""
        for written in (
            code, f"{code} {path}", path, path.replace("-", ""), path.replace("-", "/"), f"{city}{county}",
            f"{city.removesuffix('市')}{county}", f"{code}000000", f"{code}{city}{county}", f"（{code}）{city}{county}",
        ):  # fmt: skip
            assert understood_region(written) == code, written


@pytest.mark.parametrize("between", [";", "；", "、", "，", ",", "|", "\n", " ; "])
def test_several_in_one_cell(between: str) -> None:
    assert understood_regions(between.join(("440100", "佛山市", "440104 广州市越秀区"))) == ("440100", "440600", "440104")


def test_what_is_no_region_is_not_repeated() -> None:
    for secret in ("李波宏", "13800138000", "138-0013-8000", "欧阳小娜 13800138000"):
        assert not set(secret) & set(refusal(secret)) - set("0138- 440104")
