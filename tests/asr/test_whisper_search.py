"""Beam search and timestamp rules without a model: known probabilities in, known texts out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.engines.whisper.search import STUCK, Beams

EOT = 9


def _step(beams: Beams, *rows: dict[int, float]) -> list[int]:
    """One step with these next tokens and probabilities per beam, likeliest first."""
    ordered = [sorted(row.items(), key=lambda item: -item[1]) for row in rows]
    tokens = np.array([[token for token, _ in row] for row in ordered], np.int64)
    return beams.advance(tokens, np.log([[p for _, p in row] for row in ordered]), 0)


def test_greedy_takes_the_likeliest_and_ends_with_the_end_mark() -> None:
    beams = Beams(1, 20, EOT)
    assert _step(beams, {3: 0.6}) == [0]
    assert not beams.done
    assert _step(beams, {EOT: 0.5}) == []
    assert beams.done
    best = beams.best()
    assert (best.tokens, best.complete) == ([3], True)
    assert best.logprobs == pytest.approx(np.log([0.6, 0.5]))


def test_a_beam_finds_what_greedy_misses() -> None:
    """1 is likelier than 2, but nothing likely follows it."""
    beams = Beams(2, 20, EOT)
    _step(beams, {1: 0.6, 2: 0.4, 3: 1e-9})
    _step(beams, {4: 0.3, 5: 0.3, 6: 0.3}, {7: 0.98, 8: 0.01, 6: 0.01})
    _step(beams, *[{EOT: 0.9, 1: 0.05, 2: 0.05}] * 2)
    assert beams.done
    assert beams.best().tokens == [2, 7]


def test_the_best_by_mean_probability_wins_not_the_shortest() -> None:
    beams = Beams(2, 20, EOT)
    _step(beams, {1: 0.5, 2: 0.4, 3: 0.1})
    _step(beams, {EOT: 0.5, 3: 0.45, 4: 0.05}, {5: 0.9, 4: 0.06, 3: 0.04})  # [1] ends: sum .25, mean .25
    for _ in range(3):
        _step(beams, {6: 0.5, 7: 0.3, 8: 0.2}, {6: 0.99, 7: 0.006, 8: 0.004})
    _step(beams, {1: 0.5, 2: 0.3, 3: 0.2}, {EOT: 0.9, 1: 0.06, 2: 0.04})
    assert beams.done
    assert beams.best().tokens[:2] == [2, 5]
    assert len(beams.best().tokens) == 5


def test_what_lives_on_keeps_its_place() -> None:
    beams = Beams(3, 20, EOT)
    _step(beams, {1: 0.5, 2: 0.3, 3: 0.2, 4: 1e-6})
    parents = _step(
        beams,
        {5: 0.01, 6: 0.01, 7: 0.01, 8: 0.01},
        {5: 0.5, 6: 0.4, 7: 0.09, 8: 0.01},
        {5: 0.9, 6: 0.08, 7: 0.01, 8: 0.01},
    )
    assert parents == [1, 1, 2]  # nothing of beam 0 lived on: the second of beam 1 stands in its place
    assert beams.tokens.tolist() == [[2, 6], [2, 5], [3, 5]]


def test_a_text_that_does_not_end_is_cut_and_says_so() -> None:
    beams = Beams(2, 3, EOT)
    for first in (True, False, False):
        _step(beams, *[{1: 0.7, 2: 0.2, 3: 0.1}] * (1 if first else 2))
    assert beams.done
    best = beams.best()
    assert (best.tokens, best.complete) == ([1, 1, 1], False)
    assert len(best.logprobs) == len(best.rows) == 3


def test_a_loop_is_cut_short() -> None:
    beams = Beams(1, 10_000, EOT)
    steps = 0
    while not beams.done:
        _step(beams, {steps % 3: 0.99})
        steps += 1
    assert steps == STUCK
    assert not beams.best().complete


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_rows_tell_which_beam_wrote_each_token(width: int, seed: int) -> None:
    """Each token is its own row's number and step: whatever beams do, a text is made of what its rows wrote."""
    random = np.random.default_rng(seed)
    beams = Beams(width, 6, EOT)
    for step in range(6):
        rows = 1 if step == 0 else width
        tokens = 100 * step + 10 + 5 * np.arange(rows)[:, None] + np.arange(width + 1)
        beams.advance(tokens, np.log(-np.sort(-random.dirichlet(np.ones(width + 1), rows))), 0)
    best = beams.best()
    assert [(token % 100 - 10) // 5 for token in best.tokens] == best.rows


@pytest.mark.asr
def test_timestamps_follow_the_rules_of_stock_whisper() -> None:
    """Every row of a random batch gets the tokens that whisper's own filters leave it."""
    import torch
    from whisper.decoding import ApplyTimestampRules, SuppressTokens
    from whisper.tokenizer import get_tokenizer

    from qc.asr.engines.whisper.rules import MAX_FIRST_TIMESTAMP, Rules

    tokenizer = get_tokenizer(True, num_languages=99, language="zh", task="transcribe")
    begin, vocabulary = tokenizer.timestamp_begin, 51865
    written = np.array(
        [[begin, 100, 200], [begin, 100, begin + 70], [begin, begin + 5, begin + 5], [begin + 3, 5, 6]], np.int64
    )
    stock = [ApplyTimestampRules(tokenizer, 0, MAX_FIRST_TIMESTAMP)]
    banned = [*tokenizer.non_speech_tokens, tokenizer.transcribe, tokenizer.translate, tokenizer.sot]
    stock.append(SuppressTokens([*banned, tokenizer.sot_prev, tokenizer.sot_lm, tokenizer.no_speech]))
    torch.manual_seed(1)
    for lift in (0.0, 6.0):  # timestamps seldom and often likelier than any word
        logits = 3 * torch.randn(len(written), vocabulary)
        logits[:, begin:] += lift
        expected = logits.clone()
        for rule in reversed(stock):
            rule.apply(expected, torch.from_numpy(written))
        values, tokens = expected.log_softmax(-1).topk(6)
        found, logprobs = Rules(tokenizer, "cpu").likeliest(logits, written, 6)
        assert found.tolist() == tokens.tolist()
        assert np.allclose(logprobs, values, atol=1e-4)
