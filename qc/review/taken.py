"""Which conversations people have looked at, or were asked to, so that nobody hears the same call twice."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun

_COLUMNS = ("conversation_id", "source_sha256", "source_format", "started_at")


def untaken(conversations: pa.Table, runs: Iterable[StoredRun]) -> pa.Table:
    """The rows of `conversations` (with the columns above) that no run of `runs` sampled or reviewed.

    A call is the same under any name when the recording is the same file, byte for byte. A file of chats holds many,
    exported anew it has another digest, and some exports number conversations from 1 every day: there it is the same
    number in the same file, or the same number begun at the same time.
    """
    seen: set[str] = set()
    for run in runs:
        tables = (run.table(name, ["conversation_id"])["conversation_id"] for name in ("samples", "reviews"))
        ids = pa.chunked_array([chunk for table in tables for chunk in table.chunks], pa.string())
        if len(ids):
            known = run.table("conversations", _COLUMNS)
            known = known.filter(pc.is_in(known["conversation_id"], value_set=pc.unique(ids)))
            for column in _keys(known):
                seen.update(key for key in column.to_pylist() if key is not None)
    if not seen:
        return conversations
    known_keys = pa.array(sorted(seen), pa.string())
    same = [pc.is_in(column, value_set=known_keys) for column in _keys(conversations)]
    return conversations.filter(pc.invert(pc.or_(pc.or_(same[0], same[1]), same[2])))


def distinct(conversations: pa.Table) -> pa.Table:
    """`conversations` (with the columns above) without those whose recording stands in a row before: a file that lies
    in two folders is two conversations of a run and one call to listen to."""
    digests = _keys(conversations)[2].to_pylist()
    first = {digest: row for row, digest in reversed(list(enumerate(digests)))}
    return conversations.filter(pa.array([d is None or first[d] == row for row, d in enumerate(digests)], pa.bool_()))


def _keys(table: pa.Table) -> list[pa.ChunkedArray]:
    """What each conversation is known by, null where that says nothing."""
    ids, digest = table["conversation_id"], pc.fill_null(table["source_sha256"], "")
    audio = pc.and_(pc.equal(table["source_format"], "audio"), pc.not_equal(digest, ""))
    begun = pc.cast(pc.cast(table["started_at"], pa.int64()), pa.string())
    return [
        pc.binary_join_element_wise("id+file", ids, digest, "\0"),
        pc.binary_join_element_wise("id+time", ids, begun, "\0"),
        pc.if_else(audio, pc.binary_join_element_wise("audio", digest, "\0"), None),
    ]
