"""Key pairs of the vault: X25519, in PEM as OpenSSL writes them (PKCS #8; SubjectPublicKeyInfo)."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from qc.errors import UsageError, refusal

PublicKey = X25519PublicKey
PrivateKey = X25519PrivateKey
PUBLIC_SUFFIX = ".pub"
_MOST_BYTES = 64 << 10
_FINGERPRINT = 16


class LockedKeyError(UsageError):
    """The private key is protected by a passphrase that was not given, or by another."""


def new_pair(path: Path, passphrase: str = "") -> tuple[Path, PublicKey]:
    """Write a new private key to `path` (0600) and its public key to `path`.pub; nothing is overwritten. Returns the
    public key and its file. Raises UsageError."""
    key = X25519PrivateKey.generate()
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    for file in (path, public):
        if file.exists() or file.is_symlink():
            raise UsageError(f"已有文件 {file}", "钥匙不覆盖：旧钥匙没了，用它封的就再也打不开。换一个名字。")
    try:
        _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection), 0o600)
        _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    except OSError as error:
        raise UsageError(f"写不了钥匙 {path}：{refusal(error)}", "检查目录与权限。") from None
    return public, key.public_key()


def read_public(path: Path) -> PublicKey:
    """The public key in a file. Raises UsageError; a private key is refused: it must not lie where the night runs."""
    text = _read(path)
    if b"PRIVATE KEY" in text:
        raise UsageError(f"{path} 是私钥", "运行批次只需要公钥（.pub）；私钥另外保管，不要放在跑批次的机器上。")
    try:
        return parse_public(text)
    except ValueError:
        raise UsageError(f"{path} 不是公钥", "用 qc vault key 生成，取其中的 .pub。") from None


def parse_public(text: bytes) -> PublicKey:
    """The public key in a PEM text. Raises ValueError when it is another kind of key, or none."""
    try:
        key = load_pem_public_key(text)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, X25519PublicKey):
        raise ValueError("no X25519 key")
    return key


def read_private(path: Path, passphrase: str = "") -> PrivateKey:
    """The private key in a file that nobody else may read. Raises LockedKeyError, UsageError."""
    text = _read(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            f"私钥 {path} 别人也能读", f"chmod 600 {path}；如果别人可能已经拷走，换一对钥匙（qc vault rekey）。"
        )
    try:
        key = load_pem_private_key(text, passphrase.encode() or None)
    except TypeError:
        raise LockedKeyError(f"私钥 {path} 有口令", "输入口令。") from None
    except (ValueError, UnsupportedAlgorithm):
        if b"ENCRYPTED" in text:
            raise LockedKeyError(f"私钥 {path} 的口令不对", "再输一次；口令没有别的办法找回。") from None
        raise UsageError(f"{path} 不是私钥", "应是 qc vault key 生成的那个不带 .pub 的文件。") from None
    if not isinstance(key, X25519PrivateKey):
        raise UsageError(f"{path} 不是 X25519 私钥", "应是 qc vault key 生成的那个不带 .pub 的文件。")
    return key


def fingerprint(key: PublicKey) -> str:
    """The beginning of the SHA-256 of the 32 bytes of a public key: enough to tell keys apart."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_FINGERPRINT]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"读不到钥匙 {path}：{refusal(error)}", "核对路径与权限。") from None
    if len(text) > _MOST_BYTES:
        raise UsageError(f"{path} 不是钥匙：太大", "用 qc vault key 生成。")
    return text


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
