"""Whether what the vault is made with is there."""

from __future__ import annotations

import importlib.util

from qc.errors import UsageError


def needs_vault() -> None:
    """Raises UsageError where the extra `vault` is not installed."""
    if importlib.util.find_spec("cryptography") is None:
        raise UsageError("没有装保管库要的 cryptography", '安装：pip install "qc[vault]"')
