"""Every file, row, line and conversation ends exactly once: as recording, conversation or failure."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.folders import Inputs

NAMES = st.sampled_from(["a", "b", "c", "x/a", "x/b", "y/a"])
IDS = st.sampled_from(["a", "b", "x/a", "K1", "K2", "K3", ""])
TEXTS = st.sampled_from(["您好", "在吗", ""])


@st.composite
def recordings(draw):
    names = draw(st.lists(st.tuples(NAMES, st.sampled_from([".wav", ".mp3"])), unique=True, max_size=6))
    return {f"{name}{suffix}": b"" if draw(st.integers(0, 4)) == 0 else name.encode() for name, suffix in names}


@st.composite
def chat_lines(draw):
    lines = []
    for key in draw(st.lists(IDS, max_size=6)):
        value = {"turns": [{"role": "客服", "text": draw(TEXTS)}], **({"id": key} if key else {})}
        text = json.dumps(value, ensure_ascii=False)
        lines.append(text[: len(text) // 2] if draw(st.integers(0, 4)) == 0 else text)
    return lines


MANIFEST_ROWS = st.lists(
    st.tuples(
        IDS, st.sampled_from(["", "a.wav", "x/a.wav", "y\\a.mp3", "b.mp3", "../a.wav", "chat.jsonl", "gone.wav"])
    ),
    max_size=8,
)


@given(recordings(), chat_lines(), MANIFEST_ROWS)
@settings(max_examples=60, deadline=None)
def test_counts_balance(audio, lines, rows):
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        for path, content in audio.items():
            inputs.put(path, content)
        inputs.put("chat.jsonl", "\n".join(lines) + "\n" if lines else "")
        inputs.put("m.csv", "流水号,录音文件\n" + "".join(f"{key},{file}\n" for key, file in rows))
        result = inputs.read("m.csv")
        again = inputs.read("m.csv")
    assert (again.batch, again.conversations, again.failures) == (result.batch, result.conversations, result.failures)

    taken = Counter(r.source.path for r in result.batch.recordings)
    failed = Counter(f.input for f in result.failures)
    # every recording once: read, or failed
    assert {p: taken[p] + failed[p] for p in audio} == dict.fromkeys(audio, 1)
    assert all(failed[p] == 1 for p, content in audio.items() if not content)
    # every line of the chat file once
    if lines:
        assert len(result.conversations) + sum(failed[f"chat.jsonl:{n}"] for n in range(1, len(lines) + 1)) == len(
            lines
        )
        assert max((failed[f"chat.jsonl:{n}"] for n in range(1, len(lines) + 1)), default=0) <= 1
    else:
        assert failed["chat.jsonl"] == 1
    # every row once: failed, or the conversation it names is there (itself perhaps failed)
    ids = [r.conversation_id for r in result.batch.recordings] + [c.id for c in result.conversations]
    known = {*ids, *(f.conversation_id for f in result.failures if not f.input.startswith("m.csv"))}
    for number, (key, file) in enumerate(rows, 2):
        assert failed[f"m.csv:{number}"] <= 1
        if key and not file and not failed[f"m.csv:{number}"]:
            assert key in known
    # nothing else appears, and ids are unique
    places = {*audio, "chat.jsonl", *(f"chat.jsonl:{n}" for n in range(1, len(lines) + 1))}
    places |= {f"m.csv:{n}" for n in range(2, len(rows) + 2)}
    assert set(failed) <= places
    assert len(ids) == len(set(ids))


@given(MANIFEST_ROWS, recordings())
@settings(max_examples=60, deadline=None)
def test_every_manifest_row_is_used_or_failed(rows, audio):
    """Without documents, a row either completes one recording or is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        for path, content in audio.items():
            inputs.put(path, content or b"x")
        inputs.put("m.csv", "流水号,录音文件\n" + "".join(f"{key},{file}\n" for key, file in rows))
        batch = inputs.batch("m.csv")
    rows_failed = sum(f.input.startswith("m.csv:") for f in batch.failures)
    used = sum(r.source.in_manifest for r in batch.recordings)
    assert used + rows_failed == sum(bool(key or file) for key, file in rows)
    assert len(batch.recordings) == len(audio)
