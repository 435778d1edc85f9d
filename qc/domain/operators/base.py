"""How operators describe their parameters."""

from __future__ import annotations


def zh(text: str) -> dict[str, str]:
    """Field metadata: what a parameter means, for rule editors."""
    return {"zh": text}
