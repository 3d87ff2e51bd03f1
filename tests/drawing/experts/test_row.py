"""One row: what is taken, and what is said about what is not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing.experts.identity import check_character, id_card_fault, mask, shown
from drawing.experts.row import ExpertRow, FormerUnit, check_row, columns_table

TODAY = date(2026, 11, 30)
GOOD = {
    "姓名": "张三",
    "证件号": "11010519491231002X",
    "手机号码": "18080808080",
    "常驻地": "440104",
    "意愿评标区": "440100;佛山市",
    "专业": "A0801;A080201",
    "职称等级": "副高级",
    "执业资格": "",
    "所属行业主管部门": "住房城乡建设",
    "工作单位": "某某设计院有限公司",
    "曾任职单位": "",
    "暂停": "",
}


def card(seventeen: str) -> str:
    """A 证件号 with its check character."""
    return seventeen + check_character(seventeen)


def faults(**changes: str) -> dict[str, str]:
    checked = check_row({**GOOD, **changes}, TODAY)
    assert not isinstance(checked, ExpertRow), "it was taken"
    return dict(checked)


def taken(**changes: str) -> ExpertRow:
    checked = check_row({**GOOD, **changes}, TODAY)
    assert isinstance(checked, ExpertRow), checked
    return checked


def test_a_good_row() -> None:
    row = taken()
    assert (row.name, row.residence, row.willing) == ("张三", "440104", ("440100", "440600"))
    assert (row.specialties, row.qualifications, row.suspended) == (("A0801", "A080201"), (), False)


@pytest.mark.parametrize("text", ["440104", "广州市越秀区", "广东省-广州市-越秀区", "广东省/广州市/越秀区", "越秀区"])
def test_ways_to_write_a_region(text: str) -> None:
    assert taken(常驻地=text).residence == "440104"


def test_what_is_taken_besides() -> None:
    assert taken(证件号="11010519491231002x").id_card == "11010519491231002X"
    for written in ("+86 180 8080 8080", "0086-180-8080-8080", "１８０８０８０８０８０", "018080808080", "18080808080_x000D_"):
        assert taken(手机号码=written).phone == "18080808080"
    assert taken(姓名="阿卜杜拉·买买提").name == "阿卜杜拉·买买提"
    assert taken(姓名="𠮷田").name == "𠮷田"
    assert taken(姓名="Mary O'Neil").name == "Mary O'Neil"
    assert taken(专业="a0801；A0801; ").specialties == ("A0801",)
    assert taken(执业资格="咨询工程师(投资)").qualifications == ("咨询工程师（投资）",)
    assert taken(暂停="是").suspended
    assert taken(暂停=" 是 ").suspended


@pytest.mark.parametrize(
    "written", ["11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "110105-19491231-002×", "110105 19491231 002X"]
)
def test_ways_to_write_a_证件号(written: str) -> None:
    assert taken(证件号=written).id_card == "11010519491231002X"


def test_ages() -> None:
    """On the eighteenth birthday, and not a day before."""
    assert taken(证件号=card("44010420081130123")).id_card


@pytest.mark.parametrize(
    "written",
    [
        "甲公司@2025-06-30;乙@丙公司@2024-02-29", "甲公司@2025年6月30日、乙@丙公司@2024/2/29",
        "甲公司＠2025.6.30；乙@丙公司@20240229",
        "甲公司@2025-06-30 00:00:00\n乙@丙公司@2024-02-29", "甲公司@２０２５－０６－３０，乙@丙公司@2024-02-29",
    ],
)  # fmt: skip
def test_ways_to_write_former_units(written: str) -> None:
    former = taken(曾任职单位=written).former_units
    assert former == (FormerUnit("甲公司", date(2025, 6, 30)), FormerUnit("乙@丙公司", date(2024, 2, 29)))


@pytest.mark.parametrize("between", [";", "；", "、", "，", " ", "\n"])
def test_several_qualifications(between: str) -> None:
    assert taken(执业资格=f"一级造价工程师{between}注册监理工程师").qualifications == ("一级造价工程师", "注册监理工程师")


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("姓名", "", "不能为空"),
        ("姓名", "张", "2 至 30 个字"),
        ("姓名", "张3", "第 2 个字符“3”（U+0033）是数字"),
        ("姓名", "张三（总工）", "U+FF08"),
        ("证件号", "", "不能为空"),
        ("证件号", "110105194912310021", "校验码"),
        ("证件号", "11010519491331002X", "出生日期"),
        ("证件号", "99010519491231002X", "省级"),
        ("证件号", "1101051949123100", "现为 16 个字符"),
        ("证件号", "440104209901011234", "在将来"),
        ("证件号", card("44010420261201123"), "在将来"),
        ("证件号", card("44010420081201123"), "未满 18 周岁"),
        ("手机号码", "1808080808", "11 位"),
        ("手机号码", "12080808080", "13 至 19"),
        ("手机号码", "14000138000", "以 140 开头的不是个人手机号码"),
        ("手机号码", "14600138000", "以 146 开头的不是个人手机号码"),
        ("手机号码", "020-83186888", "不能填写固定电话"),
        ("手机号码", "+85261234567", "香港"),
        ("手机号码", "18080808080转1", "分机"),
        ("手机号码", "18080808080/18080808081", "只能填写一个"),
        ("手机号码", "1808O808080", "第 5 个字符“O”（U+004F）"),
        ("常驻地", "440000", "440000 是全省"),
        ("常驻地", "440101", "“市辖区”的汇总代码"),
        ("常驻地", "440104 广州市天河区", "代码 440104 是广州市越秀区，与所写的名称不符"),
        ("常驻地", "城区", "请连同所在的市一起写，如 汕尾市城区"),
        ("常驻地", "广州市越秀県", "是否指“广州市越秀区”"),
        ("常驻地", "", "不能为空"),
        ("意愿评标区", "440100;110000", "第 2 项：110000 不是广东省"),
        ("意愿评标区", "广州市、从化市", "第 2 项：440184（从化市）"),
        ("专业", "", "不能为空"),
        ("专业", ";", "至少填 1 项"),
        ("专业", "A", "没有《公共资源交易评标专家专业分类标准》的专业代码"),
        ("专业", "A9999", "不是《公共资源交易评标专家专业分类标准》的专业代码"),
        ("专业", "A01、A9999", "第 2 项不是"),
        ("专业", "AO8", "是否指“A08”"),
        ("专业", "A08规划", "代码 A08 是“工程施工”，与所写的名称不符"),
        ("专业", "工程施工", "请填专业代码：A08 工程施工"),
        ("职称等级", "高级", "可填：正高级、副高级"),
        ("职称等级", "全部", "可填"),
        ("执业资格", "注册监理师", "是否指“注册监理工程师”"),
        ("所属行业主管部门", "住建", "不在所属行业主管部门中"),
        ("工作单位", "", "不能为空"),
        ("工作单位", "甲\n乙", "有换行"),
        ("曾任职单位", "甲公司", "单位全称@离职日期"),
        ("曾任职单位", "甲公司@2025-02-30", "日历上没有 2025年2月30日"),
        ("曾任职单位", "甲公司@2025年", "“@”后的离职日期不对：应为日期"),
        ("曾任职单位", "甲公司@0001-01-01", "过早"),
        ("曾任职单位", "甲公司@1962-12-31", "过早"),
        ("曾任职单位", "甲公司@2199-01-01", "在将来"),
        ("曾任职单位", "甲公司@2025-06-30;乙公司@2026-12-01", "在将来"),
        ("暂停", "no", "应为 是 或 否"),
    ],
)
def test_what_is_refused(column: str, value: str, reason: str) -> None:
    found = faults(**{column: value})
    assert list(found) == [column]
    assert reason in found[column]
    assert re.search(r"[\u4e00-\u9fff]", found[column])


def test_all_faults_at_once() -> None:
    assert set(faults(姓名="", 手机号码="1", 暂停="也许")) == {"姓名", "手机号码", "暂停"}


@given(st.dictionaries(st.sampled_from(ExpertRow.header()), st.text(max_size=40)))
def test_no_text_breaks_it(changes: dict[str, str]) -> None:
    checked = check_row({**GOOD, **changes}, TODAY)
    if not isinstance(checked, ExpertRow):
        assert all(reason for _, reason in checked)


@given(st.integers(0, 10**17 - 1).map("{:017d}".format))
def test_the_check_character_is_the_standards(seventeen: str) -> None:
    """ISO 7064, MOD 11-2: the weighted sum with the check character (X is 10) leaves 1."""
    check = check_character(seventeen)
    values = [int(digit) for digit in seventeen] + [10 if check == "X" else int(check)]
    assert sum(value * 2 ** (17 - place) for place, value in enumerate(values)) % 11 == 1


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, shift: int) -> None:
    number = "11010519491231002X"
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert id_card_fault(wrong)


def test_numbers_are_masked_wherever_they_stand() -> None:
    assert mask("18080808080") == "180******80"
    assert "8080808" not in shown("张三18080808080")
    assert "0519491231" not in shown("11010519491231002X")
    assert "8080" not in faults(常驻地="180-8080-8080")["常驻地"]
    assert "8080808" not in faults(手机号码="180808080801")["手机号码"]


def test_the_page_shows_the_models_columns() -> None:
    page = Path(__file__).parents[3] / "docs" / "pool-import.md"
    assert columns_table() in page.read_text(encoding="utf-8")
