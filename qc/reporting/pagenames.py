"""File names of conversation pages: safe on every file system, stable for an id, unique in a run."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


def page_names(ids: Iterable[str]) -> Mapping[str, str]:
    """Conversation id → file name. An id that had to be altered, or differs from another only in case, gets a hash."""
    known = sorted(set(ids))
    folded = Counter(i.casefold() for i in known)
    return {i: _name(i, alone=folded[i.casefold()] == 1) for i in known}


def _name(conversation_id: str, *, alone: bool) -> str:
    safe = _UNSAFE.sub("_", conversation_id)[:_LONGEST].strip(".-")
    if safe and safe == conversation_id and alone and not _DEVICE.fullmatch(safe):
        return f"{safe}.html"
    digest = hashlib.sha256(conversation_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    if _DEVICE.fullmatch(safe):  # Windows looks no further than the first dot
        safe = f"_{safe}"
    return f"{safe}~{digest}.html"  # no plain id holds a tilde, so the two kinds of name never meet
