"""Checks names.jsonl: the names that the result shows are those that the commit bound. No message repeats a name."""

from collections.abc import Mapping, Sequence
from typing import Any

from drawing.bodies import hex_hash, ordinal
from drawing.canonical import NotCanonical, read_canonical
from drawing.evidence_files import PERSONS, BadFile
from drawing.evidence_reader import Evidence
from drawing.pool import identity_hash
from drawing.replay import Replay
from drawing.report import Report
from drawing.verify_pool import Pool

_KEYS = {"draw", "id", "name", "unit", "salt1"}
Who = tuple[int, str]
"""A draw's number and a pool id."""


def check_names(evidence: Evidence, pools: Sequence[Pool], replay: Replay, report: Report) -> None:
    """Whether the names are there exactly where they must be, and are the bound ones. Raises BadFile."""
    shown = [pool for pool in pools if pool.unsealed and pool.size]
    supervisor = bool(shown) and all(pool.whole for pool in shown)
    bound = any(pool.commit.facts is not None for pool in shown)
    if PERSONS not in evidence.names:
        if supervisor and bound:
            raise BadFile(f"缺少文件 {PERSONS}（监督形式的证据须有名单）")
        return
    if not supervisor:
        raise BadFile(f"不应有文件 {PERSONS}：名单只属于已解密的监督形式证据")
    found = list(_read(evidence, {pool.commit.draw: pool for pool in pools}))
    _check_complete(found, replay, report)


def _read(evidence: Evidence, pools: Mapping[int, Pool]) -> Sequence[Who]:
    found: list[Who] = []
    for number, line in enumerate(evidence.lines(PERSONS), start=1):
        try:
            who = _check_line(read_canonical(line), pools)
        except NotCanonical as error:
            raise BadFile(f"{PERSONS} 第 {number} 行：不是规范的 JSON") from error
        except ValueError as error:
            raise BadFile(f"{PERSONS} 第 {number} 行：{error}") from error
        if found and who <= found[-1]:
            raise BadFile(f"{PERSONS} 第 {number} 行：未按抽取次序和编号升序，或有重复")
        found.append(who)
    return found


def _check_line(value: Any, pools: Mapping[int, Pool]) -> Who:
    """Raises ValueError; what it says repeats nothing of the line."""
    if not isinstance(value, dict) or set(value) != _KEYS:
        raise ValueError("字段不全或多余")
    texts = [value[key] for key in sorted(_KEYS - {"draw"})]
    if not ordinal(value["draw"]) or not all(isinstance(each, str) for each in texts):
        raise ValueError("字段格式不符")
    if not hex_hash(value["salt1"] * 2):  # 32 digits
        raise ValueError("盐值不是 16 字节")
    bound = pools[value["draw"]].identities.get(value["id"]) if value["draw"] in pools else None
    if bound is None:
        raise ValueError("不是承诺所约束的、已同意参评的专家")
    if identity_hash(bytes.fromhex(value["salt1"]), value["name"], value["unit"]) != bound:
        raise ValueError("姓名和单位与承诺所约束的不符")
    return value["draw"], value["id"]


def _check_complete(found: Sequence[Who], replay: Replay, report: Report) -> None:
    """Who agreed, also those absent later; nobody of a draw that was force-ended, or of an activity that was, or was released."""
    named = {draw.commit.draw for draw in replay.draws if draw.unsealed and not draw.ended and draw.commit.facts is not None}
    agreed = sorted(
        (pick.draw, pick.placed.expert) for pick in replay.picks if pick.outcome == "accepted" and pick.draw in named
    )
    closed = replay.closed
    if closed is not None and closed.body["reason"] != "ended":
        agreed = []
    if list(found) == agreed:
        report.held.append(f"名单：{len(agreed)} 人，姓名和单位与承诺所约束的一致" if agreed else "名单：不指名任何人")
    elif closed is None and not found:
        report.unchecked.append(f"{PERSONS} 没有指名任何人：活动如已退选或强制结束则属正常，须在终结（close）之后再核验")
    else:
        raise BadFile(f"{PERSONS} 有 {len(found)} 人，应恰为已同意参评的 {len(agreed)} 人")
