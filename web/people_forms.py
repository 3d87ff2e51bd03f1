"""People in forms: their telephones, 监督人员 and 监督人 as rows; what a reviewer decides."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from web.forms import Form
from web.matching import own_phone
from web.options import one_of
from web.understanding import Kind

LANGUAGES = (("cmn", "普通话"), ("yue", "粤语"), ("en", "英语"))


class SupervisionRow(Form):
    """One of 监督人员."""

    supervisor_name: Annotated[str, Field(title="姓名", max_length=30)]
    supervisor_phone: Annotated[str, Field(title="电话"), own_phone()]
    supervisor_department: Annotated[str, Field(title="部门", max_length=60)]


class SupervisorForm(Form):
    """A 监督人 in the terminal's register; whether the telephone may be called, the rules say."""

    name: Annotated[str, Field(title="姓名", max_length=30)]
    unit: Annotated[str, Field(title="单位", max_length=60)]
    phone: Annotated[
        str, Field(title="电话", description="监督人本人的电话。登记或变更后系统呼叫此号码核验，核验通过才能见证。"), own_phone()
    ]
    language: Annotated[
        str, Field(title="核验电话的语言"), one_of(lambda: LANGUAGES)
    ] = "cmn"


class NewSupervisorForm(SupervisorForm):
    """The same with whose registration it is, which stays."""

    account: Annotated[str, Field(title="账号", description="监督人登录管理台的账号", max_length=60), Kind.CODE]


class WitnessesForm(Form):
    """Who of the register witnesses."""

    supervisor: Annotated[int | None, Field(title="监督人", description="先呼叫此人", ge=1, le=2**63 - 1)] = None
    standby: Annotated[
        int | None, Field(title="候补监督人", description="监督人按规定次数呼叫不到时呼叫此人", ge=1, le=2**63 - 1)
    ] = None


class ReplacementForm(WitnessesForm):
    """更换监督人."""

    reason: Annotated[str, Field(title="更换原因", max_length=200)]


Application = Annotated[int, Field(title="申请", ge=1, le=2**63 - 1)]
"""The one that the reviewer has looked at."""


class ApprovalForm(WitnessesForm):
    """核验通过."""

    application: Application
    consent: Annotated[
        bool, Field(title="已知悉并同意：部分抽取条件的可抽人数低于规定比例", description="见上方各条件的预览")
    ] = False
    another: Annotated[list[str], Field(title="疑似相同的标段", max_length=200)] = []  # noqa: RUF012
    remark: Annotated[str, Field(title="审核意见", max_length=500)] = ""


class RejectionForm(Form):
    """核验不通过."""

    application: Application
    reason: Annotated[str, Field(title="不通过的原因", max_length=500)]
