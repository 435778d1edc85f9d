"""The room as a whole: hostile input in linear time, nothing heavy on import, the same answer every time."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from qc.domain.emotion import EmotionLexicon
from qc.domain.topic import Taxonomy
from qc.text.masking import mask_turns
from qc.text.shard import Shard
from qc.text.signals import Analyser
from qc.text.terms import count_terms
from tests.text.shards import said, shard

HOSTILE = {
    "one letter": "a",
    "digits": "1",
    "digits in groups": "13 ",
    "mobile numbers": "13812345678 ",
    "spoken digits": "一二三四五六七八九",
    "negations": "不",
    "degrees": "很",
    "phrases": "气死我了",
    "addresses": "北京市朝阳区建国路12号楼3单元502室",
    "roads": "路1号",
    "mail": "a@",
    "amounts": "1,",
    "emoji": "😡",
    "surrogates": "\ud800",
    "line breaks": "\n",
    "keywords": "开发票",
}


def analyse(made, lexicon, taxonomies):
    analyser = Analyser(lexicon, taxonomies)
    return analyser.emotions(made), analyser.topics(made), analyser.entities(made)


def everything(made: Shard, analyser: Analyser, taxonomies: tuple[Taxonomy, ...]) -> None:
    emotions, _, entities = analyser.emotions(made), analyser.topics(made), analyser.entities(made)
    masked = mask_turns(made, entities)
    assert [len(m) for m in masked] == [len(t.text) for t in made.turns]
    count_terms(made, emotions, entities, taxonomies)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_turn_of_a_hundred_thousand_characters(
    name: str, lexicon: EmotionLexicon, taxonomies: tuple[Taxonomy, ...]
) -> None:
    analyser = Analyser(lexicon, taxonomies)
    everything(said("停电"), analyser, taxonomies)
    text = HOSTILE[name] * (100_000 // len(HOSTILE[name]))
    begun = time.process_time()
    everything(said(text), analyser, taxonomies)
    assert time.process_time() - begun < 5  # quadratic time would take minutes


@pytest.mark.parametrize("made", [shard(), shard([]), said(""), said("", "", role="system")])
def test_empty(made: Shard, lexicon: EmotionLexicon, taxonomies: tuple[Taxonomy, ...]) -> None:
    everything(made, Analyser(lexicon, taxonomies), taxonomies)


def test_without_lexicon_and_taxonomy() -> None:
    emotions, topics, _ = analyse(said("气死我了"), None, ())
    assert emotions.label.tolist() == [0]
    assert topics.primary(0) == "unknown"


def test_what_the_recogniser_made_up_was_not_said(lexicon: EmotionLexicon, taxonomies: tuple[Taxonomy, ...]) -> None:
    plain = said("我要投诉你们，退款").conversations[0]
    for confidence, heard in ((0.0, False), (0.2, True), (None, True)):
        turns = tuple(replace(t, confidence=confidence) for t in plain.turns)
        made = Shard([replace(plain, turns=turns)])
        emotions, topics, entities = analyse(made, lexicon, taxonomies)
        assert bool(emotions.label[0] == -1) is heard
        assert bool(emotions.customer.worst_turn[0] == 1) is heard
        assert (topics.primary(0) != "unknown") is heard
        assert bool(count_terms(made, emotions, entities, taxonomies).term) is heard


def test_same_again(lexicon: EmotionLexicon, taxonomies: tuple[Taxonomy, ...]) -> None:
    made = shard([("customer", "太慢了，我要投诉，退款"), ("agent", "非常抱歉")], [("customer", "谢谢，很满意")])
    first, second = (analyse(made, lexicon, taxonomies) for _ in range(2))
    assert first[0].polarity.tobytes() == second[0].polarity.tobytes()
    assert first[0].phrases == second[0].phrases
    assert first[1] == second[1]


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, qc.text.signals, qc.text.terms, qc.text.masking, qc.specs.emotion, qc.specs.taxonomy;"
        "print([m for m in ('jieba', 'snownlp', 'opencc', 're2', 'ahocorasick_rs', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_half_of_snownlp_is_not_left_behind() -> None:
    code = (
        "import sys; from qc.text.snow import snow_sentiment; snow_sentiment();"
        "print([m for m in sys.modules if m.startswith('snownlp')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
