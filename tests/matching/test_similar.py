from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.text.similarity import Passages, score, similarity, spoken

ASKED = "请问还有其他可以帮您的吗"
TABLE = [
    # sentences, what is said, verdict, texts of the hits
    (ASKED, "请问还有其他可以帮您的吗", "hit", ["请问还有其他可以帮您的吗"]),
    (ASKED, "好的先生，请问您还有什么可以帮到您的吗？", "hit", ["请问您还有什么可以帮到您的吗"]),
    (ASKED, "請問還有其他，嗯，可以幫您的嗎！", "hit", ["請問還有其他，嗯，可以幫您的嗎"]),
    # no marks at all, as some recognisers write
    (ASKED, "好的这边给您登记好了请问还有其他可以帮您的吗谢谢", "hit", ["请问还有其他可以帮您的吗"]),
    (ASKED, "请问您的户号是多少", "miss", []),
    (ASKED, "可以的，您请讲", "miss", []),
    (ASKED, "再见", "miss", []),
    ("感谢您的来电，祝您生活愉快", "谢谢。感谢您来电，祝您生活愉快，再见！", "hit", ["感谢您来电，祝您生活愉快"]),
    ("感谢您的来电，祝您生活愉快", "祝您生活愉快", "miss", []),  # half of it is not it
    (f"[{ASKED}, 感谢您的来电]", "感谢您的来电", "hit", ["感谢您的来电"]),
]


@pytest.mark.parametrize(("sentences", "said", "verdict", "texts"), TABLE)
def test_table(judged, sentences, said, verdict, texts):
    listed = sentences if sentences.startswith("[") else f"'{sentences}'"
    result = judged(f"p: {{similar: {{sentences: {listed}}}}}", f"A {said}")
    assert (result.verdict, result.texts) == (verdict, texts)


def test_the_score_and_the_sentence_are_told(judged):
    find = f"p: {{similar: {{sentences: [祝您生活愉快, {ASKED}], min_score: 0.7}}}}"
    [hit] = judged(find, ["C 好", f"A {ASKED}吗"]).hits
    assert hit.value > 0.99 and hit.note == f"近似“{ASKED}”" and hit.turn == 2
    judged_message = judged(find, f"A {ASKED}", message="得分 {value}").finding.message
    assert judged_message.startswith(("得分 1", "得分 0.9"))


def test_the_threshold_decides(judged):
    said = "A 还有别的可以帮您吗"
    [hit] = judged(f"p: {{similar: {{sentences: {ASKED}, min_score: 0.3}}}}", said).hits
    assert judged(f"p: {{similar: {{sentences: {ASKED}, min_score: {hit.value + 0.01:.3f}}}}}", said).verdict == "miss"
    assert judged(f"p: {{similar: {{sentences: {ASKED}, min_score: {hit.value - 0.01:.3f}}}}}", said).verdict == "hit"


def test_frames(judged):
    find = "similar: {sentences: '感谢您的来电，祝您生活愉快'}"
    said = ["A 感谢您的来电，祝您生活愉快", "C 感谢您的来电，祝您生活愉快"]
    assert judged(f"p: {{{find}, speaker: customer}}", said).turns == [2]
    assert judged(f"p: {{{find}, count: {{min: 3}}}}", said).verdict == "miss"
    assert judged(f"p: {{{find}, in_clause: true}}", said).verdict == "miss"  # no clause says all of it
    assert judged(f"p: {{{find}}}", ["A 感谢您的来电，", "A 祝您生活愉快"]).verdict == "miss"  # never across turns


def test_a_score_means_the_same_at_every_length():
    lengths = np.array([4, 8, 16, 32])
    half = score(np.full(4, 0.5), lengths)
    assert (np.diff(half) > 0).all()  # the same overlap says more between long sentences
    assert score(np.array([1.0]), np.array([4.0]))[0] > 0.99
    assert score(np.array([0.0]), np.array([40.0]))[0] < 0.02


@settings(max_examples=200, deadline=None)
@given(st.text("请问还有，a 嗯。\n", max_size=20), st.text("请问还有，a", min_size=1, max_size=9))
def test_the_best_passage_is_as_good_as_the_whole_turn(text, sentence):
    if len(spoken(sentence)) < 2:
        return
    found = Passages(text).like(sentence, 0.05)
    best = {turn: row for row, turn in enumerate(found.turn.tolist())}
    pairs = {spoken(sentence)[i : i + 2] for i in range(len(spoken(sentence)) - 1)}
    for number, line in enumerate(text.split("\n")):
        whole = similarity(sentence, line)
        shares = any(pair in spoken(line) for pair in pairs)
        if shares and len(re.findall("[，。]", line)) <= 2 and whole >= 0.05:
            assert found.score[best[number]] >= whole - 1e-9
    for row in best.values():
        passage = text[found.start[row] : found.end[row]]
        assert "\n" not in passage
        assert similarity(sentence, passage) <= found.score[row] + 1e-9
