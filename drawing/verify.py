"""The verifier: does the evidence of an activity hold? Standard library only (signatures: `cryptography`
where present).

It needs nothing but the evidence, in any of its forms: public (no facts), supervisor's (facts of all),
sealed (witness and seal without their bodies). What can't be checked in a form is said, never passed over.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from drawing import ledger, lots
from drawing.bodies import check_object, hex_hash, ordinal, text
from drawing.canonical import canon, read, read_canonical
from drawing.commit import Commit
from drawing.evidence_files import (
    CALLS,
    KEY,
    LEDGER,
    NAMES,
    POOL,
    README_NAME,
    TRANSCRIPT,
    Evidence,
    Unreadable,
)
from drawing.evidence_readme import README
from drawing.progress import Orders
from drawing.replay import Replay
from drawing.report import Report
from drawing.rules import CallOutcome
from drawing.signature import checker, key_fingerprint
from drawing.transcript import BrokenChain, Entry, EntryType, read_chain
from drawing.verify_pool import BadPool, Pool, check_pools


@dataclass(frozen=True, slots=True)
class Notes:
    """What somebody noted during the draw and now compares; spaces don't matter."""

    key: str | None = None
    commits: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


def verify(path: Path, notes: Notes | None = None) -> Report:
    """Check the evidence in a folder or zip; never raises for what it holds."""
    report = Report()
    try:
        with Evidence(path) as evidence:
            _verify(evidence, notes or Notes(), report)
    except (Unreadable, BrokenChain, BadPool, _Broken) as error:
        report.broken.append(str(error))
    return report


class _Broken(ValueError):
    """What does not hold outside of chain and pool."""


def _verify(evidence: Evidence, notes: Notes, report: Report) -> None:
    chain = _chain(evidence, report)
    _signatures(evidence, chain, notes.key, report)
    calls = _calls(evidence, chain, report)
    orders = _orders(evidence, chain, report)
    _replay(chain, orders, calls, report)
    _ledger(evidence, chain, report)
    _noted(chain, notes, report)
    _readme(evidence, report)


def _chain(evidence: Evidence, report: Report) -> list[Entry]:
    chain = read_chain(evidence.lines(TRANSCRIPT))
    if not chain or chain[0].type is not EntryType.COMMIT:
        raise BrokenChain(0, "第一条记录必须是承诺（commit）")
    report.held.append(f"记录链：{len(chain)} 条，逐条哈希衔接，时间不倒退")
    if any(entry.withheld for entry in chain):
        report.unchecked.append("见证与封存的内容尚未公开（解密前的形式）：种子、次序及抽取是否依次序均未能核验")
    return chain


def _signatures(evidence: Evidence, chain: Sequence[Entry], noted: str | None, report: Report) -> None:
    pem = evidence.read(KEY)
    try:
        report.key = key_fingerprint(pem)
        check = checker(pem)
    except ValueError as error:
        raise _Broken(str(error)) from error
    if noted is None:
        report.unchecked.append("服务公钥是否真属该服务：未给出 --key，请与另行取得的指纹比对")
    elif _plain(noted) != report.key:
        raise _Broken(f"service.pub 的指纹是 {report.key}，与所给的不同")
    else:
        report.held.append("服务公钥的指纹与所给的一致")
    if check is None:
        report.unchecked.append("签名：本机没有 cryptography 库")
        return
    for entry in chain:
        if not check(b64decode(entry.sig), bytes.fromhex(entry.hash)):
            raise BrokenChain(entry.seq, "签名不成立")
    report.held.append("每条记录的签名均由 service.pub 的密钥作出")


def _calls(evidence: Evidence, chain: Sequence[Entry], report: Report) -> dict[str, Any]:
    wanted = [entry for entry in chain if entry.type is EntryType.ATTEMPT]
    found: dict[str, Any] = {}
    for number, line in enumerate(evidence.lines(CALLS), start=1):
        try:
            key, value = _call(line)
        except ValueError as error:
            raise _Broken(f"{CALLS} 第 {number} 行：{error}") from error
        if number > len(wanted) or wanted[number - 1].body["evidence"] != key:
            raise _Broken(f"{CALLS} 第 {number} 行：与记录链中的呼叫次序不符")
        found[key] = value
    if len(found) != len(wanted):
        raise BrokenChain(wanted[len(found)].seq, f"{CALLS} 中没有这次呼叫的证据")
    report.held.append(f"呼叫证据：{len(found)} 次，与记录链中的哈希值一致")
    return found


def _call(line: bytes) -> tuple[str, Any]:
    value = read_canonical(line)
    check_object({"hash": hex_hash, "evidence": lambda each: isinstance(each, dict)}, value, "calls")
    evidence = value["evidence"]
    core = {"expert": text, "attempt": ordinal, "outcome": lambda each: each in set(CallOutcome)}
    check_object(core, {key: evidence.get(key) for key in core}, "evidence")
    if sha256(canon(evidence)).hexdigest() != value["hash"]:
        raise ValueError("内容与其哈希值不符")
    return value["hash"], evidence


def _orders(evidence: Evidence, chain: Sequence[Entry], report: Report) -> dict[int, Orders]:
    pools = _pools(chain)
    check_pools(evidence.lines(POOL), pools)
    size = sum(pool.size for pool in pools.values())
    report.held.append(f"专家池：{size} 条记录与承诺的根、人数一致")
    whole = all(pool.whole for pool in pools.values())
    opened = sum(pool.opened for pool in pools.values())
    if opened:
        report.held.append(f"{opened} 条记录的事实与哈希值、合格条件、回避一致")
    if not whole:
        report.unchecked.append(f"{size - opened} 条记录未附事实（公开形式）：其合格与回避未能重新推导")
    seeds = _seeds(chain)
    return {
        draw: Orders(pool.orders(seeds[draw]) if draw in seeds else None, units_known=whole)
        for draw, pool in pools.items()
    }


def _pools(chain: Iterable[Entry]) -> dict[int, Pool]:
    pools: dict[int, Pool] = {}
    picked: set[str] = set()
    for entry in chain:
        if entry.type is EntryType.COMMIT:
            if entry.body["draw"] != len(pools) + 1:
                raise BrokenChain(entry.seq, f"抽取次序应为 {len(pools) + 1}")
            pools[len(pools) + 1] = Pool(Commit.from_json(entry.body), frozenset(picked))
        elif entry.type is EntryType.PICK:
            picked.add(entry.body["expert"])
    return pools


def _seeds(chain: Iterable[Entry]) -> dict[int, bytes]:
    """The seeds of the draws whose shares are both open."""
    seeds: dict[int, bytes] = {}
    commit: Entry | None = None
    share: Mapping[str, Any] | None = None
    for entry in chain:
        if entry.type is EntryType.COMMIT:
            commit, share = entry, None
        elif entry.type is EntryType.WITNESS and not entry.withheld:
            share = entry.body["share"]
        elif entry.type is EntryType.SEAL and not entry.withheld and commit is not None:
            if share is None and commit.body["witnesses"]:
                continue  # the witness's entry is withheld
            system = bytes.fromhex(entry.body["system_share"])
            given = None if share is None else dict(share)
            seeds[commit.body["draw"]] = lots.seed(commit.hash, system, given)
    return seeds


def _replay(chain: Sequence[Entry], orders: Mapping[int, Orders], calls: Mapping[str, Any], report: Report) -> None:
    report.replay = replay = Replay(orders, calls)
    for entry in chain:
        replay.apply(entry)
    seeded = [draw for draw in replay.draws if draw.witnessed]
    opened = bool(seeded) and all(draw.orders.places is not None for draw in seeded)
    report.finished = all(draw.sealed for draw in replay.draws) and not any(entry.withheld for entry in chain)
    if opened:
        report.held.append("种子由承诺、系统份额与见证数字得出；每次抽取都是次序所定的一位")
    elif report.finished is False and not any(entry.withheld for entry in chain):
        report.unchecked.append("尚未封存：种子与次序未能核验")
    if any(draw.sealed and not draw.witnessed for draw in replay.draws):
        report.held.append("见证之前即已强制结束的抽取：没有种子，也没有抽取任何专家")
    report.held.append("席位从未超额；每次抽取只有一个结果，结果均有所据，未接通合乎规则")
    if opened and not replay.unsure:
        report.held.append("空席从未搁置")
    elif opened:
        report.unchecked.append("因同单位而略过的专家与空席：公开形式不含单位，未能核验是否确属同一单位")
    if any(any(draw.commit.previous) for draw in replay.draws[:1]):
        report.unchecked.append("本标段此前已有抽取记录（previous 不为空）：请向台账查询")


def _ledger(evidence: Evidence, chain: Sequence[Entry], report: Report) -> None:
    kinds = {EntryType.COMMIT: ledger.COMMIT, EntryType.SEAL: ledger.SEAL}
    about = chain[0].body["lots"]
    wanted = [ledger.Leaf.of(0, kinds[each.type], about, each.hash) for each in chain if each.type in kinds]
    _previous(chain)
    raw = evidence.read(LEDGER)
    try:
        value = read(raw)
        if canon(value) + b"\n" != raw:
            raise ValueError("不是规范的 JSON")
        report.head = ledger.check(value, wanted)
    except ValueError as error:
        raise _Broken(f"{LEDGER}：{error}") from error
    report.held.append(f"台账：{len(wanted)} 条承诺与封存均在其中，包含证明成立")


def _previous(chain: Sequence[Entry]) -> None:
    """A supplement must name this chain's last seal for each lot."""
    sealed: str | None = None
    for entry in chain:
        if entry.type is EntryType.SEAL:
            sealed = entry.hash
        if entry.type is EntryType.COMMIT and entry.seq and set(entry.body["previous"]) != {sealed}:
            raise BrokenChain(entry.seq, "补抽的承诺未指向上一次抽取的封存")


def _noted(chain: Sequence[Entry], notes: Notes, report: Report) -> None:
    commits = {lots.fingerprint(each.hash): each for each in chain if each.type is EntryType.COMMIT}
    noted = {_plain(each) for each in notes.commits}
    for shown, entry in commits.items():
        draw = f"第 {entry.body['draw']} 次抽取"
        if _plain(shown) in noted:
            noted.discard(_plain(shown))
            report.held.append(f"{draw}的承诺指纹与见证人所记一致")
        elif entry.body["witnesses"]:
            report.unchecked.append(f"{draw}的承诺指纹：见证人所记未给出（--commit）")
    if noted:
        raise _Broken(f"所给承诺指纹 {'、'.join(sorted(noted))} 与任何一次抽取都不符")
    _noted_shares(chain, notes, report)


def _noted_shares(chain: Sequence[Entry], notes: Notes, report: Report) -> None:
    given = {_plain(each) for each in notes.shares}
    for entry in chain:
        if entry.type is not EntryType.WITNESS or entry.withheld:
            continue
        value = entry.body["share"]["value"]
        if value in given:
            given.discard(value)
            report.held.append(f"第 {entry.seq} 条记录中的见证数字与见证人所记一致")
        else:
            report.unchecked.append(f"第 {entry.seq} 条记录中的见证数字：见证人所记未给出（--share）")
    if given and any(entry.withheld for entry in chain):
        report.unchecked.append("所给见证数字：内容尚未公开，未能比对")
    elif given:
        raise _Broken(f"所给见证数字 {'、'.join(sorted(given))} 与记录中的不同")


def _readme(evidence: Evidence, report: Report) -> None:
    if README_NAME in evidence.names and evidence.read(README_NAME) != README.encode():
        report.unchecked.append(f"{README_NAME} 与标准文本不同（它不是证据，不影响结论）")
    if extra := sorted(evidence.names - NAMES):
        report.unchecked.append(f"证据以外的文件：{'、'.join(extra)}")


def _plain(noted: str) -> str:
    return "".join(noted.split()).replace(":", "").lower()
