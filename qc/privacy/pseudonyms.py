"""Names for what may not be shown: the same customer or file gets the same few letters, which tell nothing without the
key.

A masked number alone does not tell customers apart (138****5678 may be ten thousand people), and a plain hash beside it
would tell who it is to whoever tries these ten thousand. So the letters are a keyed hash (HMAC-SHA256, RFC 2104). The
key is a file of this user's, made on first use and read by its owner only; without it a pseudonym leads nowhere, and
with another key the same customer has another one. Its digest is part of a run's plan, so that a run is never continued
with another key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

from qc.errors import UsageError, refusal
from qc.paths import make_private, pseudonym_file

_KEY_BYTES = 32
_HEX_DIGITS = 8
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_in_force: list[bytes] = []


def own_key() -> bytes:
    """The key of this user, or of `QC_KEY_FILE`; made where there is none.

    Raises UsageError when the file cannot be read or written, holds no key, or may be read by others.
    """
    return _read(pseudonym_file())


def use(key: bytes) -> None:
    """Make pseudonyms with `key` in this process: a worker on another machine has no file of its own."""
    _in_force[:] = [key]


def key_digest() -> str:
    """What stands for the key in a plan."""
    return hashlib.sha256(b"qc pseudonyms " + _key()).hexdigest()


def pseudonym(identifier: str) -> str:
    """Eight letters for `identifier`; masking leaves them alone."""
    digest = hmac.new(_key(), identifier.strip().encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return digest[:_HEX_DIGITS].translate(_LETTERS)


def _key() -> bytes:
    return _in_force[0] if _in_force else own_key()


@cache
def _read(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"化名钥匙 {path} 别人也能读", f"chmod 600 {path}；有它就能由化名反查号码。")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        why = refusal(error)
        raise UsageError(f"读写不了化名钥匙 {path}：{why}", "检查权限，或用环境变量 QC_KEY_FILE 换一个位置。") from None
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise UsageError(f"{path} 不是化名钥匙", "从备份恢复；删掉它会新建一把，此后同一客户的化名与以前不同。")
    return key


def _make(path: Path) -> None:
    """A key that is whole as soon as its name is there, and made once however many processes begin together."""
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
