"""Official checkpoints over the network: the only place of qc that reaches for it, and only when told to."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from qc.errors import EXIT_CHECK, QcError

TIMEOUT_S = 30
_BLOCK = 1 << 20
_BY_HAND = "没有网络的机器：在能联网的机器上下载同一文件，拷来后 qc models import 文件。"


class FetchError(QcError):
    """The model did not arrive, or not as it should be."""

    exit_code = EXIT_CHECK


def fetch(url: str, digest: str, target: Path, most: int, progress: Callable[[int, int | None], None]) -> None:
    """Download to `target`; it appears there whole and verified, or not at all.

    What arrived before an interruption is kept beside it (`.part`) and completed by the next call. `progress(done,
    total)` counts bytes; `most` bytes is more than it can be. Raises FetchError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    have = part.stat().st_size if part.is_file() else 0
    if have >= most:
        part.unlink()
        have = 0
    try:
        _receive(url, part, have, most, progress)
    except urllib.error.HTTPError as e:
        if e.code == 416:  # what is here is no part of what is there
            part.unlink(missing_ok=True)
        raise FetchError(f"服务器拒绝了下载（HTTP {e.code}）：{url}", "稍后再试；" + _BY_HAND) from None
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as e:
        reason = (e.reason if isinstance(e, urllib.error.URLError) else e) or type(e).__name__
        hint = "检查网络与代理后再运行一次，会接着下载；" + _BY_HAND
        raise FetchError(f"下载没有完成（{reason}）：{url}", hint) from None
    found = _digest(part)
    if found != digest:
        part.unlink()
        raise FetchError(
            f"下载的文件校验不符：SHA-256 是 {found}，应当是 {digest}。",
            "已丢弃。网络中可能有代理改动了内容，请换一个网络再试。",
        )
    part.replace(target)


def _receive(url: str, part: Path, have: int, most: int, progress: Callable[[int, int | None], None]) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "qc"})  # noqa: S310 - the caller's own address
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310
        if reply.status != 206:  # the whole file: the server does not do parts
            have = 0
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with part.open("ab" if have else "wb") as out:
            while block := reply.read(_BLOCK):
                out.write(block)
                have += len(block)
                if have > most:
                    break
                progress(have, total)
    if have > most:
        part.unlink()
        raise FetchError(f"服务器给的文件比应有的大：{url}", "已丢弃。" + _BY_HAND)
    if total is not None and have < total:
        raise ConnectionError(f"只收到 {have:,} / {total:,} 字节")


def _digest(file: Path) -> str:
    with file.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
