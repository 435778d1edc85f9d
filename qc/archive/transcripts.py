"""What the transcript cache has of the recordings of stored runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.run import Lineage


class Transcripts:
    """The cache folder, looked through once: a purge asks for every recording of every run."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._folders: dict[str, dict[str, list[Path]]] = {}

    def of(self, lineage: Lineage, talks: pa.Table) -> Iterator[Path]:
        """The transcripts of the recordings among `talks` (columns source_format, source_sha256), as that run had them
        made: heard, or taken from what was given with the recording."""
        from qc.asr.engines.transcriber import AsrIdentity

        if lineage.asr_engine is None or not self._cache.is_dir():
            return
        asr = AsrIdentity(engine=lineage.asr_engine, model=lineage.asr_model or "", options=lineage.asr_options or "")
        heard = talks.filter(pc.fill_null(pc.equal(talks["source_format"], "audio"), False))
        for content in pc.unique(heard["source_sha256"]).to_pylist():
            if content:
                yield from self._named(asr.key(content))

    def _named(self, key: str) -> list[Path]:
        """Entries whose key is, or begins with, that of a recording."""
        if (names := self._folders.get(key[:2])) is None:
            names = self._folders[key[:2]] = {}
            for path in sorted((self._cache / key[:2]).glob("[!.]*.json")):
                names.setdefault(path.stem[: len(key)], []).append(path)
        return names.get(key, [])
