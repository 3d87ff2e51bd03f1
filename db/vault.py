"""Personal data at rest: AES-256-GCM under a master key that lives in a file of its own, outside the
database.

A sealed value is  layout (1 byte) ‖ key id (1 byte) ‖ nonce (12) ‖ ciphertext and tag (NIST SP 800-38D);
layout and key id are there so that keys can be rotated. Layout 2 authenticates both and the value's context
(db.contexts: table, column, row), so that it opens in its own row only, and pads the plain text (ISO/IEC
7816-4: 0x80, then zeros up to a multiple of the column's step), so that a sealed length does not tell a name's.
Layout 1 authenticated the column alone: it opens only in a database that db.reseal has not finished with.

Sealed values are found again by keyed hash: HMAC-SHA-256 under a key per kind. All keys come from the master
key by HKDF-SHA-256 (RFC 5869). No key is ever shown, logged or pickled.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from db.blocking import BlockingTransaction
from db.contexts import SIGNING_KEY, Column, Context
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused, read_key_file, write_key_file
from db.pool import Database

KEY_BYTES = 32
_NONCE_BYTES = 12
LAYOUT = 2
_HEAD, _FORMER_HEAD = bytes([LAYOUT, 1]), bytes([1, 1])  # layout, key id
_BODY = len(_HEAD) + _NONCE_BYTES
_MARK = b"\x80"
_INSERT_CHECK = "INSERT INTO vault (check_value) VALUES (%(value)s) ON CONFLICT DO NOTHING"
_SELECT_CHECK = "SELECT check_value, resealed_at IS NOT NULL AS resealed FROM vault"


class VaultRefused(KeyFileRefused):
    """The master key may not be used, or is not the one that this database was written with."""


class Undecipherable(Exception):
    """A sealed value does not open: altered, of another row or column, of a refused layout, or sealed by another key."""


class Vault:
    """Seals, opens and hashes. Cheap to use, safe to share between threads, not to be pickled (reopen it
    instead).

    former_opens: whether `decrypt` takes layout 1. `confirm` sets it for a database that db.reseal has not finished with.
    """

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise VaultRefused(f"a master key has {KEY_BYTES} bytes, not {len(master)}")
        self.__master = master
        self.__cipher = AESGCM(self.__derive("seal/1"))
        self.__hash_keys: dict[str, hmac.HMAC] = {}
        self.former_opens = False

    @classmethod
    def create(cls, path: Path) -> Vault:
        """A new random master key in a new file, mode 0600. KeyFileRefused if something is there already."""
        master = os.urandom(KEY_BYTES)
        write_key_file(path, master.hex())
        return cls(master)

    @classmethod
    def open(cls, path: Path) -> Vault:
        """The vault of an existing file. KeyFileRefused says what is wrong with the file and what to do."""
        text = read_key_file(path, create_hint="make one with Vault.create only for a new, empty database")
        try:
            master = bytes.fromhex(text)
        except ValueError:
            master = b""
        if len(master) != KEY_BYTES:
            wanted = f"{2 * KEY_BYTES} hex digits"
            raise VaultRefused(f"{path} does not hold a master key ({wanted}): restore the file from its backup")
        return cls(master)

    def encrypt(self, plain: bytes, context: Context) -> bytes:
        """Seal `plain`; only `decrypt` with the same context opens it. The same text never looks the same
        twice.
        """
        nonce, padded = os.urandom(_NONCE_BYTES), _pad(plain, context.column.step)
        return _HEAD + nonce + self.__cipher.encrypt(nonce, padded, _HEAD + context.authenticated)

    def decrypt(self, sealed: bytes, context: Context) -> bytes:
        """What was sealed for this context; Undecipherable if it does not open."""
        if not sealed.startswith(_HEAD):
            if self.former_opens and sealed.startswith(_FORMER_HEAD):
                return self.decrypt_former(sealed, context)
            raise Undecipherable(f"sealed {context}: its layout or key id is not accepted")
        try:
            padded = self.__cipher.decrypt(sealed[2:_BODY], sealed[_BODY:], _HEAD + context.authenticated)
        except (InvalidTag, ValueError):
            raise Undecipherable(f"sealed {context}: altered, or of another row, column or key") from None
        return padded.rstrip(b"\0").removesuffix(_MARK)

    def opener(self, column: Column) -> Callable[[Sequence[bytes], Sequence[int]], list[bytes]]:
        """`decrypt` for many values of one column whose rows are keyed by one number: the same results, in a third of the time. The
        error is that of the first value that does not open.
        """
        open_one, place = self.__cipher.decrypt, column.place

        def opened(sealed: Sequence[bytes], rows: Sequence[int]) -> list[bytes]:
            try:  # what a value begins with is authenticated as it stands, so that only the present layout opens
                padded = [
                    open_one(value[2:_BODY], value[_BODY:], b"%b%b,%d]" % (value[:2], place, row))
                    for value, row in zip(sealed, rows, strict=True)
                ]
            except (InvalidTag, ValueError):  # or a value of layout 1
                return [self.decrypt(value, column.at(row)) for value, row in zip(sealed, rows, strict=True)]
            return [one.rstrip(b"\0").removesuffix(_MARK) for one in padded]

        return opened

    def decrypt_former(self, sealed: bytes, context: Context) -> bytes:
        """A value of layout 1, which opens in every row of its column: for what moves it to layout 2, and for the key file."""
        if not sealed.startswith(_FORMER_HEAD):
            raise Undecipherable(f"sealed {context}: not of layout 1")
        try:
            return self.__cipher.decrypt(sealed[2:_BODY], sealed[_BODY:], context.former)
        except (InvalidTag, ValueError):
            raise Undecipherable(f"sealed {context}: altered, or of another column or key") from None

    def keyed_hash(self, kind: str, text: str) -> bytes:
        """HMAC-SHA-256 of `text` under the key of this kind: equal texts are found without being readable."""
        keyed = self.__hash_keys.get(kind)
        if keyed is None:
            keyed = self.__hash_keys[kind] = hmac.new(self.__derive(f"hash/1/{kind}"), digestmod=sha256)
        one = keyed.copy()
        one.update(text.encode())
        return one.digest()

    @property
    def check_value(self) -> bytes:
        """Tells two master keys apart, and nothing else: it is stored beside the data."""
        return self.__derive("check/1")

    def __derive(self, info: str) -> bytes:
        # The master key is uniformly random, so that the extract step has nothing to do (RFC 5869, 3.3).
        return HKDFExpand(SHA256(), KEY_BYTES, b"expertline " + info.encode()).derive(self.__master)

    def __repr__(self) -> str:
        return "<Vault>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is not pickled: open it again from its file")


class Signer:
    """The service's own Ed25519 key (RFC 8032), which signs every entry of a transcript; shows only its
    public half.

    It lies in a file beside the master key, sealed by the vault, and is made once: who loses it can't
    sign any more as the same service, and its fingerprint is what supervisors compare.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.__key = key

    @classmethod
    def create(cls, path: Path, vault: Vault) -> Signer:
        """A new key in a new file (mode 0600), sealed by the vault. KeyFileRefused if something is there
        already.
        """
        key = Ed25519PrivateKey.generate()
        sealed = vault.encrypt(key.private_bytes_raw(), SIGNING_KEY.at())
        write_key_file(path, base64.b64encode(sealed).decode())
        return cls(key)

    @classmethod
    def open(cls, path: Path, vault: Vault) -> Signer:
        """The key of an existing file. KeyFileRefused says what is wrong with the file and what to do."""
        line = read_key_file(path, create_hint="make one with Signer.create only before the first draw")
        try:
            sealed = base64.b64decode(line, validate=True)
            former = sealed.startswith(_FORMER_HEAD)  # made before there was layout 2; there is no other row to take it from
            raw = (vault.decrypt_former if former else vault.decrypt)(sealed, SIGNING_KEY.at())
        except (Undecipherable, binascii.Error):
            raise KeyFileRefused(
                f"{path} is not a signing key sealed by this master key: restore both files from one backup"
            ) from None
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self.__key.sign(message)

    @property
    def public_pem(self) -> str:
        """SubjectPublicKeyInfo as PEM: `service.pub` of the evidence."""
        return self.__key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the DER form of the public key: of what stands, base64, between the PEM's lines."""
        der = self.__key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(der).hexdigest()

    def __repr__(self) -> str:
        return f"<Signer {self.fingerprint[:16]}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not pickled: open it again from its file")


async def confirm(vault: Vault, database: Database) -> None:
    """VaultRefused if this database was written with another master key; a new database remembers this one. Then the vault
    knows whether values of layout 1 may still be there.
    """
    if await database.value(_SELECT_CHECK) is None:
        await database.run(_INSERT_CHECK, {"value": vault.check_value})
    _compare(vault, await database.one(_SELECT_CHECK))


async def watch(vault: Vault, database: Database, every: float = 2.0) -> None:
    """Return once layout 1 is refused: for a service that is running while db.reseal is. `every`: seconds between looks."""
    while vault.former_opens:
        await asyncio.sleep(every)
        with contextlib.suppress(DatabaseError):  # whoever needs the database says so
            await confirm(vault, database)


def confirm_blocking(vault: Vault, tx: BlockingTransaction) -> None:
    """As `confirm`, inside an import's transaction."""
    if tx.value(_SELECT_CHECK) is None:
        tx.run(_INSERT_CHECK, {"value": vault.check_value})
    _compare(vault, tx.one(_SELECT_CHECK))


def _compare(vault: Vault, row: Any) -> None:
    if not hmac.compare_digest(bytes(row.check_value), vault.check_value):
        raise VaultRefused(
            "the master key's check value does not fit: this database was written with another master key; "
            "restore that key's file from its backup, or connect to the right database"
        )
    vault.former_opens = not row.resealed


def _pad(plain: bytes, step: int) -> bytes:
    """
    >>> _pad(b"ab", 4), _pad(b"abcd", 4)
    (b'ab\\x80\\x00', b'abcd\\x80\\x00\\x00\\x00')
    """
    return plain + _MARK + bytes(-(len(plain) + 1) % step)
