"""Merkle trees of RFC 6962: leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right), none
= SHA-256("").

RFC 6962 splits n leaves at the largest power of two below n. Pairing neighbours level by level and carrying
an odd last one upwards gives the same tree: every left subtree of the split is a full power of two, so no
pair ever crosses a split; a million leaves then need a loop and no recursion.

Proofs are lists of 32-byte hashes, as RFC 6962 section 2.1 orders them; checking them follows RFC 9162
section 2.1.

>>> leaves = [leaf_hash(bytes([i])) for i in range(5)]
>>> verify_inclusion(leaves[4], 4, 5, inclusion_proof(leaves, 4), root(leaves))
True
>>> verify_consistency(3, 5, root(leaves[:3]), root(leaves), consistency_proof(leaves, 3))
True
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def grown(peaks: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """The peaks of the tree with one more leaf hash. Peaks are the roots of the perfect subtrees of a tree of `size`, the largest
    first: with them a tree grows without a look at its leaves.

    >>> leaves, peaks = [leaf_hash(bytes([i])) for i in range(5)], []
    >>> for size, leaf in enumerate(leaves):
    ...     peaks = grown(peaks, size, leaf)
    >>> len(peaks), root_of(peaks) == root(leaves)
    (2, True)
    """
    before = list(peaks)
    while size & 1:
        leaf, size = node_hash(before.pop(), leaf), size >> 1
    return [*before, leaf]


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root over a tree's peaks."""
    if not peaks:
        return root(())
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found
class Growing:
    """A root over leaf hashes that come one by one; keeps one hash for each level.

    >>> growing = Growing()
    >>> for i in range(5):
    ...     growing.add(leaf_hash(bytes([i])))
    >>> growing.root() == root([leaf_hash(bytes([i])) for i in range(5)])
    True
    """

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the next leaf's hash."""
        self._peaks = grown(self._peaks, self._size, leaf)
        self._size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return root_of(self._peaks)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the leaf at `index` (from 0), bottom up. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    path, level = [], list(leaves)
    while len(level) > 1:
        if (sibling := index ^ 1) < len(level):
            path.append(level[sibling])
        level, index = _parents(level), index // 2
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether `proof` shows that the leaf hash stands at `index` of the tree of `size` under root `head`."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == head


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the tree over the first `old_size` leaves is a prefix of this one. Raises ValueError."""
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"no tree of {old_size} inside one of {len(leaves)}")
    return _subproof(old_size, leaves, whole=True)


def verify_consistency(old_size: int, size: int, old_root: bytes, head: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree (old_size, old_root) is a prefix of (size, head)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == head
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old, new = path[0], path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == head


def _parents(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    if len(level) % 2:
        above.append(level[-1])
    return above


def _subproof(old: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(old, leaves[:split], whole), root(leaves[split:])]
    return [*_subproof(old - split, leaves[split:], whole=False), root(leaves[:split])]
