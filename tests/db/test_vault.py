"""Sealing, finding again, and every master key that must not be used."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from db.blocking import transaction
from db.contexts import AVOIDED_NAME, COLUMNS, EXPERT_NAME, EXPERT_PHONE, MAIL_ADDRESS, POOL_BLOCK, Column
from db.keyfile import KeyFileRefused
from db.pool import Database
from db.vault import Signer, Undecipherable, Vault, VaultRefused, confirm, confirm_blocking
from tests.postgres import TestDatabase

NAME, PHONE = EXPERT_NAME.at(17), EXPERT_PHONE.at(17)
FORMER = bytes.fromhex("010158aedc612e6bf6d4313b7742c38e8351d7a3252ac2abb8f5ca3e20903cc6ab8f7fae614a94d630")
"""A number as layout 1 had it, under the key 00 01 02 …"""
SEALED = (
    "02016e53545227d1ca8f07041930f5b7507d165679e3ac46f8459b4464d71282c10012958d5dc086"
    "e67fdc6a93760b0a802a4050a216310e5607213c9695"
)
"""The same as layout 2 has it, in the row 17."""


def test_what_is_sealed_opens_in_its_own_row_and_column_only(vault: Vault) -> None:
    sealed = vault.encrypt("张三".encode(), NAME)
    assert vault.decrypt(sealed, NAME).decode() == "张三"
    assert "张三".encode() not in sealed
    assert sealed != vault.encrypt("张三".encode(), NAME)
    for other in (PHONE, EXPERT_NAME.at(18), EXPERT_NAME.at("17"), AVOIDED_NAME.at(17)):
        with pytest.raises(Undecipherable):
            vault.decrypt(sealed, other)


def test_no_two_places_have_the_same_context() -> None:
    assert len({(column.table, column.column) for column in COLUMNS}) == len(COLUMNS)
    places = [column.at(*["a"] * len(column.key)) for column in COLUMNS]
    places += [POOL_BLOCK.at("a", 1, 11), POOL_BLOCK.at("a", 11, 1)]
    places += [MAIL_ADDRESS.at("a", "b", 'c","d'), MAIL_ADDRESS.at("a", 'b","c', "d")]
    assert len({place.authenticated for place in places}) == len(places)
    with pytest.raises(ValueError, match="keyed by activity, draw, n"):
        POOL_BLOCK.at("a", 1)


def test_a_sealed_length_does_not_tell_a_names(vault: Vault) -> None:
    names = ["张三", "欧阳建国", "阿卜杜拉·买买提", "古丽巴哈尔·阿不都热依木"]
    assert len({len(vault.encrypt(name.encode(), NAME)) for name in names}) == 1
    assert len(vault.encrypt(b"13800138000", PHONE)) == len(vault.encrypt(b"075583186888", PHONE))


@given(st.binary(max_size=300), st.sampled_from(COLUMNS))
def test_whatever_is_sealed_comes_back(plain: bytes, column: Column) -> None:
    vault, context = Vault(bytes(32)), column.at(*[1] * len(column.key))
    sealed = vault.encrypt(plain, context)
    assert vault.decrypt(sealed, context) == plain
    assert (len(sealed) - 30) % column.step == 0


def test_any_altered_byte_is_noticed(vault: Vault) -> None:
    sealed = vault.encrypt(b"13800138000", PHONE)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(Undecipherable):
            vault.decrypt(bytes(altered), PHONE)
    for length in range(len(sealed)):
        with pytest.raises(Undecipherable):
            vault.decrypt(sealed[:length], PHONE)


def test_hashes_find_again_and_differ_by_kind_and_key(vault: Vault) -> None:
    phone = vault.keyed_hash("phone", "13800138000")
    assert phone == vault.keyed_hash("phone", "13800138000")
    assert (
        len(
            {
                phone,
                vault.keyed_hash("name", "13800138000"),
                Vault(bytes(32)).keyed_hash("phone", "13800138000"),
            }
        )
        == 3
    )


def test_derivation_never_changes() -> None:
    """Golden: another derivation would make every stored row unreadable."""
    vault = Vault(bytes(range(32)))
    assert vault.check_value.hex() == "acbd7d7f354109008446778a7b31bd9cca941d20ec9ab3b1c10a7fedddb358da"
    assert (
        vault.keyed_hash("phone", "13800138000").hex()
        == "b42ec9e1a64f13f449ccff0b1fe9af01a5c1a9ff3ac49d3a6a2e707d8e25625a"
    )
    assert vault.decrypt(bytes.fromhex(SEALED), PHONE) == b"13800138000"
    assert vault.decrypt_former(FORMER, PHONE) == b"13800138000"


def test_layout_1_opens_only_where_it_may_still_be() -> None:
    vault = Vault(bytes(range(32)))
    with pytest.raises(Undecipherable, match="not accepted"):
        vault.decrypt(FORMER, PHONE)
    vault.former_opens = True
    assert vault.decrypt(FORMER, PHONE) == b"13800138000"
    with pytest.raises(Undecipherable):
        vault.decrypt(FORMER, NAME)
    with pytest.raises(Undecipherable):
        vault.decrypt_former(vault.encrypt(b"13800138000", PHONE), PHONE)


@given(st.binary(max_size=200), st.integers(-(2**63), 2**63 - 1), st.sampled_from([EXPERT_NAME, EXPERT_PHONE]))
def test_an_opener_of_many_does_what_decrypt_does(plain: bytes, row: int, column: Column) -> None:
    vault = Vault(bytes(range(32)))
    opened, sealed = vault.opener(column), vault.encrypt(plain, column.at(row))
    assert opened([sealed, sealed], [row, row]) == [vault.decrypt(sealed, column.at(row)), plain] == [plain, plain]
    assert opened([], []) == []
    former, later = b"\1" + sealed[1:], sealed[:1] + b"\2" + sealed[2:]
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for altered, where in ((sealed, row ^ 1), *((value, row) for value in (flipped, sealed[:13], b"", former, later))):
        for beside in ((), ((b"", row),)):  # the first that does not open is told of
            values = [(sealed, row), (altered, where), *beside]
            with pytest.raises(Undecipherable) as refused:
                opened(*zip(*values, strict=True))
            with pytest.raises(Undecipherable) as one:
                vault.decrypt(altered, column.at(where))
            assert str(refused.value) == str(one.value)


def test_an_opener_takes_layout_1_where_decrypt_does() -> None:
    vault = Vault(bytes(range(32)))
    opened = vault.opener(EXPERT_PHONE)
    present = vault.encrypt(b"1", EXPERT_PHONE.at(18))
    with pytest.raises(Undecipherable):
        opened([present, FORMER], [18, 17])
    vault.former_opens = True
    assert opened([present, FORMER], [18, 17]) == [b"1", vault.decrypt(FORMER, PHONE)]


def test_a_key_file_is_made_once_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = Vault.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.open(path).check_value == made.check_value
    with pytest.raises(KeyFileRefused, match="exists already"):
        Vault.create(path)


def test_a_key_never_shows(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    vault = Vault.create(path)
    key = path.read_text().strip()
    assert key not in f"{vault!r} {vault}"
    with pytest.raises(TypeError, match="open it again"):
        pickle.dumps(vault)
    with pytest.raises(TypeError, match="open it again"):
        pickle.dumps(Signer.create(tmp_path / "service.key", vault))


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        ("00" * 32, 0o640, "chmod 600"),
        ("00" * 32, 0o604, "chmod 600"),
        ("00" * 32, 0o620, "chmod 600"),
        ("00" * 31, 0o600, "64 hex digits"),
        ("00" * 33, 0o600, "64 hex digits"),
        ("zz" * 32, 0o600, "64 hex digits"),
        ("", 0o600, "64 hex digits"),
        ("钥匙", 0o600, "64 hex digits"),
    ],
)
def test_refused_files(tmp_path: Path, content: str, mode: int, message: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(KeyFileRefused, match=message) as caught:
        Vault.open(path)
    assert str(path) in str(caught.value)
    assert "00" * 31 not in str(caught.value)


def test_only_a_regular_file_will_do(tmp_path: Path) -> None:
    Vault.create(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, message in [
        ("link", "symbolic"),
        ("pipe", "regular"),
        (".", "regular"),
        ("none", "does not exist"),
    ]:
        with pytest.raises(KeyFileRefused, match=message):
            Vault.open(tmp_path / name)
    with pytest.raises(KeyFileRefused, match="make its folder"):
        Vault.create(tmp_path / "no" / "folder")


def test_the_signer_is_sealed_by_the_vault(tmp_path: Path, vault: Vault) -> None:
    path = tmp_path / "service.key"
    signer = Signer.create(path, vault)
    assert path.stat().st_mode & 0o777 == 0o600
    again = Signer.open(path, vault)
    assert (again.fingerprint, again.public_pem) == (signer.fingerprint, signer.public_pem)
    public = load_pem_public_key(again.public_pem.encode())
    public.verify(again.sign(b"entry"), b"entry")  # type: ignore[union-attr,call-arg]
    with pytest.raises(InvalidSignature):
        public.verify(again.sign(b"entry"), b"other")  # type: ignore[union-attr,call-arg]
    with pytest.raises(KeyFileRefused, match="sealed by this master key"):
        Signer.open(path, Vault(bytes(32)))
    with pytest.raises(KeyFileRefused, match="exists already"):
        Signer.create(path, vault)


@pytest.mark.postgres
async def test_a_database_remembers_its_master_key(db: Database, database: TestDatabase, vault: Vault) -> None:
    await confirm(vault, db)
    await confirm(vault, db)
    stranger = Vault(bytes(32))
    with pytest.raises(VaultRefused, match="another master key"):
        await confirm(stranger, db)
    with transaction(database.dsn) as tx:
        confirm_blocking(vault, tx)
        with pytest.raises(VaultRefused, match="restore"):
            confirm_blocking(stranger, tx)
