"""Targets: keys, the vault, and what is looked through for personal data."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from qc.privacy.contents import Skipped
from qc.privacy.leaks import Known, leaks, read_known
from tests.fuzz.target import SPEECH, Target

if TYPE_CHECKING:
    from qc.privacy.keys import PrivateKey

_SECRET = bytes(range(32))


def public_key(data: bytes, folder: Path) -> Iterator[str]:
    from qc.privacy.keys import read_public

    (folder / "a.pub").write_bytes(data)
    read_public(folder / "a.pub")
    yield from ()


def private_key(data: bytes, folder: Path) -> Iterator[str]:
    from qc.privacy.keys import read_private

    (folder / "a").write_bytes(data)
    (folder / "a").chmod(0o600)
    read_private(folder / "a", "暗号")
    yield from ()


def pseudonym_key(data: bytes, folder: Path) -> Iterator[str]:
    from qc.privacy.pseudonyms import _read, own_key

    _read.cache_clear()
    (folder / "a.key").write_bytes(data)
    (folder / "a.key").chmod(0o600)
    with patch.dict("os.environ", {"QC_KEY_FILE": str(folder / "a.key")}):
        assert len(own_key()) == 32
    yield from ()


def vault_file(data: bytes, folder: Path) -> Iterator[str]:
    """All that is done to a file of a vault: looked into, opened, sealed to another key, made to forget."""
    from qc.errors import UsageError
    from qc.privacy.vault import rekey, reveal
    from qc.privacy.vault_file import forget, vault_file, vault_files

    file = vault_file(folder, 0)
    file.parent.mkdir()
    file.write_bytes(data)
    assert vault_files(folder) == [file]
    for use in (
        lambda: reveal(folder, "c1", _key()),
        lambda: rekey(folder, _key(), _key().public_key()),
        lambda: forget(folder, ["c1"]),
    ):
        try:
            use()
        except UsageError as error:
            yield error.render()


@cache
def _key() -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(_SECRET)


def vault_record(data: bytes, folder: Path) -> Iterator[str]:
    """What somebody who has the public key may have sealed: opened by the right key, it is the data."""
    yield from _opened(zlib.compress(data), folder)


def vault_packed(data: bytes, folder: Path) -> Iterator[str]:
    """As `vault_record`; the data is what should be compressed."""
    yield from _opened(data, folder)


def _opened(clear: bytes, folder: Path) -> Iterator[str]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from qc.privacy.keys import fingerprint
    from qc.privacy.vault import _nonce, _sealed, reveal
    from qc.privacy.vault_file import Header, vault_file, write_vault

    public = _key().public_key()
    header = Header(recipient=fingerprint(public), plan="ab", shard=0, records=1, sealed_key="")
    record = _nonce(0) + AESGCM(_SECRET).encrypt(_nonce(0), clear, b"c1")
    write_vault(vault_file(folder, 0), _sealed(header, _SECRET, public), [(b"c1", record)])
    assert isinstance(reveal(folder, "c1", _key()), dict)
    yield from ()


def leak_check(data: bytes, folder: Path) -> Iterator[str]:
    """Anything may lie among what is looked through."""
    (folder / "a").write_bytes(data)
    for found in leaks([folder / "a"], _known()):
        if isinstance(found, Skipped):
            yield found.reason
        else:
            assert found.number >= 0
            yield found.excerpt


@cache
def _known() -> Known:
    return Known(["王小明", "13800138000", SPEECH])


def known_values(suffix: str) -> Callable[[bytes, Path], Iterator[str]]:
    def run(data: bytes, folder: Path) -> Iterator[str]:
        file = folder / f"a{suffix}"
        file.write_bytes(data)
        known = read_known(file, None)
        list(known.in_digits("0001380013800099"))
        list(known.in_text("王小明"))
        yield from ()

    return run


TARGETS = (
    Target(name="public_key", run=public_key),
    Target(name="private_key", run=private_key),
    Target(name="pseudonym_key", run=pseudonym_key),
    Target(name="vault_file", run=vault_file, ready=_key),
    Target(name="vault_record", run=vault_record, ready=_key),
    Target(name="vault_packed", run=vault_packed, ready=_key),
    Target(name="leak_check", run=leak_check, ready=_known),
    Target(name="known_values", run=known_values(".txt")),
    Target(name="known_table", run=known_values(".csv")),
)
