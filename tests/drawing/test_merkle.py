"""Against RFC 6962, section 2.1, written down as it stands there."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import merkle

trees = st.integers(1, 70).map(lambda n: [merkle.leaf_hash(b"%d" % i) for i in range(n)])


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if m < split:
        return [*path(m, leaves[:split]), mth(leaves[split:])]
    return [*path(m - split, leaves[split:]), mth(leaves[:split])]


def test_no_leaf() -> None:
    assert merkle.root([]) == sha256(b"").digest()


@given(trees, st.data())
def test_root_and_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle.inclusion_proof(leaves, index)
    assert (merkle.root(leaves), proof) == (mth(leaves), path(index, leaves))
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), proof, mth(leaves))


@given(trees, st.data())
def test_a_false_inclusion_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, head, size = merkle.inclusion_proof(leaves, index), merkle.root(leaves), len(leaves)
    other = merkle.leaf_hash(b"other")
    assert not merkle.verify_inclusion(other, index, size, proof, head)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, other], head)
    assert not merkle.verify_inclusion(leaves[index], size, size, proof, head)
    if proof:
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], head)
        assert not merkle.verify_inclusion(leaves[index], index ^ 1, size, proof, head)


@given(trees, st.data())
def test_consistency(leaves: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(leaves)))
    proof, before, head = merkle.consistency_proof(leaves, old), mth(leaves[:old]), mth(leaves)
    assert merkle.verify_consistency(old, len(leaves), before, head, proof)
    other = merkle.leaf_hash(b"other")
    assert not merkle.verify_consistency(old, len(leaves), other, head, proof)
    assert not merkle.verify_consistency(old, len(leaves), before, other, proof)
    assert not merkle.verify_consistency(old, len(leaves), before, head, [*proof, other])


def test_no_such_leaf_and_no_such_tree() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof([b""], 1)
    with pytest.raises(ValueError):
        merkle.consistency_proof([b""], 0)
