"""Transcripts against references: which words belong to which row, and the figures made of them."""

from __future__ import annotations

import numpy as np
import pytest

from qc.asr.evaluation.measure import DIMENSIONS, Evaluation, calibration, difference, evaluate
from qc.asr.evaluation.noise import signal_to_noise
from qc.asr.evaluation.rows import Heard, Paired, compare
from qc.domain.conversation import Role
from qc.domain.reference import Reference


def said(text: str, line: int = 1, file: str = "1.wav", **more: object) -> Reference:
    return Reference(file=file, text=text, line=line, **more)  # type: ignore[arg-type]


def paired(references: list[Reference], heard: list[Heard], **more: object) -> Paired:
    return Paired(
        file=references[0].file,
        project="95598",
        references=tuple(references),
        heard=tuple(heard),
        **more,  # type: ignore[arg-type]
    )


def measured(*recordings: Paired, keywords: tuple[str, ...] = ()) -> Evaluation:
    return evaluate("系统", "", recordings, keywords)


def test_a_transcript_is_cut_at_the_borders_of_its_references() -> None:
    references = [said("您好请问有什么可以帮您", 1), said("我家停电了", 2), said("好的再见", 3)]
    heard = [Heard(text="您好，请问有什么可以帮您？我家停店了。"), Heard(text="嗯，好的再见。")]
    (side,) = compare(paired(references, heard))
    assert [row.hypothesis for row in side.rows] == ["您好，请问有什么可以帮您？", "我家停店了。", "嗯，好的再见。"]
    assert [row.alignment.errors.total for row in side.rows] == [0, 1, 1]


def test_what_is_lost_is_lost_in_its_own_row() -> None:
    (side,) = compare(paired([said("您好", 1), said("再见", 2)], [Heard(text="再见。")]))
    assert [(row.hypothesis, row.alignment.errors.deletions) for row in side.rows] == [("", 2), ("再见。", 0)]


def test_sides_are_compared_with_what_was_heard_of_them() -> None:
    references = [said("您好", role=Role.AGENT), said("停电了", 2, role=Role.CUSTOMER)]
    heard = [Heard(text="停电了", role=Role.CUSTOMER), Heard(text="您好", role=Role.AGENT)]
    assert measured(paired(references, heard)).errors.total == 0
    assert measured(paired([said("您好", channel=1)], [Heard(text="您好", channel=0)])).errors.deletions == 2


def test_times_of_references_order_them() -> None:
    references = [said("再见", 1, start_ms=5000), said("您好", 2, start_ms=0)]
    assert measured(paired(references, [Heard(text="您好再见")])).errors.total == 0


def test_phrases_where_nothing_was_said_are_inventions() -> None:
    heard = [Heard(text="您好", confidence=0.9), Heard(text="请不吝点赞", confidence=0.6), Heard(text="再见")]
    found = measured(paired([said("您好再见")], heard))
    assert [p.heard.text for p in found.invented] == ["请不吝点赞"]
    flagged = [heard[0], Heard(text="请不吝点赞", confidence=0.0), heard[2]]
    found = measured(paired([said("您好再见")], flagged))
    assert (len(found.invented), len(found.suspected)) == (0, 1)


def test_a_phrase_beside_all_speech_is_an_invention() -> None:
    reference = said("您好再见", start_ms=0, end_ms=2000)
    heard = [Heard(text="您好", start_ms=0, end_ms=900), Heard(text="再见", start_ms=9000, end_ms=9900)]
    assert [p.heard.text for p in measured(paired([reference], heard)).invented] == ["再见"]


def test_groups() -> None:
    one = paired([said("您好", role=Role.AGENT, channel=0)], [Heard(text="你好", role=Role.AGENT, channel=0)])
    many = measured(one, paired([said("停电", file="2.wav")], [Heard(text="停电")], noise_db={0: 12.0}))
    labels = {d.key: {k: e.total for k, e in many.groups(d).items()} for d in DIMENSIONS}
    assert labels["role"] == {"坐席": 1}
    assert labels["noise"] == {"10–20 dB": 0}
    assert labels["channel"] == {"0": 1}
    assert labels["length"] == {"5 字以内": 1}


def test_keywords_are_found_however_their_numbers_are_written() -> None:
    talks = [("请打九五五九八办理退保", "请打95598办理退保。"), ("我要退保", "我要推保。"), ("推荐什么", "退保什么")]
    recordings = [paired([said(a, file=f"{i}.wav")], [Heard(text=b)]) for i, (a, b) in enumerate(talks)]
    call, surrender, other = measured(*recordings, keywords=("95598", "退保", "犹豫期")).keywords
    assert (call.said, call.found, call.false) == (1, 1, 0)
    assert (surrender.said, surrender.found, surrender.false) == (2, 1, 1)
    assert (other.said, other.found, other.false) == (0, 0, 0)


def test_calibration() -> None:
    bins = calibration([(0.95, 100, 90), (0.91, 100, 100), (0.55, 10, 5)])
    assert [(b.low, b.characters, round(b.predicted, 3), round(b.measured, 3)) for b in bins] == [
        (0.5, 10, 0.55, 0.5),
        (0.9, 200, 0.93, 0.95),
    ]
    found = measured(paired([said("您好")], [Heard(text="您好", confidence=0.75)]))
    assert found.calibration_error == pytest.approx(0.25)
    assert measured(paired([said("您好")], [Heard(text="您好")])).calibration_error is None


def test_a_clear_difference_and_none() -> None:
    good = [paired([said("您好再见", file=f"{i}.wav")], [Heard(text="您好再见")]) for i in range(12)]
    bad = [paired([said("您好再见", file=f"{i}.wav")], [Heard(text="您号再建")]) for i in range(12)]
    found = difference(measured(*good), measured(*bad))
    assert (found.difference, found.drawn, found.is_clear) == (0.5, "recordings", True)
    assert found == difference(measured(*good), measured(*bad))
    even = difference(measured(*good[:6], *bad[6:]), measured(*bad[:6], *good[6:]))
    assert even.difference == 0.0
    assert not even.is_clear


def test_few_recordings_are_drawn_row_by_row() -> None:
    references = [said("您好", 1), said("再见", 1)]
    one, other = (measured(paired(references, [Heard(text=text)])) for text in ("您好再见", "您好再件"))
    found = difference(one, other)
    assert (found.drawn, found.difference) == ("rows", 0.25)


@pytest.mark.parametrize("ratio_db", [5, 15, 25])
def test_noise_is_estimated_within_a_few_decibels(ratio_db: int) -> None:
    random = np.random.default_rng(1)
    speech = random.standard_normal(16_000 * 20).astype(np.float32) * 0.1
    speech *= np.repeat(random.uniform(0, 1.7, 200), 1600).astype(np.float32)  # syllables of all levels
    speech[16_000 * 10 :] = 0.0  # the other one speaks
    power = float(np.mean(speech[: 16_000 * 10] ** 2))
    noise = random.standard_normal(len(speech)).astype(np.float32) * np.sqrt(power / 10 ** (ratio_db / 10))
    (found,) = signal_to_noise([(speech + noise)[None].astype(np.float32)])
    assert found == pytest.approx(ratio_db, abs=3)


def test_silence_has_no_signal() -> None:
    assert signal_to_noise([np.zeros((2, 16_000), np.float32)]) == [0.0, 0.0]
    assert signal_to_noise([]) == []
