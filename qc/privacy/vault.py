"""The vault: what masking took away, sealed so that the machine that writes it cannot read it.

The night's job knows a public key only. Each shard's conversations, as they were before masking, are sealed into one
file RUN/vault/NNNNN.vault: a fresh key of 256 bits per file, sealed to the public key by HPKE (RFC 9180: X25519,
HKDF-SHA256, AES-256-GCM), and each conversation by AES-256-GCM under that key, with its number as the nonce and its id
authenticated. The file's key is bound to plan and shard, so that no file passes for another's. Who holds the private
key opens one conversation without the others. Another key pair (`rekey`) seals the small file keys again, not the
conversations.

Why not Parquet's modular encryption: its writer holds the key it writes with, so the night's machine could read. Why
not Fernet: symmetric, the same. Nothing is ever in clear on the disk here. Ids that stand beside the sealed records are
those of the tables (masked).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from qc.domain.conversation import Conversation
from qc.errors import UsageError
from qc.privacy.keys import PrivateKey, PublicKey, fingerprint
from qc.privacy.vault_file import Header, damaged, read_header, records_of, vault_file, vault_files, write_vault

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_NONCE = 12
_MOST_OPENED = 1 << 30
"""Bytes of one conversation, opened: what is longer is damage."""


def seal_shard(
    run: Path, plan: str, shard: int, conversations: Sequence[Conversation], ids: Sequence[str], key: PublicKey
) -> Path:
    """Write the vault file of a shard, whole or not at all, in place of an earlier one. `ids`: of the conversations, as
    the tables have them; the conversations are as they were before masking."""
    secret = AESGCM.generate_key(256)
    header = Header(recipient=fingerprint(key), plan=plan, shard=shard, records=len(conversations), sealed_key="")
    header = _sealed(header, secret, key)
    path = vault_file(run, shard)
    cipher = AESGCM(secret)

    def records() -> Iterator[tuple[bytes, bytes]]:
        for number, (identifier, conversation) in enumerate(zip(ids, conversations, strict=True)):
            text = json.dumps(_plain(conversation), ensure_ascii=False)
            name, nonce = identifier.encode("utf-8", "surrogatepass"), _nonce(number)
            clear = zlib.compress(text.encode("utf-8", "surrogatepass"))
            yield name, nonce + cipher.encrypt(nonce, clear, name)

    write_vault(path, header, records())
    return path


def reveal(run: Path, identifier: str, key: PrivateKey) -> dict[str, object]:
    """The conversation `identifier` (as the tables have it) of `run` as it was before masking: id, source, meta, turns.

    Raises UsageError: no vault, no such conversation in it, another key, a damaged file.
    """
    name = identifier.encode("utf-8", "surrogatepass")
    for path in vault_files(run):
        with path.open("rb") as file:
            header = read_header(path, file)
            for held, record in records_of(path, file, header):
                if held == name:
                    return _opened(path, header, held, record, key)
    raise UsageError(
        f"批次 {run.name} 的保管库里没有会话 {identifier}", "编号要写全，与结果表里的一致（qc show 可以查）。"
    )


def rekey(run: Path, old: PrivateKey, new: PublicKey) -> int:
    """Seal the key of every vault file of `run` to another public key; returns how many files now have it. Interrupted,
    it goes on where it was: a file that has the new key stays. Raises UsageError as `reveal`."""
    done = 0
    for path in vault_files(run):
        with path.open("rb") as file:
            header = read_header(path, file)
            if header.recipient != fingerprint(new):
                secret = _file_key(path, header, old)
                write_vault(path, _sealed(header, secret, new), records_of(path, file, header))
        done += 1
    return done


def _opened(path: Path, header: Header, name: bytes, record: bytes, key: PrivateKey) -> dict[str, object]:
    secret = _file_key(path, header, key)
    try:
        clear = AESGCM(secret).decrypt(record[:_NONCE], record[_NONCE:], name)
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(clear, _MOST_OPENED)
        data = json.loads(text.decode("utf-8", "surrogatepass"))
        if not isinstance(data, dict):
            raise TypeError
        return data
    except (InvalidTag, zlib.error, ValueError, TypeError, RecursionError):
        raise damaged(path, "这个会话的内容被改过或坏了") from None


def _file_key(path: Path, header: Header, key: PrivateKey) -> bytes:
    own = fingerprint(key.public_key())
    if own != header.recipient:
        raise UsageError(
            f"钥匙不对：{path.name} 是为公钥 {header.recipient} 封的，这把私钥是 {own}", "换一把私钥，或找保管的人。"
        )
    try:
        secret: bytes = _SUITE.decrypt(bytes.fromhex(header.sealed_key), key, header.bound())
    except (InvalidTag, ValueError):
        raise damaged(path, "钥匙对得上，封着的文件钥匙打不开") from None
    return secret


def _sealed(header: Header, secret: bytes, key: PublicKey) -> Header:
    return Header(
        recipient=fingerprint(key),
        plan=header.plan,
        shard=header.shard,
        records=header.records,
        sealed_key=_SUITE.encrypt(secret, key, header.bound()).hex(),
    )


def _nonce(number: int) -> bytes:
    """Under a key that seals one file once, counting never repeats (NIST SP 800-38D, 8.2.1)."""
    return number.to_bytes(_NONCE, "big")


def _plain(conversation: Conversation) -> dict[str, object]:
    """What masking touches: ids, source, what is known of the call, the turns as heard and as read."""
    return {
        "id": conversation.id,
        "project": conversation.project,
        "channel": conversation.channel,
        "source": conversation.source.path,
        "sha256": conversation.source.sha256,
        "meta": asdict(conversation.meta),
        "turns": [
            {
                "role": turn.role,
                "text": turn.text,
                "start_ms": turn.start_ms,
                "end_ms": turn.end_ms,
                "marks": [asdict(mark) for mark in turn.marks],
            }
            for turn in conversation.turns
        ],
    }
