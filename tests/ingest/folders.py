"""Builds input folders and reads them the way the pipeline does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qc.domain.config import Config
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.ingest.batch import Batch, discover, read_conversations


@dataclass
class Inputs:
    """An input folder under construction."""

    root: Path

    def put(self, path: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return file

    def batch(self, manifest: str | None = None, config: Config | None = None) -> Batch:
        return discover(self.root, None if manifest is None else self.root / manifest, config or Config())

    def read(self, manifest: str | None = None, config: Config | None = None) -> Result:
        batch = self.batch(manifest, config)
        found = list(read_conversations(batch))
        return Result(
            batch,
            [c for c in found if isinstance(c, Conversation)],
            [*batch.failures, *(f for f in found if isinstance(f, Failure))],
        )


@dataclass
class Result:
    batch: Batch
    conversations: list[Conversation]
    failures: list[Failure]

    @property
    def kinds(self) -> dict[str, str]:
        """Failed input → kind."""
        return {f.input: f.kind for f in self.failures}

    def only(self) -> Conversation:
        assert not self.failures, self.failures
        assert len(self.conversations) == 1
        return self.conversations[0]
