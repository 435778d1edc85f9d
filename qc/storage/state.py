"""What a finished run holds, in one digest: whoever made something of it can tell whether it still is so."""

from __future__ import annotations

import hashlib

from qc.schema.reviews import REVIEW_TABLES
from qc.storage.lineage import LINEAGE_FILE
from qc.storage.read import StoredRun


def state_of(run: StoredRun) -> str:
    """SHA-256 over run.json, which is written anew whenever the run's own tables are, and over what people added, whose
    tables change without it. Reads no table of the run's own."""
    found = hashlib.sha256((run.path / LINEAGE_FILE).read_bytes())
    for name in REVIEW_TABLES:
        for path in run.part_files(name):
            found.update(f"\0{name}/{path.name}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
