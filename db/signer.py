"""The service's own Ed25519 key (RFC 8032), which signs every entry of a transcript.

It lies in a file beside the master key, sealed by the vault. It is made once: who loses it can't sign any
more as the same service, and its fingerprint is what supervisors compare.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from db.keyfile import KeyFileRefused, read_key_file, write_key_file
from db.vault import Undecipherable, Vault

_PURPOSE = "service signing key"


class Signer:
    """Signs; shows only its public half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.__key = key

    @classmethod
    def create(cls, path: Path, vault: Vault) -> Signer:
        """A new key in a new file (mode 0600), sealed by the vault. KeyFileRefused if something is there
        already.
        """
        key = Ed25519PrivateKey.generate()
        sealed = vault.encrypt(key.private_bytes_raw(), _PURPOSE)
        write_key_file(path, base64.b64encode(sealed).decode())
        return cls(key)

    @classmethod
    def open(cls, path: Path, vault: Vault) -> Signer:
        """The key of an existing file. KeyFileRefused says what is wrong with the file and what to do."""
        line = read_key_file(path, create_hint="make one with Signer.create only before the first draw")
        try:
            raw = vault.decrypt(base64.b64decode(line, validate=True), _PURPOSE)
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
