"""One runnable rule per operator, shown in the reference page and tested like any other rule: `<operator>.yml`."""

from __future__ import annotations

from importlib.resources import files


def examples() -> dict[str, str]:
    """Operator key → text of its example rule."""
    found = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".yml")), key=lambda f: f.name)
    return {file.name.removesuffix(".yml"): file.read_text(encoding="utf-8") for file in found}
