from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.head import LabelScore, ModelCard, Scores, Task, TrainedHead
from qc.errors import UsageError
from qc.text.grams import MOST_CHARS, MarkedTurns
from qc.text.head import HeadScorer
from qc.text.head_file import read_head, with_digest, write_head
from qc.text.shard import Shard

TEXTS = ["太差了", "", "好的 ok123", "\U0001f620", "a", "谢谢谢谢", "好" * 5000]


def shard_of(texts: list[str]) -> Shard:
    turns = tuple(Turn(role=Role.CUSTOMER, text=text) for text in texts)
    source = Source(path="t", format="qc", sha256="")
    return Shard([Conversation(id="t", project="p", channel=Channel.CHAT, turns=turns, meta=CallMeta(), source=source)])


def slots_of(shard: Shard, turn: int, longest: int = 4, bits: int = 12) -> list[int]:
    marked = MarkedTurns.of(shard, np.array([turn]))
    return [s for slot in marked.slots(longest, bits) for s in slot.tolist() if s < 1 << bits]


def head_of(labels: int, seed: int = 0, bits: int = 12) -> TrainedHead:
    shard = shard_of(TEXTS)
    slots = np.unique(np.concatenate([slots_of(shard, i, bits=bits) for i in (0, 2, 5)])).astype("<u4")
    rng = np.random.default_rng(seed)
    scores = Scores(
        macro_f1=0.5,
        accuracy=0.5,
        calibration_error=0.1,
        labels=(LabelScore(label="l0", precision=1.0, recall=0.5, f1=0.67, support=3),),
    )
    card = ModelCard(
        qc_version="1",
        date="2026-11-22",
        note="试验",
        data_digest="d",
        lexicon_digest="",
        rows=3,
        used=3,
        repeated=0,
        contradicting=0,
        counts=(("l0", 3),),
        folds=5,
        options=(("longest", "4"),),
        scores=scores,
        untrained=None,
        curve=((200, 0.5),),
    )
    return with_digest(
        TrainedHead(
            task=Task.INTENT,
            labels=tuple(f"l{i}" for i in range(labels)),
            longest=4,
            bits=bits,
            slots=slots.tobytes(),
            weights=rng.integers(-127, 128, (len(slots), labels)).astype(np.int8).tobytes(),
            scales=tuple(rng.uniform(0.001, 0.02, labels).tolist()),
            bias=tuple(rng.normal(size=labels).tolist()),
            inputs=("x", "y"),
            input_weights=tuple(tuple(row) for row in rng.normal(size=(2, labels)).tolist()),
            offsets=(0.0,) * labels,
            card=card,
            digest="",
        )
    )


@pytest.mark.parametrize("labels", [2, 3, 7])
def test_logits_are_what_the_definition_says(labels: int) -> None:
    head, shard = head_of(labels), shard_of(TEXTS)
    table = np.zeros((1 << head.bits, labels))
    table[np.frombuffer(head.slots, "<u4")] = np.frombuffer(head.weights, np.int8).reshape(-1, labels)
    inputs = np.arange(2 * len(TEXTS), dtype=np.float32).reshape(-1, 2) / 10
    got = HeadScorer(head).logits(shard, np.arange(len(TEXTS)), inputs)
    for i in range(len(TEXTS)):
        mine = slots_of(shard, i)
        total = table[mine].sum(axis=0) / np.sqrt(max(len(mine), 1))
        wanted = np.array(head.bias) + np.array(head.scales) * total + inputs[i] @ np.array(head.input_weights)
        np.testing.assert_allclose(got[i], wanted, rtol=1e-4, atol=1e-4)
    assert int(MarkedTurns.of(shard, np.arange(len(TEXTS))).counts(4).sum()) == sum(
        len(slots_of(shard, i)) for i in range(len(TEXTS))
    )


def test_a_turn_scores_the_same_alone_and_among_others() -> None:
    scorer = HeadScorer(head_of(3))
    inputs = np.zeros((1, 2), np.float32)
    together = scorer.probabilities(shard_of(TEXTS), np.array([5, 0]), np.zeros((2, 2), np.float32))
    alone = [scorer.probabilities(shard_of([TEXTS[i]]), np.array([0]), inputs)[0] for i in (5, 0)]
    np.testing.assert_array_equal(together, np.array(alone))
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)
    assert scorer.probabilities(shard_of([]), np.zeros(0, np.int64)).shape == (0, 3)


def test_the_longest_turn_does_not_overflow() -> None:
    shard = shard_of(["好" * 100_000])
    head = head_of(3)
    slots = np.unique(slots_of(shard, 0)).astype("<u4")
    head = replace(head, slots=slots.tobytes(), weights=np.full((len(slots), 3), [127, -127, 127], np.int8).tobytes())
    count = int(MarkedTurns.of(shard, np.array([0])).counts(4)[0])
    assert count < 4 * MOST_CHARS
    got = HeadScorer(head).logits(shard, np.array([0]))
    wanted = np.array(head.bias) + np.array(head.scales) * np.array([127, -127, 127]) * np.sqrt(count)
    np.testing.assert_allclose(got[0], wanted, rtol=1e-4)


def test_features_are_the_pieces_that_speak_for_the_label() -> None:
    shard = shard_of(["物流太差了吧"])
    marked = MarkedTurns.of(shard, np.array([0]))
    pair = int(list(marked.slots(2, 12))[1][3])  # mark 物 流 太差 …
    head = head_of(3)
    weights = np.array([[100, -50, -50]], np.int8)
    head = replace(head, slots=np.array([pair], "<u4").tobytes(), weights=weights.tobytes())
    scorer = HeadScorer(head)
    assert scorer.features(shard, 0, "l0") == ("太差",)
    assert scorer.features(shard, 0, "l1") == ()


def test_a_file_gives_the_head_back(tmp_path: Path) -> None:
    head = head_of(5)
    write_head(head, tmp_path / "a.qc")
    write_head(head, tmp_path / "b.qc")
    assert read_head(tmp_path / "a.qc", Task.INTENT) == head
    assert (tmp_path / "a.qc").read_bytes() == (tmp_path / "b.qc").read_bytes()
    with pytest.raises(UsageError, match="不能用在 emotion"):
        read_head(tmp_path / "a.qc", Task.EMOTION)
    with pytest.raises(UsageError, match="读不了模型文件"):
        read_head(tmp_path / "none.qc", Task.EMOTION)


def sealed(body: bytes) -> bytes:
    """A file with a right checksum, as somebody malicious would write it."""
    import hashlib

    return b"qc-head 1 %s\n" % hashlib.sha256(body).hexdigest().encode() + body


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"PK\x03\x04" + data,
        lambda data: data.replace(b"qc-head 1 ", b"qc-head 2 "),
        lambda data: data[:-1],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: sealed(b"[" * 200_000),
        lambda data: sealed(b"{}\nxx"),
        lambda data: sealed(data.partition(b"\n")[2][:-20]),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"bits":12', b'"bits":60')),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"bits":12', b'"bits":3')),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"labels":["l0"', b'"labels":["l1"')),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"bias":[', b'"bias":[NaN,')),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"slots":', b'"slots":9')),
        lambda data: sealed(data.partition(b"\n")[2].replace(b'"longest":4,', b'"longest":null,')),
    ],
)
def test_a_hostile_file_gives_a_message(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "m.qc"
    write_head(head_of(3), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UsageError, match="不能用"):
        read_head(path, Task.INTENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"scales": (1e300, 1.0, 1.0)},  # overflows where scores are added up
        {"offsets": (float("inf"), 0.0, 0.0)},
        {"labels": ("l0", "l1", "\x1b[31m")},  # speaks to the terminal
        {"bits": 22, "slots": bytes(2), "weights": b""},
    ],
)
def test_a_file_with_hostile_numbers_gives_a_message(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "m.qc"
    write_head(replace(head_of(3), **changes), path)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="内容不完整"):
        read_head(path, Task.INTENT)


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tuple(f"l{i}" for i in range(1000))
    head = replace(head_of(3), labels=labels, bits=22, slots=bytes(4 << 20), weights=b"")
    zeros = tuple([0.0] * 1000)
    write_head(replace(head, inputs=(), input_weights=(), scales=zeros, bias=zeros, offsets=zeros), tmp_path / "m.qc")

    def unpack() -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("qc.text.head_file.zlib.decompressobj", unpack)
    with pytest.raises(UsageError, match="内容不完整"):
        read_head(tmp_path / "m.qc", Task.INTENT)


def test_a_note_does_not_speak_to_the_terminal(tmp_path: Path) -> None:
    head = head_of(3)
    write_head(replace(head, card=replace(head.card, note="\x1b]0;标题\x07红")), tmp_path / "m.qc")
    assert read_head(tmp_path / "m.qc", Task.INTENT).card.note == " ]0;标题 红"
