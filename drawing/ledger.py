"""The ledger: an RFC 6962 tree over every commit and every seal of the service, of all activities, and over heads of the
operation log (操作记录).

A leaf's data is canon({n, kind, lots, hash}): n its place from 0, kind "commit", "seal" or "log", lots the sorted
hex SHA-256 of each 标段's id, hash that of the transcript entry. A leaf of kind "log" has no lots, and its hash is that of
the operation log's last row: the log can't be cut or rewritten before it unseen. Receipts and printed results carry a head
(size, root); a draw of a 标段 that was thrown away unseen would still stand in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from drawing import merkle
from drawing.bodies import check_object, count, hex_hash, many, one_of, ordinal
from drawing.canonical import canon

COMMIT, SEAL, LOG = "commit", "seal", "log"
KINDS = (COMMIT, SEAL, LOG)
_HEAD = {"size": ordinal, "root": hex_hash}
_LEAF = {"n": count, "kind": one_of(*KINDS), "lots": many(hex_hash), "hash": hex_hash}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the ledger."""

    n: int
    kind: str
    lots: tuple[str, ...]
    hash: str

    @classmethod
    def of(cls, n: int, kind: str, lots: Iterable[str], entry_hash: str) -> "Leaf":
        """The leaf of a commit or seal about these lots (their ids)."""
        return cls(n, kind, tuple(sorted(map(lot_hash, lots))), entry_hash)

    def to_json(self) -> dict[str, Any]:
        """The object that is hashed."""
        return {"n": self.n, "kind": self.kind, "lots": list(self.lots), "hash": self.hash}

    def digest(self) -> bytes:
        """Its Merkle leaf hash."""
        return merkle.leaf_hash(canon(self.to_json()))


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """How many leaves there were, and the hex root over them: what receipts, sheets and exports carry."""

    size: int
    root: str

    def to_json(self) -> dict[str, Any]:
        """As `close` and head.json have it."""
        return {"size": self.size, "root": self.root}


def lot_hash(lot: str) -> str:
    """What the ledger says instead of a 标段's id."""
    return sha256(lot.encode()).hexdigest()


def document(leaves: Sequence[Leaf], own: Iterable[int], earlier: Iterable[int] = ()) -> dict[str, Any]:
    """ledger.json: the head over all leaves, with proofs.

    Of the `own` leaves that they are in it, and of `earlier` heads (sizes) that they are its prefixes.
    """
    digests = [leaf.digest() for leaf in leaves]
    return {
        "head": {"size": len(digests), "root": merkle.root(digests).hex()},
        "entries": [
            {"leaf": leaves[n].to_json(), "proof": _hex(merkle.inclusion_proof(digests, n))} for n in sorted(own)
        ],
        "earlier": [
            {
                "size": size,
                "root": merkle.root(digests[:size]).hex(),
                "proof": _hex(merkle.consistency_proof(digests, size)),
            }
            for size in sorted(set(earlier))
        ],
    }


class Proved:
    """What a ledger.json proves: its head, the earlier heads that are consistent with it, and where its entries stand."""

    def __init__(self, size: int, root: str) -> None:
        self.size, self.root = size, root
        self.heads = {size: root}
        self.places: list[int] = []
        self._nodes: dict[tuple[int, int], bytes] = {}  # (level, index) of full subtrees

    def root_of(self, size: int) -> str | None:
        """The root that the ledger had at that size, as far as the proofs show it."""
        if size in self.heads:
            return self.heads[size]
        if not 0 < size < self.size:
            return None
        peaks = [self._nodes.get((level, (size >> level) - 1)) for level in range(size.bit_length()) if size >> level & 1]
        found: bytes | None = None
        for peak in peaks:  # the smallest subtree, on the right, first
            if peak is None:
                return None
            found = peak if found is None else merkle.node_hash(peak, found)
        return None if found is None else found.hex()

    def include(self, leaf: bytes, n: int, proof: Sequence[bytes]) -> None:
        """Keep what a checked inclusion proof shows of the tree."""
        self.places.append(n)
        level, index, found, siblings = 0, n, leaf, iter(proof)
        while True:
            self._keep(level, index, found)
            if not (count := -(-self.size >> level)) > 1:
                return
            if index ^ 1 < count:
                sibling = next(siblings)
                self._keep(level, index ^ 1, sibling)
                found = merkle.node_hash(*((sibling, found) if index & 1 else (found, sibling)))
            level, index = level + 1, index >> 1

    def _keep(self, level: int, index: int, node: bytes) -> None:
        if (index + 1) << level <= self.size:
            self._nodes[level, index] = node


def check(document: Any, wanted: Sequence[Leaf]) -> Proved:
    """Whether the document proves exactly `wanted` (their n is taken from it). Raises ValueError with a Chinese message."""
    check_object({"head": _object, "entries": many(_object), "earlier": many(_object)}, document, "ledger")
    check_object(_HEAD, document["head"], "head")
    proved = Proved(document["head"]["size"], document["head"]["root"])
    root = bytes.fromhex(proved.root)
    if len(document["entries"]) != len(wanted):
        raise ValueError(f"台账应有本活动的 {len(wanted)} 条记录，实有 {len(document['entries'])} 条")
    last = -1
    for expected, entry in zip(wanted, document["entries"], strict=True):
        leaf, proof = _entry(entry)
        if leaf != Leaf(leaf.n, expected.kind, expected.lots, expected.hash):
            raise ValueError(f"台账第 {leaf.n} 条与记录 {expected.hash[:16]}… 不一致")
        if leaf.n <= last:
            raise ValueError(f"台账第 {leaf.n} 条次序颠倒")
        if not merkle.verify_inclusion(leaf.digest(), leaf.n, proved.size, proof, root):
            raise ValueError(f"台账第 {leaf.n} 条的包含证明不成立")
        last = leaf.n
        proved.include(leaf.digest(), leaf.n, proof)
    for head in document["earlier"]:
        check_object(_HEAD | {"proof": many(hex_hash)}, head, "earlier")
        proof = list(map(bytes.fromhex, head["proof"]))
        if not merkle.verify_consistency(head["size"], proved.size, bytes.fromhex(head["root"]), root, proof):
            raise ValueError(f"先前的台账头（{head['size']} 条）与现在的不一致")
        proved.heads[head["size"]] = head["root"]
    return proved


def _entry(entry: Any) -> tuple[Leaf, list[bytes]]:
    check_object({"leaf": _object, "proof": many(hex_hash)}, entry, "entry")
    check_object(_LEAF, entry["leaf"], "leaf")
    leaf = entry["leaf"]
    found = Leaf(leaf["n"], leaf["kind"], tuple(leaf["lots"]), leaf["hash"])
    return found, list(map(bytes.fromhex, entry["proof"]))


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [each.hex() for each in hashes]
