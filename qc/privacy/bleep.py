"""A copy of a recording in which personal data cannot be heard.

What is hidden is what was found in the words: the times of the words an entity stands in, where the recogniser gave
them (`asr.word_times`), else of the phrases, else of the whole turn; always on all channels, because a telephone leaks
one side into the other. What was never recognised as speech, or not as personal data, is still to be heard.
"""

from __future__ import annotations

import csv
import io
import json
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from qc.asr.sound.audio import RATE, AudioError, open_audio
from qc.errors import UsageError
from qc.reporting.pagenames import page_names
from qc.reporting.sound import judged_recording
from qc.storage.files import atomic, write_text
from qc.storage.read import StoredRun

PAD_MS = 200
"""Recognisers place words within some tens of milliseconds; the breath around them tells no digit."""
_MASK = "*"
_TONE_HZ = 1000.0
_TONE = 0.1
"""-20 dBFS: heard, and no louder than speech."""
_WHY = {
    "missing": "录音不在原来的位置",
    "changed": "录音已不是当时质检的那一个（SHA-256 不同）",
    "outside": "登记的路径指到了输入目录之外",
}
BY_WORDS, BY_PHRASES, BY_TURN = "words", "phrases", "turn"
FOLDER = "bleep"
"""Where copies lie in a run, unless somebody says elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of the recording that is hidden: milliseconds from its start, the turns (from 1) and types of what stands
    there, and by whose times it is known (words, phrases, turn): the least exact of them."""

    start_ms: int
    end_ms: int
    turns: tuple[int, ...]
    types: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bleeped:
    """What is hidden of which recording. `sha256` is the original's; `kind`: tone or silence."""

    run_id: str
    conversation_id: str
    recording: str
    sha256: str
    kind: str
    pad_ms: int
    spans: tuple[Span, ...]

    @property
    def hidden_ms(self) -> int:
        return sum(span.end_ms - span.start_ms for span in self.spans)


def personal_spans(turns: Sequence[Mapping[str, Any]], *, pad_ms: int = PAD_MS) -> tuple[Span, ...]:
    """The pieces to hide, merged and in order; `turns` are rows of the table. Raises UsageError when personal data
    stands in a turn without times: then no copy could be promised to be clean."""
    spans: list[Span] = []
    for turn in turns:
        for start, end, kind in _personal(turn):
            first, last, by = _times(turn, start, end)
            span = Span(
                start_ms=max(0, first - pad_ms), end_ms=last + pad_ms, turns=(turn["turn"],), types=(kind,), by=by
            )
            spans.append(span)
    return tuple(_merged(sorted(spans, key=lambda s: (s.start_ms, s.end_ms, s.turns, s.types))))


def bleep(run: StoredRun, conversation_id: str, *, pad_ms: int = PAD_MS, silence: bool = False) -> tuple[Bleeped, Path]:
    """What is to be hidden of a conversation's recording, and the recording itself, when it is the one that was judged.

    Raises UsageError: no recording, another one, words that were purged, personal data without times.
    """
    wanted = ["conversation_id", "source_path", "source_format", "source_sha256"]
    meta = _rows(run, "conversations", conversation_id, wanted)[0]
    if meta["source_format"] != "audio":
        raise UsageError(f"会话 {conversation_id} 不是录音", "只有录音才能消音。")
    turns = _rows(
        run,
        "turns",
        conversation_id,
        ["conversation_id", "turn", "start_ms", "end_ms", "text", "entities", "phrases", "words", "marks"],
    )
    if turns and not any(turn["text"] for turn in turns):
        raise UsageError(
            f"会话 {conversation_id} 的文字已按保留期清除，不知道该消哪里",
            "这样的录音做不出消音副本；还要给外人的，由人听着处理。",
        )
    try:
        spans = personal_spans(turns, pad_ms=pad_ms)
    except (TypeError, ValueError, LookupError):  # nulls where something must stand, times that are none
        raise UsageError(
            f"会话 {conversation_id} 的话轮里有看不懂的行，不知道该消哪一段",
            "文件被改动过：用 qc verify 核对，从备份恢复。",
        ) from None
    found, problem = judged_recording(run, meta["source_path"], meta["source_sha256"])
    if found is None:
        raise UsageError(f"会话 {conversation_id}：{_WHY[problem]}", "把原来的录音放回输入目录再试；别的录音不能用。")
    told = Bleeped(
        run_id=run.lineage.run_id,
        conversation_id=conversation_id,
        recording=meta["source_path"],
        sha256=meta["source_sha256"],
        kind="silence" if silence else "tone",
        pad_ms=pad_ms,
        spans=spans,
    )
    return told, found


def copy_of(run: StoredRun, conversation_id: str) -> Path:
    """Where in the run the copy of a conversation's recording lies, under a name that is safe on every file system."""
    page = page_names([conversation_id])[conversation_id]
    return run.path / FOLDER / f"{page.removesuffix('.html')}.wav"


def write_bleeped(told: Bleeped, recording: Path, out: Path) -> None:
    """Write the copy: WAV of 16 bits at 16 kHz with the channels of the original, whole or not at all.

    Raises UsageError when the recording cannot be decoded, or ends before what is to be hidden.
    """
    try:
        audio = open_audio(recording, max_duration_s=24 * 3600)
        with atomic(out) as temporary, temporary.open("wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(audio.channels)
            file.setsampwidth(2)
            file.setframerate(RATE)
            at = 0
            for block in audio.blocks():
                hidden = _hidden(block, at, told)
                file.writeframes((np.clip(hidden, -1, 1) * 32767).round().astype("<i2").T.tobytes())
                at += block.shape[1]
    except AudioError as error:
        raise UsageError(f"录音解不出来：{error}", "原录音可能已损坏；没有写出任何文件。") from None


def write_offsets(told: Bleeped, path: Path) -> None:
    """Write what is hidden where: JSON, or CSV by the file's name."""
    if path.suffix.lower() != ".csv":
        write_text(path, json.dumps(asdict(told), ensure_ascii=False, indent=2) + "\n")
        return
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["start_ms", "end_ms", "turns", "types", "by"])
    for span in told.spans:
        rows.writerow([span.start_ms, span.end_ms, " ".join(map(str, span.turns)), " ".join(span.types), span.by])
    write_text(path, text.getvalue())


def _personal(turn: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """(start, end, type) of what is personal in the text, or was in what the recogniser heard in its place."""
    for entity in turn["entities"] or ():
        if entity["personal"]:
            yield entity["start"], entity["end"], entity["type"]
    for mark in turn["marks"] or ():
        if mark["original"] and set(mark["original"]) == {_MASK}:
            yield mark["start"], mark["end"], "heard"


def _times(turn: Mapping[str, Any], start: int, end: int) -> tuple[int, int, str]:
    for by in (BY_WORDS, BY_PHRASES):
        pieces = [p for p in turn[by] or () if p["start"] < end and start < p["end"]]
        if pieces and min(p["start"] for p in pieces) <= start and max(p["end"] for p in pieces) >= end:
            return min(p["start_ms"] for p in pieces), max(p["end_ms"] for p in pieces), by
    if turn["start_ms"] is None or turn["end_ms"] is None:
        raise UsageError(
            f"第 {turn['turn']} 轮有个人信息却没有时间，不知道该消哪一段", "这个会话不能消音；要给人听，请另行处理。"
        )
    return turn["start_ms"], turn["end_ms"], BY_TURN


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    order = (BY_WORDS, BY_PHRASES, BY_TURN)
    held: Span | None = None
    for span in spans:
        if held is None or span.start_ms > held.end_ms:
            if held is not None:
                yield held
            held = span
            continue
        held = Span(
            start_ms=held.start_ms,
            end_ms=max(held.end_ms, span.end_ms),
            turns=tuple(sorted({*held.turns, *span.turns})),
            types=tuple(sorted({*held.types, *span.types})),
            by=max(held.by, span.by, key=order.index),
        )
    if held is not None:
        yield held


def _hidden(block: npt.NDArray[np.float32], at: int, told: Bleeped) -> npt.NDArray[np.float32]:
    """The block that begins at sample `at`, with a tone or nothing where it is to be hidden."""
    out = block.copy()
    for span in told.spans:
        first = max(span.start_ms * RATE // 1000 - at, 0)
        last = min(-(-span.end_ms * RATE // 1000) - at, out.shape[1])
        if first < last:
            moments = (np.arange(first, last) + at) / RATE
            out[:, first:last] = 0 if told.kind == "silence" else _TONE * np.sin(2 * np.pi * _TONE_HZ * moments)
    return out


def _rows(run: StoredRun, table: str, conversation_id: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in run.parts(table, columns):
        found += part.filter(pc.equal(part["conversation_id"], conversation_id)).to_pylist()
    return found
