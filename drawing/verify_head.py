"""Checks how far the evidence goes: head.json, ledger.json, the heads that were given out, and what somebody noted of them."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from drawing import ledger
from drawing.bodies import check_object, hex_hash, ordinal, text
from drawing.canonical import canon, read_canonical
from drawing.evidence_files import HEAD, LEDGER, BadFile
from drawing.evidence_reader import Evidence
from drawing.report import Report
from drawing.transcript import BrokenChain, Entry, EntryType, parse_stamp, stamp

_HEAD = {
    "activity": text,
    "at": text,
    "entries": ordinal,
    "hash": hex_hash,
    "key": hex_hash,
    "ledger": lambda value: isinstance(value, dict),
    "sig": text,
}
_KINDS = {EntryType.COMMIT: ledger.COMMIT, EntryType.SEAL: ledger.SEAL}


class NotedHead(NamedTuple):
    """A head of the ledger as somebody noted it; `root` is at least the first 8 hex digits."""

    size: int
    root: str


def check_ledger(evidence: Evidence, chain: Sequence[Entry], report: Report) -> ledger.Proved:
    """Every commit and seal stands in the ledger, and the heads given out are its prefixes. Raises BadFile, BrokenChain."""
    about = chain[0].body["lots"]
    wanted = [ledger.Leaf.of(0, _KINDS[each.type], about, each.hash) for each in chain if each.type in _KINDS]
    _check_previous(chain, report)
    try:
        proved = ledger.check(_one_line(evidence, LEDGER), wanted)
    except ValueError as error:
        raise BadFile(f"{LEDGER}：{error}") from error
    report.ledger_head = (proved.size, proved.root)
    report.held.append(f"台账：{len(wanted)} 条承诺与封存均在其中，包含证明成立")
    earlier = len(proved.heads) - 1
    if earlier:
        report.held.append(f"台账：先前给出的 {earlier} 个台账头均与现在的一致")
    _check_close(chain[-1], proved)
    return proved


def _check_close(last: Entry, proved: ledger.Proved) -> None:
    if last.type is not EntryType.CLOSE:
        return
    size, root = last.body["ledger"]["size"], last.body["ledger"]["root"]
    if proved.heads.get(size) != root:
        raise BrokenChain(last.seq, f"终结所载的台账头（{size} 条）不在 {LEDGER} 所列之中")
    if proved.places and size <= proved.places[-1]:
        raise BrokenChain(last.seq, f"终结所载的台账头（{size} 条）早于本活动最后一次封存")


def _check_previous(chain: Sequence[Entry], report: Report) -> None:
    """A supplement must name this chain's last seal for each lot; a first draw names what this evidence can't show."""
    sealed: str | None = None
    own = {entry.hash for entry in chain}
    if not own.isdisjoint(chain[0].body["previous"]):
        raise BrokenChain(0, "previous 指向本活动自己的记录")
    if any(chain[0].body["previous"]):
        report.unchecked.append("本标段此前已有抽取记录（previous 不为空），本证据未示出该记录：请向台账查询")
    for entry in chain:
        if entry.type is EntryType.SEAL:
            sealed = entry.hash
        if entry.type is EntryType.COMMIT and entry.seq and set(entry.body["previous"]) != {sealed}:
            raise BrokenChain(entry.seq, "补抽的承诺未指向上一次抽取的封存")


def check_head(
    evidence: Evidence,
    chain: Sequence[Entry],
    proved: ledger.Proved,
    check: Callable[[bytes, bytes], bool] | None,
    report: Report,
) -> None:
    """The chain is exactly as long as the service said when it was exported. Raises BadFile, BrokenChain."""
    report.entries, report.as_of = len(chain), stamp(chain[-1].at)
    if HEAD not in evidence.names and chain[0].body.get("facts") is None:
        report.old = True
        report.unchecked.append(f"旧形式的证据没有 {HEAD}：记录链是否在此之后还有记录，不能得知")
        return
    try:
        value = _one_line(evidence, HEAD)
        check_object(_HEAD, value, "head")
        parse_stamp(value["at"])
    except ValueError as error:
        raise BadFile(f"{HEAD}：{error}") from error
    if value["entries"] != len(chain):
        raise BrokenChain(len(chain) - 1, f"{HEAD} 称记录链有 {value['entries']} 条，实有 {len(chain)} 条")
    expected = {
        "activity": chain[0].body["activity"],
        "hash": chain[-1].hash,
        "key": report.key,
        "ledger": {"size": proved.size, "root": proved.root},
    }
    for key, item in expected.items():
        if value[key] != item:
            raise BadFile(f"{HEAD} 所载的 {key} 与证据不符")
    _check_signature(value, check)
    report.old = chain[0].body.get("facts") is None
    report.as_of = value["at"]
    signed = "" if check is None else "，并由服务签名"
    report.held.append(f"记录链与 {HEAD} 一致：导出时（{value['at']}）共 {len(chain)} 条{signed}")


def _check_signature(value: Mapping[str, Any], check: Callable[[bytes, bytes], bool] | None) -> None:
    try:
        signature = b64decode(value["sig"], validate=True)
    except ValueError as error:
        raise BadFile(f"{HEAD} 的签名不是 base64") from error
    if b64encode(signature).decode() != value["sig"]:
        raise BadFile(f"{HEAD} 的签名不是规范的 base64")
    signed = sha256(canon({key: item for key, item in value.items() if key != "sig"})).digest()
    if check is not None and not check(signature, signed):
        raise BadFile(f"{HEAD} 的签名不成立")


def check_noted(noted: Sequence[NotedHead], proved: ledger.Proved, report: Report) -> None:
    """What receipts and printed sheets say of the ledger. Raises BadFile."""
    if not noted:
        report.unchecked.append("台账头：回执或打印件上所载的未给出（--head）")
    for head in noted:
        known = proved.root_of(head.size)
        shown = f"{head.size} 条、根 {head.root}（比对 {len(head.root)} 位）"
        if known is None:
            report.unchecked.append(f"所给台账头 {shown}：{LEDGER} 未列出，也不能由其证明推出，未能比对")
        elif not known.startswith(head.root):
            raise BadFile(f"{LEDGER}：{head.size} 条时的根是 {known}，与所给台账头 {shown} 不符")
        else:
            how = "与所列的一致" if head.size in proved.heads else "可由所附证明推出，一致"
            report.held.append(f"所给台账头 {shown} {how}")


def _one_line(evidence: Evidence, name: str) -> Any:
    """The value of a file of one canonical line; raises ValueError, or BadFile where it is missing."""
    raw = evidence.read(name)
    if not raw.endswith(b"\n"):
        raise ValueError("缺换行")
    return read_canonical(raw[:-1])
