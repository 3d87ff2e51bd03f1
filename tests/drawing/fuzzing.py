"""Damaged and forged evidence without end, from a seed: bytes, zips, and what somebody with the service's key could sign.

Each case is judged at once: the verifier answers with a verdict, never with an exception, and nothing that was changed
is evidence that holds. Free is only what is no evidence: README.txt, and what a zip says of times and the like.
"""

import copy
import json
import random
import re
import struct
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from drawing import ledger, lots, merkle, pool
from drawing.canonical import canon
from drawing.evidence_files import README_NAME
from drawing.evidence_reader import Evidence
from drawing.verify import verify
from tests.drawing.simulator import LOTS, SERVICE, Activity, people, put, signed_head

VERDICTS = {0, 1, 2, 3, 65}
_NUMBERS = (0, -1, 1, 2**31, 2**53 - 1, 2**53, 10**400, 1.5)
_TEXTS = ("", "x", "\x00", "\u202e", "0" * 64, "2026-02-30T00:00:00.000+08:00", "张" * 300)
_UNCHECKED = {"reason", "right", "by", "happened", "elapsed_ms", "live", "evaluation_start", "gather_at", "at"}
"""What only the service can know: whoever holds its key may say otherwise (or what is bounded only)."""
_UNCHECKED_TYPES = {"absence", "witness_try"}


@dataclass(frozen=True)
class Case:
    """What was done, where the result stands, and whether it may still hold."""

    done: str
    path: Path
    may_hold: Callable[[], bool]


class Fuzz:
    """Cases in a folder, from a seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.choose, self.folder = random.Random(seed), folder
        self.activity = small_activity()
        self.files = self.activity.files()
        self.zipped = zipped(self.files)

    def case(self) -> Case:
        """The next one."""
        kinds = (self.damaged_file, self.damaged_zip, self.edited_header, self.swapped, self.forged, self.forged)
        return self.choose.choice(kinds)()

    def judge(self) -> str:
        """Verify the next case; AssertionError where the verdict is wrong. Gives what was done and the verdict."""
        case = self.case()
        verdict = verify(case.path).exit_code
        assert verdict in VERDICTS, (case.done, verdict)
        assert verdict != 0 or case.may_hold(), case.done
        return f"{case.done.split()[0]} {verdict}"

    def damaged_file(self) -> Case:
        """A file of the folder, its bytes changed."""
        name = self.choose.choice(sorted(name for name in self.files if name != README_NAME))
        content, done = damage(self.choose, self.files[name], self.files)
        return self._folder(self.files | {name: content}, f"{done} of {name}")

    def damaged_zip(self) -> Case:
        """A zip, its bytes changed."""
        content, done = damage(self.choose, self.zipped, self.files)
        return self._zip(content, f"{done} of the zip")

    def edited_header(self) -> Case:
        """A zip, a field of one of its headers changed."""
        mark, size = self.choose.choice(((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
        places = [found.start() for found in re.finditer(re.escape(mark), self.zipped)]
        content, at = bytearray(self.zipped), self.choose.choice(places)
        field = at + self.choose.randrange(2, size - 1)
        value = self.choose.choice((0, 1, 0xFFFF, self.choose.randrange(1 << 16)))
        struct.pack_into("<H", content, field, value)
        return self._zip(bytes(content), f"header {mark!r}+{field - at}={value}")

    def swapped(self) -> Case:
        """Files exchanged, left out or given twice."""
        one, other = self.choose.sample(sorted(set(self.files) - {README_NAME}), 2)
        files = dict(self.files)
        match self.choose.randrange(3):
            case 0:
                files[one], files[other] = files[other], files[one]
            case 1:
                del files[one]
            case _:
                files[one] += self.choose.choice((files[one], files[other], b"\n", b"{}\n"))
        if self.choose.random() < 0.5:
            return self._zip(zipped(files), f"swap {one} {other}")
        return self._folder(files, f"swap {one} {other}")

    def forged(self) -> Case:
        """One value in the chain changed, and all signed again by whoever holds the key."""
        lines = [json.loads(line) for line in self.files["transcript.jsonl"].splitlines()]
        entry = self.choose.choice(lines)
        before, kind = canon(lines), entry["type"]
        path = mutate(self.choose, entry, "type" if self.choose.random() < 0.03 else "body")
        checked = kind not in _UNCHECKED_TYPES and not _UNCHECKED & set(path)
        try:
            same = canon(lines) == before
            files = self.files | signed_again(lines, self.activity)
            lucky = path == ("body", "share", "value") and same_picks(lines, lines.index(entry), self.activity)
        except ValueError:  # no canonical form, so nothing to sign: the line is there all the same
            same, checked, lucky = False, True, False
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            files = self.files | {"transcript.jsonl": text.encode("utf-8", "surrogatepass")}
        return self._folder(files, f"forged {kind} {path}", may_hold=lambda: same or lucky or not checked)

    def _folder(self, files: dict[str, bytes], done: str, may_hold: Callable[[], bool] | None = None) -> Case:
        same = all(files.get(name) == content for name, content in self.files.items() if name != README_NAME)
        return Case(done, put(files, self.folder / "folder"), may_hold or (lambda: same))

    def _zip(self, content: bytes, done: str) -> Case:
        path = self.folder / "evidence.zip"
        path.write_bytes(content)
        return Case(done, path, lambda: self._unpacks_to_the_same(path))

    def _unpacks_to_the_same(self, path: Path) -> bool:
        with Evidence(path) as evidence:
            return all(
                name in evidence.names and evidence.read(name) == content
                for name, content in self.files.items()
                if name != README_NAME
            )


def small_activity() -> Activity:
    """A draw, an absence and a supplement among few people: some 30 kB."""
    activity = Activity(random.Random(8), people(24), accepts=0.5)
    activity.begin()
    activity.run()
    activity.seal()
    activity.absent()
    only = activity.conditions[1]
    seats = 1 + activity.seats() - activity.agreed()
    activity.begin((type(only)(only.id, only.mode, only.regions, ("A", "B", "C"), (), (), (), (), seats),))
    activity.run()
    activity.seal()
    activity.open_result()
    activity.close()
    return activity


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The files as a zip."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def damage(choose: random.Random, content: bytes, others: dict[str, bytes]) -> tuple[bytes, str]:
    """Bytes as a bad disk, a bad line or an editor would leave them."""
    at = choose.randrange(len(content) + 1)
    end = min(len(content), at + choose.randrange(1, 400))
    other = choose.choice([others[name] for name in sorted(others)])
    piece = other[choose.randrange(len(other) + 1) :][: choose.randrange(1, 400)]
    match choose.randrange(6):
        case 0:
            flipped = bytearray(content or b"x")
            flipped[at % len(flipped)] ^= 1 << choose.randrange(8)
            return bytes(flipped), "flip"
        case 1:
            return content[:at], "truncate"
        case 2:
            return content[:at] + piece + content[end:], "splice"
        case 3:
            return content[:at] + piece + content[at:], "insert"
        case 4:
            return content[:at] + content[end:], "delete"
        case _:
            return content[:at] + choose.randbytes(end - at) + content[end:], "noise"


def mutate(choose: random.Random, entry: dict[str, Any], key: str) -> tuple[str, ...]:
    """Change one value somewhere under entry[key]; gives the way there."""
    where: Any = entry
    path = [key]
    while isinstance(where[path[-1] if isinstance(where, dict) else int(path[-1])], dict | list):
        inner = where[path[-1] if isinstance(where, dict) else int(path[-1])]
        if not inner or choose.random() < 0.15:
            break
        where = inner
        path.append(choose.choice(sorted(inner)) if isinstance(inner, dict) else str(choose.randrange(len(inner))))
    last: Any = path[-1] if isinstance(where, dict) else int(path[-1])
    where[last] = other_value(choose, where[last])
    return tuple(path)


def other_value(choose: random.Random, value: Any) -> Any:
    """Another value, more or less like it."""
    if choose.random() < 0.15:
        deep: Any = []
        for _ in range(choose.choice((3, 70, 500))):
            deep = [deep]
        return choose.choice((None, True, {}, [], deep, *_NUMBERS, *_TEXTS))
    if isinstance(value, bool) or value is None:
        return choose.choice((not value, "0" * 64))
    if isinstance(value, int):
        return choose.choice((value + 1, max(0, value - 1), *_NUMBERS))
    if isinstance(value, str):
        at = choose.randrange(len(value) + 1)
        return choose.choice((value[:at], value[:at] + "0" + value[at + 1 :], value + "1", *_TEXTS))
    if isinstance(value, list):
        kept = [copy.deepcopy(each) for each in value if choose.random() < 0.7]
        return choose.choice((kept, value + value, value[::-1], [*value, "x"]))
    return {each: item for each, item in value.items() if choose.random() < 0.8} | choose.choice(({}, {"more": 1}))


def signed_again(lines: list[dict[str, Any]], activity: Activity) -> dict[str, bytes]:
    """transcript.jsonl, ledger.json and head.json of these entries, hashed and signed anew; raises ValueError."""
    leaves, own = list(activity.leaves), iter(activity.own)
    prev = "0" * 64
    for seq, line in enumerate(lines):
        if line["body"] == activity.chain[-1].body:  # the close, which is not what was changed
            line["body"]["ledger"]["root"] = merkle.root([leaf.digest() for leaf in leaves]).hex()
        hashed = {"seq": seq, "at": line["at"], "type": line["type"], "body": line["body"], "prev": prev}
        digest = sha256(canon(hashed)).digest()
        line |= {"prev": prev, "hash": digest.hex(), "sig": b64encode(SERVICE.sign(digest)).decode()}
        prev = digest.hex()
        if line["type"] in (ledger.COMMIT, ledger.SEAL) and (n := next(own, None)) is not None:
            leaves[n] = ledger.Leaf.of(n, line["type"], LOTS, prev)
    document = ledger.document(leaves, activity.own, earlier=[1, len(leaves), *activity.heads])
    head = json.loads(activity.head(document)) | {"entries": len(lines), "hash": prev}
    return {
        "transcript.jsonl": b"".join(canon(line) + b"\n" for line in lines),
        "ledger.json": canon(document) + b"\n",
        "head.json": signed_head(head),
    }


def same_picks(lines: list[dict[str, Any]], at: int, activity: Activity) -> bool:
    """Whether the share in entry `at`, which is not the one that was given, draws the same people by chance: where three stand
    in a supplement's order, the same one comes first in every third lottery.
    """
    draws = [n for n, line in enumerate(lines) if line["type"] == "commit"]
    draw = sum(n < at for n in draws)
    first, end = draws[draw - 1], next(n for n, line in enumerate(lines) if n > at and line["type"] == "seal")
    given = activity.chain[at].body["share"]
    shares = [given, lines[at]["body"]["share"]]
    system = bytes.fromhex(lines[end]["body"]["system_share"])
    seeds = [lots.seed(lines[first]["hash"], system, share) for share in shares]
    records = [line["record"] for line in activity.pools[draw - 1]]
    last = {line["body"]["condition"]: line["body"]["rank"] for line in lines[at:end] if line["type"] == "pick"}
    orders = [
        [[lot.expert for lot in lots.order(seed, name, pool.standing(records, name))[: rank + 1]] for name, rank in last.items()]
        for seed in seeds
    ]
    return orders[0] == orders[1]


def run(seed: int, cases: int, folder: Path) -> Iterator[str]:
    """Judge so many cases; what was done and the verdict of each."""
    fuzz = Fuzz(seed, folder)
    for _ in range(cases):
        yield fuzz.judge()
