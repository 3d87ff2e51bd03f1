"""Scissors: evidence of a closed activity from which something is cut, and exports of different days put together.

None of it needs a key. Before `close` and `head.json`, all of these but the first gave exit code 0.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from drawing.transcript import EntryType
from drawing.verify import verify
from tests.drawing.simulator import Activity, Form, put, whole_activity

FORMS = {"supervisor": Form(), "public": Form(facts=False)}


@pytest.fixture(scope="module")
def closed() -> Activity:
    return whole_activity(3)


def lines_of(files: dict[str, bytes], name: str) -> list[bytes]:
    return files[name].splitlines(keepends=True)


def cut(activity: Activity, files: dict[str, bytes], keep: int) -> dict[str, bytes]:
    """The evidence with the first `keep` entries only, and all else made to fit as well as can be without a key."""
    chain = activity.chain[:keep]
    draws = sum(entry.type is EntryType.COMMIT for entry in chain)
    calls = sum(entry.type is EntryType.ATTEMPT for entry in chain)
    own = sum(entry.type in (EntryType.COMMIT, EntryType.SEAL) for entry in chain)
    ledger = ledger_of(activity, own)
    pool = [line for line in lines_of(files, "pool.jsonl") if line.startswith(b'{"draw":1,') or draws > 1]
    names = [line for line in files.get("names.jsonl", b"").splitlines(keepends=True) if b'"draw":1,' in line or draws > 1]
    kept = files | {
        "transcript.jsonl": b"".join(lines_of(files, "transcript.jsonl")[:keep]),
        "pool.jsonl": b"".join(pool),
        "calls.jsonl": b"".join(lines_of(files, "calls.jsonl")[:calls]),
        "ledger.json": ledger,
    }
    return kept | ({"names.jsonl": b"".join(names)} if "names.jsonl" in files else {})


def ledger_of(activity: Activity, own: int) -> bytes:
    """ledger.json with that many of the activity's entries; anybody can leave some out."""
    whole, activity.own = activity.own, activity.own[:own]
    try:
        return activity.files()["ledger.json"]
    finally:
        activity.own = whole


def cuts(activity: Activity) -> Iterator[int]:
    """After each seal and each unseal, before the close, and everywhere between."""
    yield from range(1, len(activity.chain))


@pytest.mark.parametrize("form", FORMS)
def test_no_cut_leaves_evidence_that_holds(form: str, closed: Activity, tmp_path: Path) -> None:
    files = closed.files(FORMS[form])
    assert verify(put(files, tmp_path)).exit_code == 0
    for keep in cuts(closed):
        assert verify(put(cut(closed, files, keep), tmp_path)).exit_code == 1, keep


@pytest.mark.parametrize("form", FORMS)
def test_nor_without_the_head(form: str, closed: Activity, tmp_path: Path) -> None:
    files = closed.files(FORMS[form])
    for keep in (*cuts(closed), len(closed.chain)):
        without = cut(closed, files, keep)
        del without["head.json"]
        assert verify(put(without, tmp_path)).exit_code == 1, keep


def exports(seed: int) -> list[tuple[dict[str, bytes], int]]:
    """Exports of one activity as it went on, each with its verdict."""
    activity = Activity(random.Random(seed), whole_activity(seed).people)
    activity.begin()
    activity.run()
    found = [(activity.files(), 2)]
    activity.seal()
    found.append((activity.files(), 2))
    activity.open_result()
    found.append((activity.files(), 3))
    activity.absent()
    found.append((activity.files(), 3))
    activity.close()
    return [*found, (activity.files(), 0)]


def test_each_export_has_its_own_verdict(tmp_path: Path) -> None:
    for files, verdict in exports(5):
        assert verify(put(files, tmp_path)).exit_code == verdict


@pytest.mark.parametrize("names", [("head.json",), ("ledger.json",), ("transcript.jsonl",), ("head.json", "ledger.json")])
def test_files_of_different_exports_do_not_fit(names: tuple[str, ...], tmp_path: Path) -> None:
    """An older head with a longer chain, a newer one with a shorter chain, a ledger of another day."""
    activity = whole_activity(5, closed=False)
    earlier = activity.files()
    activity.leaves.append(activity.leaves[-1])  # somebody else's entry meanwhile
    activity.close()
    later = activity.files()
    for files, other in ((earlier, later), (later, earlier)):
        mixed = files | {name: other[name] for name in names}
        assert verify(put(mixed, tmp_path)).exit_code == 1


def test_a_ledger_that_leaves_entries_out_is_refused(closed: Activity, tmp_path: Path) -> None:
    files = closed.files()
    for own in range(len(closed.own)):
        assert verify(put(files | {"ledger.json": ledger_of(closed, own)}, tmp_path)).exit_code == 1


def test_a_head_signed_by_somebody_else_is_refused(closed: Activity, tmp_path: Path) -> None:
    """The scissors' owner writes a head for what is left, with a signature of their own."""
    files = closed.files()
    chain = closed.chain
    closed.chain = chain[:-1]
    forged = closed.files()["head.json"]
    closed.chain = chain
    kept = cut(closed, files, len(chain) - 1)
    assert verify(put(kept | {"head.json": forged}, tmp_path)).exit_code == 3  # as the service itself would sign it
    at = forged.index(b'"sig":"') + len(b'"sig":"')
    other = forged[:at] + (b"A" if forged[at : at + 1] != b"A" else b"B") + forged[at + 1 :]
    assert verify(put(kept | {"head.json": other}, tmp_path)).exit_code == 1
