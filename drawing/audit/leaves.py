"""The ledger from its first leaf on, and every head of it that was given out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from drawing import merkle
from drawing.audit.findings import Finding, Kind
from drawing.ledger import Leaf


class Given(NamedTuple):
    """A head that somebody outside has."""

    activity: str
    size: int
    root: str


class Tree:
    """The root of a growing RFC 6962 tree, from its whole subtrees alone.

    >>> leaves = [merkle.leaf_hash(bytes([n])) for n in range(11)]
    >>> tree = Tree()
    >>> for leaf in leaves: tree.add(leaf)
    >>> tree.root() == merkle.root(leaves), len(tree.whole)
    (True, 3)
    """

    def __init__(self) -> None:
        self.size = 0
        self.whole: list[bytes] = []  # one for each bit of the size, the largest first

    def add(self, leaf: bytes) -> None:
        """One more leaf hash."""
        self.size, rest = self.size + 1, self.size
        while rest & 1:
            leaf, rest = merkle.node_hash(self.whole.pop(), leaf), rest >> 1
        self.whole.append(leaf)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.whole:
            return merkle.root([])
        found = self.whole[-1]
        for left in reversed(self.whole[:-1]):
            found = merkle.node_hash(left, found)
        return found


class LedgerCheck:
    """Takes the leaves in order, in batches, each with the heads whose size lies in it."""

    def __init__(self) -> None:
        self.tree = Tree()

    def add(self, leaves: Iterable[Leaf], given: Iterable[Given]) -> Iterator[Finding]:
        """What is wrong with this batch."""
        heads: dict[int, list[Given]] = {}
        for head in given:
            heads.setdefault(head.size, []).append(head)
        for leaf in leaves:
            if leaf.n != self.tree.size:
                yield Finding(
                    Kind.LEDGER_GAP, f"ledger #{self.tree.size}", f"台账应为第 {self.tree.size} 条，实为第 {leaf.n} 条"
                )
                return
            self.tree.add(leaf.digest())
            for head in heads.pop(self.tree.size, ()):
                if head.root != self.tree.root().hex():
                    yield _differs(head, "与现在的台账不一致")

    def too_large(self, given: Iterable[Given]) -> Iterator[Finding]:
        """Heads beyond the ledger's end: it was cut."""
        for head in given:
            yield _differs(head, f"而台账只有 {self.tree.size} 条：末尾被删去")


def _differs(head: Given, how: str) -> Finding:
    return Finding(Kind.HEAD_DIFFERS, head.activity, f"曾给出的台账头（{head.size} 条）{how}")
