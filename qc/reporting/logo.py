"""The logo of a company, as every page carries it."""

from __future__ import annotations

import base64
from pathlib import Path

from qc.errors import UsageError, refusal

_MOST_BYTES = 100_000
"""It stands in every page of a report."""


def inlined(path: str) -> str:
    """The picture at `path` as a data: address. Raises UsageError when it is absent, too large, or neither PNG, JPEG
    nor SVG."""
    try:
        if Path(path).exists() and not Path(path).is_file():  # a pipe would keep us waiting
            raise UsageError(f"标志 {path} 不是普通文件", "请核对 qc.yaml 的 report.logo。")
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"读不到标志 {path}：{refusal(error)}", "请核对 qc.yaml 的 report.logo。") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"标志 {path} 超过 {_MOST_BYTES // 1000} KB，太大：每页都带着它", "请缩小。")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        kind = "png"
    elif data.startswith(b"\xff\xd8\xff"):
        kind = "jpeg"
    elif b"<svg" in data[:4096]:
        kind = "svg+xml"
    else:
        raise UsageError(f"标志 {path} 不是 PNG、JPEG 或 SVG", "请换成其中一种。")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
