"""Write a version into a YAML file and leave everything else, comments and layout, as it is."""

from __future__ import annotations

import re
from pathlib import Path

from qc.specs.document import read

_LINES = re.compile(r".*?(?:\r\n|[\r\n\x85\u2028\u2029])|.+", re.DOTALL)
"""Lines with their breaks, as YAML counts them."""


def set_version(path: Path, version: str) -> None:
    """Replace the value of `version` at the top level; without one, add it below `id`.

    Raises SpecError when the file cannot be read, OSError when it cannot be written.
    """
    document = read(path)
    raw = path.read_bytes()
    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"
    text = raw.decode("utf-8-sig")
    lines = _LINES.findall(text)
    if document.holds(("version",)):
        line, col, _ = document.where(("version",))
        old = lines[line - 1]
        quote = old[col - 1] if old[col - 1] in "\"'" else ""
        end = old.index(quote, col) + 1 if quote else col - 1 + len(str(document.part(("version",))))
        lines[line - 1] = f"{old[: col - 1]}{quote}{version}{quote}{old[end:]}"
    else:
        line, _, _ = document.where(("id",))
        ending = "\r\n" if lines[line - 1].endswith("\r\n") else "\n"
        lines[line - 1] = lines[line - 1].rstrip("\r\n") + ending
        lines.insert(line, f"version: {version}{ending}")
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes("".join(lines).encode(encoding))
    partial.replace(path)
