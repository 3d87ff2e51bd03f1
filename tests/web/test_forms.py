"""Forms: what is wrong is said in Chinese at its field, and nothing that was typed is lost."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import aiohttp
import pytest
from pydantic import Field, ValidationError, field_validator

from tests.web.conftest import Visitor
from web.forms import Filled, Form, Moment, Upload, again, blank, errors_of, filled
from web.times import CHINA

Visit = Callable[..., Awaitable[Visitor]]
RIGHT: dict[str, Any] = {
    "name": "某项目",
    "amount": "1200.50",
    "seats": "5",
    "opens": "2026-11-25T09:30",
    "starts": "2026-11-25T14:00",
    "kind": "A",
    "on_site": "yes",
    "specialties": ["A01", "B01"],
}


class Colour(StrEnum):
    RED = "red"


class Everything(Form):
    text: Annotated[str, Field(title="名称", min_length=2, max_length=4)] = "名称"
    code: Annotated[str, Field(title="编码", pattern=r"^\d+$")] = "1"
    whole: Annotated[int, Field(title="人数", ge=1, le=9)] = 1
    more: Annotated[int, Field(title="倍数", gt=0, lt=9, multiple_of=2)] = 2
    amount: Annotated[Decimal, Field(title="金额", max_digits=5, decimal_places=2)] = Decimal(1)
    share: Annotated[float, Field(title="比例")] = 0.5
    at: Annotated[Moment | None, Field(title="时间")] = None
    day: Annotated[Any, Field(title="日期")] = None
    kind: Annotated[Literal["a", "b"], Field(title="类型")] = "a"
    colour: Annotated[Colour, Field(title="颜色")] = Colour.RED
    yes: Annotated[bool, Field(title="是否")] = False
    many: Annotated[list[str], Field(title="专业", min_length=1, max_length=2, default_factory=list)]
    file: Annotated[Upload | None, Field(title="附件")] = None

    @field_validator("day")
    @classmethod
    def _day(cls, value: object) -> object:
        if value == "bad":
            raise ValueError("日期不在允许范围内。")
        return value


class Needed(Form):
    name: Annotated[str, Field(title="名称")]
    many: Annotated[list[str], Field(title="专业")]


def told(model: type[Form], **values: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(values)
    return errors_of(model, refused.value)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "一", "名称至少 2 个字。"),
        ("text", "一二三四五", "名称最多 4 个字，现有 5 个。"),
        ("code", "x", "编码的格式不正确，请按提示填写。"),
        ("whole", "0", "人数不能小于 1。"),
        ("whole", "10", "人数不能大于 9。"),
        ("whole", "二", "人数应为整数，例如 5。"),
        ("whole", "1.5", "人数应为整数，例如 5。"),
        ("more", "0", "倍数应大于 0。"),
        ("more", "10", "倍数应小于 9。"),
        ("more", "3", "倍数应为 2 的倍数。"),
        ("amount", "x", "金额应为数字，例如 1200.5。"),
        ("amount", "1.234", "金额最多保留 2 位小数。"),
        ("amount", "123456", "金额的数字过大。"),
        ("amount", "NaN", "金额应为数字，例如 1200.5。"),
        ("share", "x", "比例应为数字，例如 1200.5。"),
        ("at", "明天", "时间应为日期和时间，例如 2026-11-25 09:30。"),
        ("day", "bad", "日期不在允许范围内。"),
        ("kind", "c", "类型的选项无效，请从列表中选择。"),
        ("colour", "blue", "颜色的选项无效，请从列表中选择。"),
        ("yes", "也许", "是否请选择是或否。"),
        ("many", [], "请选择专业。"),
        ("many", ["a", "b", "c"], "专业最多选择 2 项。"),
        ("file", "text", "附件请选择文件。"),
    ],
)
def test_each_error_is_a_chinese_sentence(field: str, value: object, sentence: str) -> None:
    assert told(Everything, **{field: value}) == {field: sentence}


def test_what_is_missing_is_asked_for() -> None:
    assert told(Needed) == {"name": "请填写名称。", "many": "请选择专业。"}


def test_a_moment_is_chinas() -> None:
    form = Everything.model_validate({"at": "2026-11-25T09:30"})
    assert form.at == datetime(2026, 11, 25, 9, 30, tzinfo=CHINA)
    assert filled(form).value("at") == "2026-11-25T09:30"


def test_a_form_that_others_refuse_is_shown_as_it_was() -> None:
    shown = again(Everything.model_validate({"many": ["a", "b"]}), code="已有相同编码。")
    assert (shown.status, shown.error("code"), shown.chosen("many")) == (422, "已有相同编码。", ["a", "b"])
    assert shown.also(text="太短。").errors == {"code": "已有相同编码。", "text": "太短。"}


def test_labels_and_asterisks_are_the_models() -> None:
    form: Filled = blank(Everything)
    assert (form.label("whole"), form.required("whole"), blank(Needed).required("name")) == ("人数", False, True)
    assert form.limit("text", "max_length") == 4


@pytest.mark.postgres
async def test_a_right_form_is_taken_in_and_told_once(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    response = await visitor.post("/samples", **RIGHT)
    assert (response.status, response.headers["Location"]) == (303, "/samples")
    assert "已收到“某项目”，选择了 2 个专业" in await visitor.text("/samples")
    assert "已收到" not in await visitor.text("/samples")


@pytest.mark.postgres
async def test_a_wrong_form_keeps_everything_and_says_what_is_wrong_twice(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    wrong = {**RIGHT, "seats": "许多", "name": '<i>"某项目', "kind": "", "note": "备注"}
    response = await visitor.post("/samples", **wrong)
    text = await response.text()
    assert response.status == 422
    assert 'value="&lt;i&gt;&#34;某项目"' in text
    assert 'value="许多"' in text
    assert ">\n备注</textarea>" in text
    assert re.search(r'name="specialties" value="A01" checked', text)
    assert re.search(r'name="on_site" value="yes" checked', text)
    assert text.count("拟抽取专家人数应为整数") == 2
    assert '<a href="#f-seats">' in text
    assert re.search(r'id="f-seats"[^>]* aria-describedby="f-seats-error "? aria-invalid="true"', text)
    assert "请选择项目类型" in text


@pytest.mark.postgres
async def test_times_out_of_order_are_told_at_the_field(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    response = await visitor.post("/samples", **{**RIGHT, "starts": "2026-11-25T09:30"})
    assert '<a href="#f-starts">预计评标开始应晚于开标时间。</a>' in await response.text()


@pytest.mark.postgres
async def test_a_filter_keeps_what_was_chosen_and_typed(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    fields: dict[str, Any] = {"name": "半个", "specialties": ["A01"], "specialties__group": "B01"}
    response = await visitor.post("/samples", _refresh="specialties", **fields)
    text = await response.text()
    assert response.status == 200
    assert 'value="半个"' in text
    assert 'name="specialties" value="A01" checked' in text
    assert 'name="specialties" value="B0101">' in text
    assert 'role="alert" tabindex' not in text


@pytest.mark.postgres
async def test_a_file_comes_with_the_form(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    await visitor.get("/samples")
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**RIGHT, "specialties": "A01", "_csrf": visitor.csrf}.items():
        data.add_field(name, value)
    data.add_field("file", b"rows", filename="a.csv")
    assert (await visitor.client.post("/samples", data=data, allow_redirects=False)).status == 303


@pytest.mark.postgres
async def test_a_file_field_may_stay_empty(visit: Visit) -> None:
    """As browsers send it: filename="" and application/octet-stream."""
    visitor = await visit("handler-a1")
    await visitor.get("/samples")
    parts = [("_csrf", visitor.csrf), *((name, value) for name, value in RIGHT.items() if name != "specialties")]
    text = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts)
    empty = 'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream'
    body = f"{text}--b\r\n{empty}\r\n\r\n\r\n--b--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await visitor.client.post("/samples", data=body, headers=headers)
    told = await response.text()
    assert (response.status, "请选择评标专业" in told, "附件请选择" in told) == (422, True, False)


class Page(HTMLParser):
    """What a page must be for everybody: unique ids, labelled inputs, closed tags, nothing from elsewhere."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.references: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.references += (found.get("aria-describedby") or "").split() + (found.get("aria-labelledby") or "").split()
        if tag == "label" and found.get("for"):
            self.labelled.add(found["for"] or "")
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.inputs.append({**found, "in label": "yes" if "label" in self.open else None})
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        assert "style" not in found, "the policy allows no style attribute"
        assert not any(name.startswith("on") for name in found), "the policy allows no inline script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def check(self) -> None:
        """Raise on the first thing that is wrong."""
        assert len(self.ids) == len(set(self.ids)), "ids are unique"
        assert [each for each in self.inputs if not each["in label"] and each.get("id") not in self.labelled] == []
        assert [each for each in self.references if each not in self.ids] == []
        assert self.headings.count("h1") == 1


@pytest.mark.postgres
@pytest.mark.parametrize("path", ["/", "/login", "/status", "/samples", "/operations", "/operations/1", "/nowhere"])
async def test_pages_are_well_formed(visit: Visit, path: str) -> None:
    visitor = await visit("administrator-1")
    Page(await (await visitor.get(path)).text()).check()


@pytest.mark.postgres
async def test_a_refused_form_is_well_formed(visit: Visit) -> None:
    visitor = await visit("handler-a1")
    Page(await (await visitor.post("/samples", name="x" * 60)).text()).check()
