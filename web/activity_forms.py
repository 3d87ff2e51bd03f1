"""The forms of projects and activities, in the manual's words and with its notes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from drawing.avoiding import PERSON_REASONS, UNIT_REASONS
from drawing.planning import NOTE_LENGTH
from drawing.reference import AUTHORITIES, QUALIFICATIONS, TITLES, reference
from ivr.speech.free_text import unspoken
from web import options
from web.forms import Form, Moment, Upload
from web.matching import (
    avoided_card,
    certificate,
    credit_code,
    own_phone,
    person_name,
    public_phone,
    tenderer_code,
    unit_name,
)
from web.understanding import Kind

YesNo = Literal["yes", "no"]


class DrawProject(Form):
    """项目信息 as 新建抽取 asks for it: 招标组织形式 and 招标代理机构 may wait."""

    name: Annotated[str, Field(title="招标项目名称", max_length=200)]
    code: Annotated[
        str,
        Field(
            title="招标项目编号",
            max_length=60,
            description="一般为 20 位。注：新建项目如无编号则不需要填写，"
            "进场项目按照各公共资源交易平台运行服务机构的要求进行填写",
        ),
        Kind.CODE,
    ] = ""
    kind: Annotated[str, Field(title="招标项目类型"), options.one_of(options.kinds)]
    region: Annotated[str, Field(title="项目所在地"), options.one_of(options.regions)]
    funding: Annotated[str, Field(title="资金来源"), options.from_codes(options.FUNDING)]
    approval: Annotated[str, Field(title="项目审批文号", max_length=100)] = ""
    method: Annotated[str, Field(title="招标方式"), options.from_codes(options.METHODS)]
    organisation: Annotated[
        str, Field(title="招标组织形式"), options.one_of(lambda: _optional(options.ORGANISATIONS))
    ] = ""
    tenderer_kind: Annotated[str, Field(title="招标人类别"), options.from_codes(options.TENDERERS)]
    investment: Annotated[Decimal, Field(title="项目投资总额（万元）", ge=0, max_digits=16, decimal_places=4)]
    investment_code: Annotated[
        str,
        Field(title="投资项目统一代码", max_length=60, description="投资项目统一代码为投资项目审批监管平台的代码"),
        Kind.CODE,
    ] = ""
    tenderer: Annotated[str, Field(title="招标人名称", max_length=100), unit_name("招标人名称")]
    tenderer_code: Annotated[
        str,
        Field(title="招标人统一社会信用代码", max_length=30, description="如是部队等填内部代码"),
        tenderer_code("招标人统一社会信用代码"),
    ]
    agency: Annotated[str, Field(title="招标代理机构", max_length=100), unit_name("招标代理机构")] = ""
    agency_code: Annotated[
        str,
        Field(title="招标代理机构统一社会信用代码", max_length=30),
        credit_code("招标代理机构统一社会信用代码"),
    ] = ""
    contact_phone: Annotated[
        str, Field(title="项目联系方式", description="电话号码，如 18080808080 或 020-83180000"), public_phone()
    ]
    contact: Annotated[str, Field(title="项目联系人", max_length=30)]


class NewProject(DrawProject):
    """招标项目信息 as 新建项目 asks for it."""

    organisation: Annotated[str, Field(title="招标组织形式"), options.from_codes(options.ORGANISATIONS)]
    agency: Annotated[
        str,
        Field(title="招标代理机构", max_length=100, description="自行招标的不需要填写"),
        unit_name("招标代理机构"),
    ] = ""

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        if known.get("organisation", options.SELF_ORGANISED) != options.SELF_ORGANISED and known.get("agency") == "":
            return {"agency": "委托招标的请填写招标代理机构。"}
        return {}


class LotForm(Form):
    """新增标段."""

    name: Annotated[str, Field(title="标段名称", max_length=100)]
    code: Annotated[str, Field(title="标段编号", max_length=60), Kind.CODE] = ""
    investment: Annotated[
        Decimal | None, Field(title="标段投资额（万元）", ge=0, max_digits=16, decimal_places=4)
    ] = None


class DraftForm(Form):
    """活动信息. 监督人员 come as rows of their own, beside the model."""

    beside: ClassVar = {
        "supervisor_name": "监督人员姓名", "supervisor_phone": "监督人员电话", "supervisor_department": "监督人员部门",
    }  # fmt: skip

    lots: Annotated[list[str], Field(title="标段")] = []  # noqa: RUF012
    name: Annotated[
        str, Field(title="活动名称", max_length=200, description="不填写时为“项目名称(标段/标段)”")
    ] = ""
    media: Annotated[str, Field(title="公告发布媒体"), options.from_codes(options.MEDIA)]
    bid_opening: Annotated[Moment, Field(title="开标时间")]
    seats: Annotated[
        int,
        Field(
            title="拟抽取专家人数",
            ge=1,
            le=9999,
            description="注：为实际抽取专家人数，如评标委员会由5人组成，省专家库中抽取专家4人，则所需专家人数填4人。",
        ),
    ]
    district: Annotated[str, Field(title="开标地点"), options.one_of(options.regions)]
    evaluation_start: Annotated[
        Moment, Field(title="预计评标开始时间", description="开标时间 < 预计评标开始时间 < 预计评标结束时间")
    ]
    evaluation_end: Annotated[Moment, Field(title="预计评标结束时间")]
    on_site: Annotated[
        YesNo,
        Field(
            title="是否进场项目",
            description="填写否，将按照预计评标结束时间结束项目；填写是，需对应的进场场所完成专家进出场登记以结束项目。",
        ),
    ]
    drawn_before: Annotated[
        YesNo, Field(title="是否已抽取专家", description="选择是后需勾选前期抽取完成的活动，其专家回避本次抽取。")
    ] = "no"
    earlier: Annotated[list[str], Field(title="前期抽取完成的活动")] = []  # noqa: RUF012
    remark: Annotated[str, Field(title="备注", max_length=500)] = ""
    clerk_name: Annotated[
        str,
        Field(
            title="经办人",
            max_length=30,
            description="注：非进场项目为抽取专家的招标代理机构经办人或项目业主经办人的姓名，"
            "进场项目按照公共资源交易平台运行服务机构的要求进行填写。",
        ),
    ]
    clerk_phone: Annotated[
        str, Field(title="经办人电话", description="电话号码，如 18080808080 或 020-83180000"), own_phone()
    ]
    clerk_id_card: Annotated[
        str, Field(title="经办人证件号", max_length=60, description="身份证等证件的号码，数字和字母"), certificate("经办人证件号")
    ]


class UnitForm(Form):
    """新增回避单位."""

    unit: Annotated[
        str,
        Field(title="单位名称", max_length=100, description="填一个单位的全称；不计空格、全角半角、大小写和看不见的字符"),
        unit_name("单位名称"),
    ]
    code: Annotated[
        str,
        Field(
            title="统一社会信用代码",
            max_length=30,
            description="供审核时核对。专家库中专家的工作单位没有代码，回避按单位名称匹配",
        ),
        credit_code("统一社会信用代码"),
    ] = ""
    reason: Annotated[str, Field(title="回避原因"), options.one_of(lambda: options.reasons(UNIT_REASONS))]


class PersonForm(Form):
    """新增回避人员."""

    person: Annotated[
        str,
        Field(title="姓名", max_length=60, description="只填一个人的姓名；少数民族姓名中间用“·”"),
        person_name("姓名"),
    ]
    id_card: Annotated[
        str, Field(title="证件号", max_length=60, description="不填写时，同名专家全部回避"), avoided_card("证件号")
    ] = ""
    reason: Annotated[str, Field(title="回避原因"), options.one_of(lambda: options.reasons(PERSON_REASONS))]


class AvoidanceFile(Form):
    """批量导入."""

    file: Annotated[
        Upload, Field(title="文件", description="按模板填写的 Excel 文件；有一行不合格则全部不导入，已在列表中的不重复添加。")
    ]


TIPS = ("请携带身份证原件", "请提前到场", "请勿携带手机进入评标室", "场所禁止吸烟")
"""快捷提示 for 注意事项."""


class NoticeForm(Form):
    """语音通知."""

    venue: Annotated[
        str,
        Field(
            title="评标场所",
            description="请选择通知专家集合的场所，如非交易中心场所，选择“其他”并填写集合地点信息。",
        ),
        options.one_of(lambda: options.names(options.VENUES)),
    ]
    district: Annotated[
        str,
        Field(title="所在市、区", description="专家同意参评前只听到市和区"),
        options.one_of(options.counties),
    ]
    address: Annotated[
        str,
        Field(
            title="评标地点/专家集合地点",
            max_length=100,
            description="填写具体地址但不能出现单位的具体名称，注意填写到具体的市+区+详细地址名称，如XX市XX区XX路XXXX。",
        ),
    ]
    room: Annotated[str, Field(title="评标室", max_length=30)] = ""
    gather_at: Annotated[Moment, Field(title="集合时间")]
    contact: Annotated[str, Field(title="联系人", max_length=20)]
    contact_phone: Annotated[
        str,
        Field(
            title="联系方式",
            description="电话号码，如 18080808080 或 020-83180000，不带分机号。"
            "注：非进场项目联系人、联系电话填写项目业主监督人的姓名和电话，"
            "进场项目联系人按照各公共资源交易平台运行服务机构的管理制度规则进行填写。",
        ),
        public_phone(),
    ]
    note: Annotated[str, Field(title="注意事项", max_length=NOTE_LENGTH, description=f"最多 {NOTE_LENGTH} 个字")] = ""

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        mute = {name: unspoken(known[name]) for name in ("address", "room", "contact", "note") if name in known}
        return {name: f"电话语音不能读出{'、'.join(signs)}，请去掉或改写。" for name, signs in mute.items() if signs}


class ConditionForm(Form):
    """抽取条件."""

    mode: Annotated[Literal["residence", "willing"], Field(title="抽取地区模式")]
    regions: Annotated[
        list[str], Field(title="地区", min_length=1, max_length=40), options.some_of(lambda: reference().regions)
    ]
    main: Annotated[
        list[str], Field(title="主专业", min_length=1, max_length=40), options.some_of(options.specialties)
    ]
    backup: Annotated[
        list[str],
        Field(title="备选专业", max_length=40, description="主专业抽取后专家资源不足时，将从备选专业中抽取专家。"),
        options.some_of(options.specialties),
    ] = []  # noqa: RUF012
    titles: Annotated[
        list[str], Field(title="职称等级", description="不选择即为全部"), options.from_expert_names(TITLES)
    ] = []  # noqa: RUF012
    qualifications: Annotated[
        list[str], Field(title="执业资格", description="不选择即为全部"), options.from_expert_names(QUALIFICATIONS)
    ] = []  # noqa: RUF012
    authorities: Annotated[
        list[str], Field(title="所属行业主管部门", description="不选择即为全部"), options.from_expert_names(AUTHORITIES)
    ] = []  # noqa: RUF012
    seats: Annotated[int, Field(title="条件计划抽取人数", ge=1, le=9999)]

    @classmethod
    def across(cls, known: Mapping[str, Any]) -> Mapping[str, str]:
        if both := set(known.get("main", ())) & set(known.get("backup", ())):
            return {"backup": f"{options.specialties_said(sorted(both))} 已在主专业中，请从备选专业中去掉。"}
        return {}


class SubmissionForm(Form):
    """抽取申请."""

    reason: Annotated[str, Field(title="提交审核原因", max_length=500)]
    terminal: Annotated[str, Field(title="选择提交终端"), options.from_codes(options.TERMINALS)]


def _optional(list_name: str) -> tuple[options.Pair, ...]:
    return (("", ""), *options.codes(list_name))
