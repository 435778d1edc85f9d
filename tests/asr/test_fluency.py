"""How texts are judged by their words: probabilities from pairs, and what they make of a beam search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qc.asr.engines import pairs
from qc.asr.engines.fluency import PER_CHARACTER, WEIGHT, Fluency, Reading
from qc.asr.engines.pairs import FILE, START, STEP, WordPairs, pairs_id
from qc.asr.engines.whisper.engine import WhisperOptions
from qc.asr.engines.whisper.search import Beams

EOT = 0x110000
"""In these tests a token below it is a code point."""
TIMESTAMP = EOT + 1


def test_a_pair_counts_as_such_and_others_by_their_words_and_back_off(few: WordPairs) -> None:
    one, two, pair = (few.number(word) for word in ("我", "们", "我们"))
    assert (one, two, pair) == (0, 1, 2)
    assert few.log_probability(START, one) == -2.0
    assert few.log_probability(one, two) == -1.0  # the pair itself
    assert few.log_probability(two, pair) == -4.0 - 0.5  # not there: the word alone, and what 们 sets aside
    assert few.log_probability(one, None) < -4.0
    assert few.beginning("我") == pair
    assert few.beginning("我们") is None


def test_probabilities_after_a_word_sum_to_no_more_than_one(shipped: WordPairs) -> None:
    """Every word that may follow, with its pair or without."""
    words = len(shipped._cost)
    for before in ("的", "我", "不", "电费"):
        number = shipped.number(before)
        mass = sum(np.exp(shipped._log_probability(number, word)) for word in range(words))
        assert 0.5 < mass < 1.02


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("这款理财产品", "这款立财产品"),
        ("我要投诉", "我要头素"),
        ("请稍等", "请收等"),
        ("跟您核实一下", "跟您何时一下"),
        ("绝对不可以", "结对不可以"),
    ],
)
def test_what_whisper_mishears_reads_worse(judge: Fluency, right: str, wrong: str) -> None:
    assert _read(judge, right).score > _read(judge, wrong).score


def test_traditional_characters_read_as_simplified(judge: Fluency) -> None:
    assert _read(judge, "電費帳單").score == _read(judge, "电费帐单").score


def test_a_character_in_several_tokens_reads_as_in_one(shipped: WordPairs, judge: Fluency) -> None:
    spelled = "理财产品".encode()
    split = Fluency(shipped, lambda token: bytes([token]), EOT)
    reading = Reading()
    for byte in spelled:
        reading = split.after(reading, byte)
    assert reading == _read(judge, "理财产品")
    assert split.after(reading, spelled[0]).rest == spelled[:1]
    assert split.after(reading, spelled[0]).score == reading.score  # nothing new can be read yet


def test_half_a_character_and_no_text_at_all_are_passed_over(shipped: WordPairs) -> None:
    """Bytes that spell nothing may come from a model that is lost."""
    broken = Fluency(shipped, lambda token: bytes([token]), EOT)
    reading = Reading()
    for byte in b"\xe6\xff\x80\xe6" + "好".encode():
        reading = broken.after(reading, byte)
    assert reading.score < 0.5


def test_letters_figures_and_timestamps_cost_nothing_and_begin_anew(judge: Fluency) -> None:
    before = _read(judge, "理财")
    for token in (ord("A"), ord("3"), ord("，"), TIMESTAMP):
        after = judge.after(before, token)
        assert after.ways == ((before.ways[-1][0], START),)
        alone = _read(judge, "产品").ways[-1][0]
        assert _read(judge, "产品", after).ways[-1][0] == pytest.approx(before.ways[-1][0] + alone)


def test_the_beginning_of_a_word_is_worth_the_word_it_may_become(judge: Fluency, shipped: WordPairs) -> None:
    """绝 alone is rare; that 绝对 may follow keeps it in the beam."""
    word = shipped.number("绝对")
    assert shipped.beginning("绝") == word
    hoped = WEIGHT * (shipped.log_probability(START, word) + PER_CHARACTER)
    assert _read(judge, "绝").score == pytest.approx(hoped)
    assert hoped > WEIGHT * _read(judge, "绝").ways[-1][0]


def test_a_beam_takes_the_usual_word_where_both_were_heard_nearly_alike(judge: Fluency) -> None:
    assert _heard(judge, 0.3, 0.6) == "理财产品"
    assert _heard(None, 0.3, 0.6) == "立财产品"
    assert _heard(judge, 0.001, 0.9) == "立财产品"  # what was clearly heard stands


def test_lineage_names_the_words_that_judged() -> None:
    assert pairs_id().startswith(",pairs-")
    assert pairs_id() in WhisperOptions(beam_size=5).id
    for other in (WhisperOptions(beam_size=1), WhisperOptions(beam_size=5, language="en")):
        assert "pairs" not in other.id


def test_without_the_words_lineage_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pairs, "FILE", tmp_path / "pairs.npz")
    pairs_id.cache_clear()
    try:
        assert "pairs" not in WhisperOptions(beam_size=5).id
    finally:
        pairs_id.cache_clear()


@pytest.fixture(scope="module")
def shipped() -> WordPairs:
    return WordPairs(FILE)


@pytest.fixture(scope="module")
def judge(shipped: WordPairs) -> Fluency:
    return Fluency(shipped, lambda token: chr(token).encode(), EOT)


@pytest.fixture
def few(tmp_path: Path) -> WordPairs:
    """我, 们 and 我们, and the pair 我|们."""
    file = tmp_path / "pairs.npz"
    np.savez(
        file,
        words=np.frombuffer("我\n们\n我们".encode(), np.uint8),
        word_cost=np.array([2, 3, 4], np.uint8) * STEP,
        back_off=np.array([4, 8, 0], np.int16),
        pairs=np.array([1, 0, 0], np.uint16),
        second=np.array([1], np.uint32),
        pair_cost=np.array([STEP], np.uint8),
    )
    return WordPairs(file)


def _read(judge: Fluency, text: str, reading: Reading | None = None) -> Reading:
    reading = reading or Reading()
    for char in text:
        reading = judge.after(reading, ord(char))
    return reading


def _heard(judge: Fluency | None, right: float, wrong: float) -> str:
    """What two beams write where 理 and 立 were heard with these probabilities."""
    beams = Beams(2, 20, EOT, judge)
    step: Callable[..., object] = lambda *rows: beams.advance(  # noqa: E731
        np.array([[ord(c) if c else EOT for c in row] for row in rows]), np.log([list(row.values()) for row in rows]), 0
    )
    step({"立": wrong, "理": right, "里": 1e-9})
    for char in "财产品":
        step(*[{char: 0.98, "的": 0.01, "了": 0.01}] * 2)
    step(*[{"": 0.98, "的": 0.01, "了": 0.01}] * 2)
    assert beams.done
    return "".join(map(chr, beams.best().tokens))
