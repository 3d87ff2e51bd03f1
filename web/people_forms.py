"""People in forms: their telephones, 监督人员 and 监督人 as rows; what a reviewer decides."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from web.forms import Form, Plain
from web.typed import plain

_DIGITS, _DIALLED = range(7, 21), frozenset("0123456789+() -")


def _dialled(value: object) -> object:
    if not isinstance(value, str):
        return value
    number = plain(value).strip()
    if sum(each.isdigit() for each in number) not in _DIGITS or set(number) - _DIALLED:
        raise ValueError("电话号码不正确，请填写手机号码或带区号的固定电话，如 18080808080 或 020-83180000。")
    return number


Phone = BeforeValidator(_dialled)
"""Annotated[str, Field(…), Phone]"""


class SupervisionRow(Form):
    """One of 监督人员."""

    supervisor_name: Annotated[str, Field(title="姓名", max_length=30)]
    supervisor_phone: Annotated[str, Field(title="电话"), Phone]
    supervisor_department: Annotated[str, Field(title="部门", max_length=60)]


class WitnessRow(Form):
    """A 监督人 as the terminal registers them; whether their telephone may be called, the rules say."""

    witness_name: Annotated[str, Field(title="姓名", max_length=30)]
    witness_phone: Annotated[str, Field(title="电话", max_length=24), Plain]
    witness_account: Annotated[str, Field(title="监督人账号", max_length=60)] = ""


Application = Annotated[int, Field(title="申请", ge=1, le=2**63 - 1)]
"""The one that the reviewer has looked at."""


class ApprovalForm(Form):
    """核验通过. 监督人 come as rows of their own, beside the model."""

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
