"""Words for what is stored as a code or counted by a machine: no page says `system`, `masked_call` or `Bytes`."""

from __future__ import annotations

import re

from drawing import masked, recordings
from drawing.lifecycle import Act, Role

_ACTS = {each.value: each.label for each in Act} | {masked.ACT: "虚拟呼叫"}
_EVIDENCE = {"public": "公开", "supervisor": "监督"}
_WITH_HASH = frozenset({recordings.KEPT, recordings.ERASED})
_CALL = re.compile(r"\bel[0-9a-f]{32}\b")
_HASH = re.compile(r"\b([0-9a-f]{16})[0-9a-f]{48}\b")


def act(stored: str) -> str:
    """操作: what the transition table does is stored by its code.

    >>> act("start"), act("masked_call"), act("上传附件")
    ('启动抽取', '虚拟呼叫', '上传附件')
    """
    return _ACTS.get(stored, stored)


def actor(stored: str) -> str:
    """操作人员; what nobody did is the system's doing.

    >>> actor("system"), actor("张经办（handler-a1）")
    ('系统', '张经办（handler-a1）')
    """
    return Role.SYSTEM.label if stored == Role.SYSTEM.value else stored


def remark(stored: str, of: str) -> str:
    """备注 of an operation; calls and hashes, by which others look things up, are named as what they are.

    >>> remark("el" + "0" * 32, "masked_call")
    '通话编号 00000000000000000000000000000000'
    >>> remark("el" + "0" * 32 + " " + "a" * 64, "保存通话录音")
    '通话编号 00000000000000000000000000000000，录音指纹 aaaaaaaaaaaaaaaa…'
    >>> remark("public", "下载证据"), remark("导入 3 行", "导入回避单位"), remark("", "start")
    ('公开', '导入 3 行', '')
    """
    if of == "下载证据":
        return _EVIDENCE.get(stored, stored)
    text = _CALL.sub(lambda found: f"通话编号 {found[0][2:]}", stored)
    return _HASH.sub(r"，录音指纹 \1…", text).replace(" ，", "，") if of in _WITH_HASH else text


def size(count: int) -> str:
    """Of a file, as file managers show it.

    >>> size(0), size(1023), size(1024), size(1536), size(10 << 20), size(3 << 30)
    ('0 字节', '1023 字节', '1 KB', '1.5 KB', '10 MB', '3072 MB')
    """
    if count < 1024:
        return f"{count} 字节"
    amount, unit = (count / 1024, "KB") if count < 1 << 20 else (count / (1 << 20), "MB")
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
