"""The front door of this room: what is in an input folder, and the conversations in its documents."""

from qc.ingest.conversations import ChangedInputError, read_conversations
from qc.ingest.discovery import discover
from qc.ingest.inputs import Batch, Document, Earlier

__all__ = ["Batch", "ChangedInputError", "Document", "Earlier", "discover", "read_conversations"]
