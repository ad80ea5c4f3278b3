"""The tree against RFC 9162's own definition and the public Certificate Transparency vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    Head,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    range_hash,
    verify_consistency,
    verify_inclusion,
)

# The reference inputs, roots and proofs that Certificate Transparency's implementations share.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = [
    (0, 1, []),
    (0, 2, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"]),
    (1, 2, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
CONSISTENCIES = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]

SIZES = st.integers(min_value=1, max_value=70)


def naive_root(entries: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


def over(entries: list[bytes]):
    return lambda start, stop: naive_root(entries[start:stop])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_public_vectors(size):
    frontier = Frontier()
    for entry in INPUTS[:size]:
        frontier.append(leaf_hash(entry))
    assert frontier.head() == Head(size, bytes.fromhex(ROOTS[size]))
    assert range_hash(0, size, over(INPUTS)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_inclusion_proofs_are_those_of_the_public_vectors(index, size, proof):
    assert [node.hex() for node in inclusion_proof(index, size, over(INPUTS))] == proof
    nodes = [bytes.fromhex(text) for text in proof]
    assert verify_inclusion(leaf_hash(INPUTS[index]), index, Head(size, bytes.fromhex(ROOTS[size])), nodes)


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCIES)
def test_consistency_proofs_are_those_of_the_public_vectors(first, second, proof):
    assert [node.hex() for node in consistency_proof(first, second, over(INPUTS))] == proof
    heads = [Head(size, bytes.fromhex(ROOTS[size])) for size in (first, second)]
    assert verify_consistency(*heads, [bytes.fromhex(text) for text in proof])


@given(st.integers(min_value=0, max_value=300))
def test_the_growing_edge_has_the_root_of_the_definition_and_survives_storage(size):
    frontier = Frontier()
    completed = {}
    for entry in entries_of(size):
        for level, place, node in frontier.append(leaf_hash(entry)):
            completed[level, place] = node
    assert frontier.root() == naive_root(entries_of(size))
    assert Frontier.from_bytes(size, frontier.to_bytes()).head() == frontier.head()
    assert set(completed) == {(level, place) for level in range(1, 10) for place in range(size >> level)}
    for (level, place), node in completed.items():
        assert node == naive_root(entries_of(size)[place << level : (place + 1) << level])


@given(SIZES, st.data())
def test_an_inclusion_proof_shows_its_own_leaf_and_no_other(size, data):
    entries = entries_of(size)
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    head = Head(size, naive_root(entries))
    proof = inclusion_proof(index, size, over(entries))
    leaf = leaf_hash(entries[index])
    assert verify_inclusion(leaf, index, head, proof)
    assert not verify_inclusion(leaf_hash(b"forged"), index, head, proof)
    assert not verify_inclusion(leaf, index, Head(size, EMPTY_ROOT), proof)
    assert not verify_inclusion(leaf, index, head, [*proof, leaf])
    other = data.draw(st.integers(min_value=-1, max_value=size + 1))
    assert verify_inclusion(leaf, other, head, proof) == (other == index)
    if proof:
        assert not verify_inclusion(leaf, index, head, proof[:-1])
        cut = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
        assert not verify_inclusion(leaf, index, head, [*proof[:cut], node_hash(leaf, leaf), *proof[cut + 1 :]])


@given(SIZES, SIZES, st.data())
def test_a_consistency_proof_shows_a_beginning_and_nothing_else(one, two, data):
    first, second = sorted((one, two))
    entries = entries_of(second)
    old, new = Head(first, naive_root(entries[:first])), Head(second, naive_root(entries))
    proof = consistency_proof(first, second, over(entries))
    assert verify_consistency(old, new, proof)
    forged = Head(first, naive_root([b"forged", *entries[1:first]]))
    assert not verify_consistency(forged, new, proof)
    assert not verify_consistency(old, Head(second, forged.root), proof)
    assert not verify_consistency(old, new, [*proof, new.root])
    if proof:
        assert not verify_consistency(old, new, proof[:-1])
        cut = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
        assert not verify_consistency(old, new, [*proof[:cut], EMPTY_ROOT, *proof[cut + 1 :]])


def test_proofs_are_refused_where_there_is_nothing_to_prove():
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_proof(index, size, over(INPUTS))
    for first, second in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="consistency"):
            consistency_proof(first, second, over(INPUTS))
    assert not verify_consistency(Head(0, EMPTY_ROOT), Head(1, bytes.fromhex(ROOTS[1])), [])


def test_a_stored_edge_of_the_wrong_length_is_refused():
    for size, data in ((3, b"\x00" * 32), (4, b""), (4, b"\x00" * 33)):
        with pytest.raises(ValueError, match="frontier"):
            Frontier.from_bytes(size, data)
