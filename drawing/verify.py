"""The verifier: does the evidence of an activity hold? Standard library only (signatures: `cryptography`
where present).

It needs nothing but the evidence, in any of its forms: public (no facts), supervisor's (facts of all, and names),
sealed (witness and seal without their bodies). What can't be checked in a form is said, never passed over.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from drawing import lots
from drawing.bodies import check_object, hex_hash, ordinal, text
from drawing.canonical import canon, read_canonical
from drawing.commit import Commit
from drawing.evidence_files import CALLS, KEY, POOL, README_NAME, TRANSCRIPT, BadFile, Unreadable
from drawing.evidence_reader import Evidence
from drawing.evidence_readme import README
from drawing.progress import Orders
from drawing.replay import Replay
from drawing.replay_picks import Call
from drawing.report import Report
from drawing.rules import CallOutcome
from drawing.signature import checker, key_fingerprint
from drawing.transcript import BrokenChain, Entry, EntryType, read_chain
from drawing.verify_head import NotedHead, check_head, check_ledger, check_noted
from drawing.verify_names import check_names
from drawing.verify_pool import Pool, check_pools

MOST_ENTRIES = 50_000
_CALL_OUTCOMES = frozenset(each.value for each in CallOutcome)
_CALL = {"expert": text, "attempt": ordinal, "outcome": lambda each: isinstance(each, str) and each in _CALL_OUTCOMES}
Check = Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Notes:
    """What somebody noted during the draw and now compares; spaces don't matter."""

    key: str | None = None
    commits: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    heads: tuple[NotedHead, ...] = ()


def verify(path: Path, notes: Notes | None = None) -> Report:
    """Check the evidence in a folder or zip; never raises for what it holds."""
    report = Report()
    try:
        with Evidence(path) as evidence:
            _verify(evidence, notes or Notes(), report)
    except Unreadable as error:
        report.unreadable = str(error)
    except (BadFile, BrokenChain) as error:
        report.broken.append(str(error))
    return report


def _verify(evidence: Evidence, notes: Notes, report: Report) -> None:
    chain = _chain(evidence, report)
    check = _signatures(evidence, chain, notes.key, report)
    proved = check_ledger(evidence, chain, report)
    check_head(evidence, chain, proved, check, report)
    calls = _calls(evidence, chain, report)
    opened = _opened(chain)
    pools = _pools(evidence, chain, opened, report)
    _replay(chain, pools, calls, opened, report)
    if report.replay is not None:
        check_names(evidence, pools, report.replay, report)
    check_noted(notes.heads, proved, report)
    _noted(chain, notes, report)
    _others(evidence, report)


def _chain(evidence: Evidence, report: Report) -> list[Entry]:
    chain = read_chain(_at_most(evidence.lines(TRANSCRIPT)))
    if not chain or chain[0].type is not EntryType.COMMIT:
        raise BrokenChain(0, "第一条记录必须是承诺（commit）")
    report.held.append(f"记录链：{len(chain)} 条，逐条哈希衔接，时间不倒退")
    if any(entry.withheld for entry in chain):
        report.unchecked.append("见证与封存的内容尚未公开（解密前的形式）：种子、次序及抽取是否依次序均未能核验")
    return chain


def _at_most(lines: Iterable[bytes]) -> Iterable[bytes]:
    for number, line in enumerate(lines):
        if number >= MOST_ENTRIES:
            raise Unreadable(f"{TRANSCRIPT} 过长（超过 {MOST_ENTRIES} 条）")
        yield line


def _signatures(evidence: Evidence, chain: Sequence[Entry], noted: str | None, report: Report) -> Check | None:
    pem = evidence.read(KEY)
    try:
        report.key = key_fingerprint(pem)
        check = checker(pem)
    except ValueError as error:
        raise BadFile(str(error)) from error
    if noted is None:
        report.unchecked.append("服务公钥是否真属该服务：未给出 --key，请与另行取得的指纹比对")
    elif plain(noted) != report.key:
        raise BadFile(f"{KEY} 的指纹是 {report.key}，与所给的不同")
    else:
        report.held.append("服务公钥的指纹与所给的一致")
    if check is None:
        report.unchecked.append("签名：本机没有 cryptography 库")
        return None
    for entry in chain:
        if not check(b64decode(entry.sig), bytes.fromhex(entry.hash)):
            raise BrokenChain(entry.seq, "签名不成立")
    report.held.append(f"每条记录的签名均由 {KEY} 的密钥作出")
    return check


def _calls(evidence: Evidence, chain: Sequence[Entry], report: Report) -> dict[str, Call]:
    wanted = [entry for entry in chain if entry.type is EntryType.ATTEMPT]
    activity, named = chain[0].body["activity"], chain[0].body.get("facts") is not None
    found: dict[str, Call] = {}
    for number, line in enumerate(evidence.lines(CALLS), start=1):
        try:
            key, value = _call(line)
            if value.get("activity", None if named else activity) != activity:
                raise ValueError("呼叫证据未写明本活动，或属于另一活动")
        except ValueError as error:
            raise BadFile(f"{CALLS} 第 {number} 行：{error}") from error
        if number > len(wanted) or wanted[number - 1].body["evidence"] != key:
            raise BadFile(f"{CALLS} 第 {number} 行：与记录链中的呼叫次序不符")
        if key in found:
            raise BadFile(f"{CALLS} 第 {number} 行：同一证据用于两次呼叫")
        found[key] = Call(value["expert"], value["attempt"], value["outcome"])
    if len(found) != len(wanted):
        raise BrokenChain(wanted[len(found)].seq, f"{CALLS} 中没有这次呼叫的证据")
    report.held.append(f"呼叫证据：{len(found)} 次，与记录链中的哈希值一致")
    return found


def _call(line: bytes) -> tuple[str, Mapping[str, Any]]:
    value = read_canonical(line)
    check_object({"hash": hex_hash, "evidence": lambda each: isinstance(each, dict)}, value, "calls")
    evidence: Mapping[str, Any] = value["evidence"]
    check_object(_CALL, {key: evidence.get(key) for key in _CALL}, "evidence")
    if sha256(canon(evidence)).hexdigest() != value["hash"]:
        raise ValueError("内容与其哈希值不符")
    return value["hash"], evidence


def _opened(chain: Sequence[Entry]) -> frozenset[int]:
    """The draws that have their `unseal`; one in the older form is of all draws before it."""
    draws, opened = 0, set[int]()
    for entry in chain:
        draws += entry.type is EntryType.COMMIT
        if entry.type is EntryType.UNSEAL:
            opened |= {entry.body["draw"]} if "draw" in entry.body else set(range(1, draws + 1))
    return frozenset(opened)


def _pools(evidence: Evidence, chain: Sequence[Entry], opened: frozenset[int], report: Report) -> list[Pool]:
    seeds, pools = _seeds(chain), list[Pool]()
    picked: set[str] = set()
    agreed: dict[int, set[str]] = {}
    for entry in chain:
        match entry.type:
            case EntryType.COMMIT:
                draw = len(pools) + 1
                if entry.body["draw"] != draw:
                    raise BrokenChain(entry.seq, f"抽取次序应为 {draw}")
                wanted = agreed.setdefault(draw, set())
                pools.append(
                    Pool(Commit.from_json(entry.body), frozenset(picked), draw in opened, seeds.get(draw), wanted)
                )
            case EntryType.PICK:
                picked.add(entry.body["expert"])
            case EntryType.REOPEN:
                picked.difference_update(each[0] for each in entry.body["experts"])
            case EntryType.OUTCOME if entry.body["outcome"] == "accepted":
                agreed[len(pools)].add(entry.body["expert"])
    check_pools(evidence.lines(POOL), pools)
    _say_pools(pools, report)
    return pools


def _say_pools(pools: Sequence[Pool], report: Report) -> None:
    size, opened = sum(pool.size for pool in pools), sum(pool.opened for pool in pools)
    report.held.append(f"专家池：{size} 条记录与承诺的根、人数一致")
    if opened:
        report.held.append(f"{opened} 条记录的事实与哈希值、合格条件、回避一致")
    if opened < size:
        report.unchecked.append(f"{size - opened} 条记录未附事实（公开形式）：其合格与回避未能重新推导")


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
                continue  # the witness's entry is withheld, or there is none
            system = bytes.fromhex(entry.body["system_share"])
            given = None if share is None else dict(share)
            seeds[commit.body["draw"]] = lots.seed(commit.hash, system, given)
    return seeds


def _replay(
    chain: Sequence[Entry], pools: Sequence[Pool], calls: Mapping[str, Call], opened: frozenset[int], report: Report
) -> None:
    orders = {pool.commit.draw: Orders(pool.orders, units_known=pool.whole) for pool in pools}
    report.replay = replay = Replay(chain, orders, calls, opened)
    for entry in chain:
        replay.apply(entry)
    seeded = [draw for draw in replay.draws if draw.witnessed]
    known = bool(seeded) and all(draw.orders.places is not None for draw in seeded)
    report.finished = all(draw.sealed for draw in replay.draws) and not any(entry.withheld for entry in chain)
    report.closed = replay.closed is not None
    if known:
        report.held.append("种子由承诺、系统份额与见证数字得出；每次抽取都是次序所定的一位")
    elif not all(draw.sealed for draw in replay.draws):
        report.unchecked.append("尚未封存：种子与次序未能核验")
    if any(draw.sealed and not draw.witnessed for draw in replay.draws):
        report.held.append("见证之前即已强制结束的抽取：没有种子，也没有抽取任何专家")
    report.held.append("席位从未超额；每次抽取只有一个结果，结果均有所据，未接通合乎规则，无多余的呼叫")
    if known and not replay.unsure:
        report.held.append("空席从未搁置")
    elif known:
        report.unchecked.append("因同单位而略过的专家与空席：公开形式不含单位，未能核验是否确属同一单位、空席是否曾搁置")
    if any(pick.outcome == "unavailable" for pick in replay.picks):
        report.unchecked.append("“另有评标”所依据的另一活动的记录：不在本证据之中，只核验了其形式")


def _noted(chain: Sequence[Entry], notes: Notes, report: Report) -> None:
    commits = {lots.fingerprint(each.hash): each for each in chain if each.type is EntryType.COMMIT}
    noted = {plain(each) for each in notes.commits}
    for shown, entry in commits.items():
        draw = f"第 {entry.body['draw']} 次抽取"
        if plain(shown) in noted:
            noted.discard(plain(shown))
            report.held.append(f"{draw}的承诺指纹与见证人所记一致")
        elif entry.body["witnesses"]:
            report.unchecked.append(f"{draw}的承诺指纹：见证人所记未给出（--commit）")
    if noted:
        raise BadFile(f"所给承诺指纹 {'、'.join(sorted(noted))} 与任何一次抽取都不符")
    _noted_shares(chain, notes, report)


def _noted_shares(chain: Sequence[Entry], notes: Notes, report: Report) -> None:
    given = {plain(each) for each in notes.shares}
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
        raise BadFile(f"所给见证数字 {'、'.join(sorted(given))} 与记录中的不同")


def _others(evidence: Evidence, report: Report) -> None:
    if README_NAME in evidence.names and evidence.read(README_NAME) != README.encode():
        report.unchecked.append(f"{README_NAME} 与标准文本不同（它不是证据，不影响结论）")
    if extra := sorted(evidence.extra):
        more = "" if len(extra) <= 20 else f" 等 {len(extra)} 个"
        report.unchecked.append(f"证据以外的文件（未予核验）：{'、'.join(extra[:20])}{more}")


def plain(noted: str) -> str:
    """What somebody noted, without what they may have put between."""
    return "".join(noted.split()).replace(":", "").lower()
