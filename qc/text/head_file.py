"""Trained heads as files: a line that names the format and the SHA-256 of what follows, one line of JSON with the card,
then the compressed weights. Nothing in such a file is ever executed, and every number of it is checked."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from qc.domain.head import EMOTION_LABELS, LabelScore, ModelCard, Scores, Task, TrainedHead
from qc.errors import UsageError, refusal
from qc.text.grams import LONGEST, MOST_BITS

_MAGIC = b"qc-head"
_VERSION = 1
_MAX_BYTES = 256 * 2**20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What would move a terminal's cursor, or worse."""
_MAX_LABELS = 1000
_MAX_NUMBER = 1e9
"""Settings are sums of logits: none is near it, and what is larger would overflow where scores are added up."""
_WEIGHTLESS = ("slots", "weights", "card", "digest")


def write_head(head: TrainedHead, path: Path) -> None:
    """Write the file, replacing one that is there only once all of it is written. Raises OSError."""
    settings = asdict(head)
    for name in _WEIGHTLESS:
        del settings[name]
    header = {"head": settings, "card": asdict(head.card), "slots": len(head.slots) // 4}
    text = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    body = text + b"\n" + zlib.compress(head.slots + head.weights, 9)
    first = b"%s %d %s\n" % (_MAGIC, _VERSION, hashlib.sha256(body).hexdigest().encode())
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(first + body)
    partial.replace(path)


def read_head(path: Path, task: Task) -> TrainedHead:
    """The head in a file. Raises UsageError when there is none, it is damaged, or made for another task."""
    try:
        if path.exists() and not path.is_file():
            raise _BrokenError("不是普通文件")
        if path.stat().st_size > _MAX_BYTES:
            raise _BrokenError("文件太大，不是 qc 训练出的模型")
        head = _parsed(path.read_bytes())
    except OSError as error:
        raise UsageError(f"读不了模型文件 {path}：{refusal(error)}", "检查 qc.yaml 里 model 写的路径。") from None
    except _BrokenError as error:
        raise UsageError(f"模型文件 {path} 不能用：{error}", f"请用 qc {_COMMANDS[task]} train 重新训练。") from None
    if head.task is not task:
        made, wanted = _COMMANDS[head.task], _COMMANDS[task]
        raise UsageError(f"{path} 是 qc {made} train 训练的模型，不能用在 {wanted}", "检查 qc.yaml 里 model 写的路径。")
    return head


_COMMANDS = {Task.EMOTION: "emotion", Task.INTENT: "intents"}


def with_digest(head: TrainedHead) -> TrainedHead:
    """The head with the digest of all that moves a result: everything but the card."""
    settings = asdict(head)
    for name in _WEIGHTLESS:
        del settings[name]
    content = json.dumps(settings, ensure_ascii=False, sort_keys=True).encode() + head.slots + head.weights
    return replace(head, digest=hashlib.sha256(content).hexdigest())


class _BrokenError(Exception):
    """Why a file is no head (Chinese)."""


def _parsed(data: bytes) -> TrainedHead:
    first, _, body = data.partition(b"\n")
    parts = first.split(b" ")
    if len(parts) != 3 or parts[0] != _MAGIC:
        raise _BrokenError("不是 qc 训练出的模型")
    if parts[1] != str(_VERSION).encode():
        raise _BrokenError("由另一个版本的 qc 写出")
    if hashlib.sha256(body).hexdigest().encode() != parts[2]:
        raise _BrokenError("内容与校验和不符，文件可能损坏或被改动")
    text, _, packed = body.partition(b"\n")
    try:
        header = json.loads(text)
        return _head(header, packed)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, zlib.error):
        raise _BrokenError("内容不完整") from None


def _head(header: Mapping[str, Any], packed: bytes) -> TrainedHead:
    settings, count = header["head"], int(header["slots"])
    task, labels = Task(settings["task"]), _texts(settings["labels"])
    longest, bits = int(settings["longest"]), int(settings["bits"])
    known = 2 <= len(labels) <= _MAX_LABELS and len(set(labels)) == len(labels)
    if not known or not 1 <= longest <= LONGEST or not 1 <= bits <= MOST_BITS or not 0 <= count <= 1 << bits:
        raise ValueError
    if task is Task.EMOTION and labels != EMOTION_LABELS:
        raise ValueError
    inputs = _texts(settings["inputs"])
    input_weights = tuple(_numbers(row, len(labels)) for row in settings["input_weights"])
    size = count * (4 + len(labels))
    if size > _MAX_BYTES:  # a few bytes may unpack to any number
        raise ValueError
    reader = zlib.decompressobj()
    content = reader.decompress(packed, size + 1)
    if len(content) != size or not reader.eof or len(input_weights) != len(inputs):
        raise ValueError
    slots = content[: 4 * count]
    _check_slots(slots, bits)
    head = TrainedHead(
        task=task,
        labels=labels,
        longest=longest,
        bits=bits,
        slots=slots,
        weights=content[4 * count :],
        scales=_numbers(settings["scales"], len(labels)),
        bias=_numbers(settings["bias"], len(labels)),
        inputs=inputs,
        input_weights=input_weights,
        offsets=_numbers(settings["offsets"], len(labels)),
        card=_card(header["card"]),
        digest="",
    )
    return with_digest(head)


def _check_slots(slots: bytes, bits: int) -> None:
    """Slots are ascending, so that each stands once, and all exist."""
    listed = memoryview(slots).cast("I").tolist() if slots else []
    if any(a >= b for a, b in pairwise(listed)) or (listed and listed[-1] >= 1 << bits):
        raise ValueError


def _card(card: Mapping[str, Any]) -> ModelCard:
    untrained = card["untrained"]
    return ModelCard(
        qc_version=_text(card["qc_version"]),
        date=None if card["date"] is None else _text(card["date"]),
        note=_text(card["note"]),
        data_digest=_text(card["data_digest"]),
        lexicon_digest=_text(card["lexicon_digest"]),
        rows=int(card["rows"]),
        used=int(card["used"]),
        repeated=int(card["repeated"]),
        contradicting=int(card["contradicting"]),
        counts=tuple((_text(label), int(n)) for label, n in card["counts"]),
        folds=int(card["folds"]),
        options=tuple((_text(name), _text(value)) for name, value in card["options"]),
        scores=_scores(card["scores"]),
        untrained=None if untrained is None else _scores(untrained),
        curve=tuple((int(n), float(f1)) for n, f1 in card["curve"]),
    )


def _scores(scores: Mapping[str, Any]) -> Scores:
    return Scores(
        macro_f1=float(scores["macro_f1"]),
        accuracy=float(scores["accuracy"]),
        calibration_error=float(scores["calibration_error"]),
        labels=tuple(
            LabelScore(
                label=_text(one["label"]),
                precision=float(one["precision"]),
                recall=float(one["recall"]),
                f1=float(one["f1"]),
                support=int(one["support"]),
            )
            for one in scores["labels"]
        ),
    )


def _text(value: object) -> str:
    return _CONTROL.sub(" ", str(value))


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) and v and not _CONTROL.search(v) for v in values):
        raise TypeError
    return tuple(values)


def _numbers(values: object, count: int) -> tuple[float, ...]:
    numbers = tuple(map(float, values)) if isinstance(values, list) else ()
    if len(numbers) != count or not all(abs(n) <= _MAX_NUMBER for n in numbers):
        raise ValueError
    return numbers
