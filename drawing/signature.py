"""The service's Ed25519 key as evidence has it: service.pub, a PEM SubjectPublicKeyInfo (RFC 8410)."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

_PREFIX = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519, before the 32 raw bytes
_BEGIN, _END = b"-----BEGIN PUBLIC KEY-----\n", b"\n-----END PUBLIC KEY-----\n"


def public_pem(raw: bytes) -> bytes:
    """service.pub of a raw public key of 32 bytes."""
    return _BEGIN + b64encode(_PREFIX + raw) + _END


def raw_key(pem: bytes) -> bytes:
    """The 32 raw bytes of service.pub; raises ValueError unless it is exactly what `public_pem` writes."""
    try:
        der = b64decode(pem.removeprefix(_BEGIN).removesuffix(_END), validate=True)
    except ValueError as error:
        raise ValueError("service.pub 不是 PEM 格式的公钥") from error
    raw = der[len(_PREFIX) :]
    if len(raw) != 32 or public_pem(raw) != pem:
        raise ValueError("service.pub 不是 Ed25519 公钥")
    return raw


def key_fingerprint(pem: bytes) -> str:
    """hex SHA-256 of the key's DER: what a supervisor notes once and gives as --key."""
    return sha256(_PREFIX + raw_key(pem)).hexdigest()


def checker(pem: bytes) -> Callable[[bytes, bytes], bool] | None:
    """What checks (signature, message), or None where `cryptography` is not installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    key = Ed25519PublicKey.from_public_bytes(raw_key(pem))

    def check(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return check
