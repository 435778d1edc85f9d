from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.domain.emotion import EmotionLexicon
from qc.domain.head import Task
from qc.domain.labelled import LabelledTurn
from qc.errors import QcError
from qc.ingest.labelled import read_labelled
from qc.learning.evaluate import (
    Calibration,
    best_offsets,
    calibration,
    calibration_error,
    noisy_calibration,
    precision_at_recall,
    softmax,
)
from qc.learning.features import Sentences, named_sentences, sentences, shard_of
from qc.learning.fit import fit
from qc.learning.labels import TrainingSet, training_set
from qc.learning.train import SETTINGS, train
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.text.emotion import EmotionScorer
from qc.text.head import HeadScorer
from qc.text.head_file import read_head
from tests.learning.labels import as_csv, emotion_rows, intent_rows


def turns(rows: list[tuple[str, str]]) -> list[LabelledTurn]:
    return [LabelledTurn(line=i, text=text, label=label) for i, (text, label) in enumerate(rows, 2)]


def call(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in args], catch_exceptions=True)


def refusal(result: Result) -> str:
    assert isinstance(result.exception, QcError), result.output
    return result.exception.render()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Label files, and the models trained on them by the commands."""
    folder = tmp_path_factory.mktemp("heads")
    (folder / "emotion.csv").write_text(as_csv(emotion_rows()), "gb18030")
    lines = (json.dumps({"text": t, "label": c}, ensure_ascii=False) for t, c in intent_rows())
    (folder / "intents.jsonl").write_text("\n".join(lines), "utf-8")
    for task, name in (("emotion", "emotion.csv"), ("intents", "intents.jsonl")):
        done = call(task, "train", folder / name, "-o", folder / f"{task}.qc", "--date", "2026-11-22")
        assert done.exit_code == 0, done.output
        assert "宏平均 F1" in done.output
        assert "学习曲线" in done.output
    return folder


@pytest.mark.parametrize(("task", "labels"), [("emotion", "emotion.csv"), ("intents", "intents.jsonl")])
def test_the_same_labels_give_the_same_file(files: Path, task: str, labels: str) -> None:
    again = files / "again.qc"
    assert call(task, "train", files / labels, "-o", again, "--date", "2026-11-22", "-q").exit_code == 0
    assert again.stat().st_mode & 0o777 == 0o600, "who may write it decides how calls are judged"
    assert again.read_bytes() == (files / f"{task}.qc").read_bytes()


def test_a_card_says_what_it_was_made_of_and_no_sentence(files: Path) -> None:
    shown = call("emotion", "card", files / "emotion.qc")
    assert shown.exit_code == 0
    assert "2026-11-22" in shown.output
    assert "180 行" in shown.output
    data = (files / "emotion.qc").read_bytes()
    assert not any(text.encode() in data for text, _ in emotion_rows())
    assert "不能用在" in refusal(call("intents", "card", files / "emotion.qc"))


def test_eval_compares_with_the_lexicon(files: Path) -> None:
    shown = call("emotion", "eval", files / "emotion.csv", "-m", files / "emotion.qc")
    assert shown.exit_code == 0
    assert "【词表】" in shown.output
    assert "【模型" in shown.output
    assert "这就是训练它的标注" in shown.output
    alone = call("intents", "eval", files / "intents.jsonl", "-m", files / "intents.qc")
    assert alone.exit_code == 0
    assert "没有意图模型" in refusal(call("intents", "eval", files / "intents.jsonl"))
    other = refusal(call("intents", "eval", files / "emotion.csv", "-m", files / "intents.qc"))
    assert "都没有学过" in other
    assert "标注里的有 中性、" in other


def test_a_head_learns_what_the_lexicon_does_not_know() -> None:
    """Without a lexicon the n-grams alone must tell the classes, and say by which pieces."""
    given = training_set(turns(emotion_rows()), Task.EMOTION)
    made = train(given, Task.EMOTION, lexicon=EmotionLexicon())
    assert made.head.card.scores.macro_f1 > 0.95
    untrained = made.head.card.untrained
    assert untrained is not None
    assert untrained.macro_f1 < 0.4
    felt = EmotionScorer(EmotionLexicon(), made.head).score(
        shard_of(["这个月的煤气又坏了，什么破质量", "我想问一下煤气怎么办理", ""])
    )
    assert felt.label.tolist() == [-1, 0, 0]
    assert felt.features[0]
    assert 1 not in felt.features
    assert felt.negative_probability[0] > 0.5 > felt.negative_probability[1]
    assert felt.polarity[0] <= -0.2


def test_what_is_labelled_has_a_reason(files: Path) -> None:
    head = read_head(files / "emotion.qc", Task.EMOTION)
    lexicon = load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")  # the one it was trained with
    felt = EmotionScorer(lexicon, head).score(shard_of([t for t, _ in emotion_rows()]))
    labelled = np.flatnonzero(felt.label).tolist()
    assert labelled
    assert all(felt.phrases.get(i) or felt.features.get(i) for i in labelled)


def test_int8_weights_decide_like_the_fit(files: Path) -> None:
    head = read_head(files / "intents.qc", Task.INTENT)
    scorer = HeadScorer(head)
    found = scorer.decide(scorer.probabilities(shard_of([t for t, _ in intent_rows()]), np.arange(180)))
    right = [head.labels[i] == label for i, (_, label) in zip(found.tolist(), intent_rows(), strict=True)]
    assert np.mean(right) > 0.97


@pytest.mark.parametrize(
    "text", ["", "😡😡", "12345", "Hello, where is my order?", "唔该点解咁耐㗎", "啊" * 100_000, "\n\t", "a\u0000b"]
)
def test_hostile_turns_get_probabilities(files: Path, text: str) -> None:
    head = read_head(files / "emotion.qc", Task.EMOTION)
    felt = EmotionScorer(EmotionLexicon(), head).score(shard_of([text, text]))
    assert np.isfinite(felt.negative_probability).all()
    assert ((felt.negative_probability >= 0) & (felt.negative_probability <= 1)).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("文本,标签\n", "没有标注"),
        ("", "没有内容"),
        ("文本,打分\n好,1\n", "没有标签一列"),
        ("文本,标签\n好,很棒\n", "不认识的情绪标签：很棒"),
        ("文本,标签\n" + "".join(f"第{i}句,负面\n" for i in range(300)), "都是同一类"),
        ("文本,标签\n" + "".join(f"{i}号,{'负面' if i % 2 else '中性'}\n" for i in range(300)), "正面的句子太少"),
        ("文本,标签\n一,负面\n二,中性\n三,正面\n", "太少"),
    ],
)
def test_labels_nothing_can_be_learned_from(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "l.csv").write_text(content, "utf-8")
    assert said in refusal(call("emotion", "train", tmp_path / "l.csv", "-o", tmp_path / "m.qc"))
    assert not (tmp_path / "m.qc").exists()


@pytest.mark.parametrize("kind", ["emotion", "intents"])
def test_columns_the_wrong_way_round_show_no_customer_text(tmp_path: Path, kind: str) -> None:
    rows = "".join(
        f"意图{i}第{j}句,我叫张三住在幸福路{i}号电话打不通\n" for i in range(9) for j in range(1 + 5 * (i == 4))
    )
    (tmp_path / "l.csv").write_text("文本,标签\n" + rows, "utf-8")
    told = refusal(call(kind, "train", tmp_path / "l.csv", "-o", tmp_path / "m.qc"))
    assert "张三" not in told


def test_labels_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes("文本,标签\n".encode() + b"\xff\xfe\x81,\n" + "好的谢谢,正面\n".encode())
    assert "无法识别的字节" in refusal(call("emotion", "train", tmp_path / "l.csv", "-o", tmp_path / "m.qc"))
    (tmp_path / "l.pdf").write_bytes(b"%PDF")
    assert "不认识的扩展名" in refusal(call("emotion", "train", tmp_path / "l.pdf", "-o", tmp_path / "m.qc"))
    (tmp_path / "l.jsonl").write_text('{"text": "好"}\n[1]\n', "utf-8")
    told = refusal(call("emotion", "train", tmp_path / "l.jsonl", "-o", tmp_path / "m.qc"))
    assert "l.jsonl:1" in told
    assert "l.jsonl:2" in told


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.active.append(["十月抽样"])
    for row in [("序号", "客户原话", "情绪"), (1, "气死我了", "愤怒"), (2, "还没标", None)]:
        book.active.append(row)
    book.save(tmp_path / "l.xlsx")
    assert read_labelled(tmp_path / "l.xlsx") == (LabelledTurn(line=3, text="气死我了", label="愤怒"),)


def test_repeated_and_contradicting_rows_are_counted() -> None:
    rows = [*emotion_rows(), emotion_rows()[0], ("可以的", "中性"), ("可以的", "正面"), ("  ", "负面")]
    given = training_set(turns(rows), Task.EMOTION)
    assert (given.rows, given.repeated, given.contradicting, given.empty, len(given.texts)) == (184, 1, 2, 1, 180)
    assert given.contradicting_lines == (183, 184)


def test_wrong_labels_are_found() -> None:
    rows = emotion_rows()
    wrong = [3, 40, 77, 121]
    for i in wrong:
        rows[i] = (rows[i][0], "正面" if rows[i][1] != "正面" else "负面")
    made = train(training_set(turns(rows), Task.EMOTION), Task.EMOTION, lexicon=EmotionLexicon())
    assert len(set(wrong) & set(made.doubtful_at.tolist())) >= 3
    assert made.doubtful <= 8
    assert SETTINGS[Task.EMOTION].clean


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_intents_given_at_random_are_left_out_and_right_ones_are_not(share: float) -> None:
    rows = intent_rows()
    rng = np.random.default_rng(3)
    things = sorted({thing for _, thing in rows})
    wrong = rng.permutation(len(rows))[: int(share * len(rows))].tolist()
    for i in wrong:
        rows[i] = (rows[i][0], things[(things.index(rows[i][1]) + rng.integers(1, len(things))) % len(things)])
    given = training_set(turns(rows), Task.INTENT)
    made = fit(named(given), given.classes, len(given.labels), SETTINGS[Task.INTENT])
    doubtful = set(np.flatnonzero(made.doubtful).tolist())
    assert len(doubtful & set(wrong)) >= 0.9 * len(wrong)
    assert len(doubtful - set(wrong)) <= 0.02 * len(rows)


def test_doubt_leaves_every_label_five_of_its_sentences() -> None:
    rows = intent_rows()
    rows += [(f"您好，{text}", "说错了" if i % 18 == 0 else thing) for i, (text, thing) in enumerate(rows)]
    given = training_set(turns(rows), Task.INTENT)
    made = fit(named(given), given.classes, len(given.labels), SETTINGS[Task.INTENT])
    kept = np.bincount(given.classes[~made.doubtful], minlength=len(given.labels))
    assert dict(given.counts)["说错了"] == 10
    assert kept[given.labels.index("说错了")] == 5


@pytest.mark.parametrize(("names", "known"), [(5.0, True), (0.0, False)])
def test_the_name_of_an_intent_is_learned(names: float, known: bool) -> None:
    """A word of the name that no sentence has says what the intent is."""
    named_so = {"电表": "咨询计量装置", "水费": "咨询用量收取", "宽带": "咨询互联上网"}
    rows = [
        (said + text, named_so[thing]) for text, thing in intent_rows() if thing in named_so for said in ("", "喂，")
    ]
    given = training_set(turns(rows), Task.INTENT)
    held = sentences(shard_of(["计量装置", "用量收取", "互联上网"]), longest=2, bits=18, lexicon=None)
    made = fit(named(given), given.classes, 3, replace(SETTINGS[Task.INTENT], names=names))
    found = [given.labels[i] for i in made.logits(held).argmax(axis=1)]
    assert (found == list(named_so.values())) is known


def test_a_label_is_right_as_the_calibration_says() -> None:
    """Four labels: a label of probability 0.1 is right for 0.6 * 0.1 + 0.4 / 4 * 0.1 of 0.6 * 0.1 + 0.4 / 4."""
    logits = np.log([[0.7, 0.1, 0.1, 0.1]])
    right = Calibration(sharpness=1.0, shift=np.zeros(4), noise=0.4).right(logits, np.array([1]))
    assert right[0] == pytest.approx(0.07 / 0.16)


def named(given: TrainingSet) -> Sentences:
    return named_sentences(given.texts, given.labels, longest=2, bits=18)


def test_calibration_undoes_what_was_done_to_logits() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    true = softmax(2 * logits + [0.5, 0.0, -0.5])
    classes = (rng.random((4000, 1)) > true.cumsum(axis=1)).sum(axis=1)
    found = calibration(logits, classes)
    assert found.sharpness == pytest.approx(2, rel=0.1)
    assert found.shift[0] - found.shift[2] == pytest.approx(1, abs=0.25)
    before, after = softmax(logits), found.probabilities(logits)
    assert calibration_error(classes, after) < 0.03 < calibration_error(classes, before)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_labels_given_at_random_do_not_make_probabilities_low(noise: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6000, 20))
    right = (rng.random((6000, 1)) > softmax(4 * logits).cumsum(axis=1)).sum(axis=1)
    given = np.where(rng.random(6000) < noise, rng.integers(0, 20, 6000), right)
    found = noisy_calibration(logits, given)
    assert found.sharpness == pytest.approx(4, rel=0.1)
    assert found.noise == pytest.approx(noise, abs=0.03)
    probabilities = found.probabilities(logits)
    assert calibration_error(right, probabilities) < 0.03
    assert calibration_error(given, found.given(probabilities)) < 0.03


def test_precision_at_recall_by_hand() -> None:
    classes, probability = np.array([0, 1, 0, 1, 1]), np.array([0.9, 0.8, 0.7, 0.7, 0.1])
    assert precision_at_recall(classes, probability, 0, 0.5) == 1.0
    assert precision_at_recall(classes, probability, 0, 0.6) == 0.5
    assert precision_at_recall(classes, probability, 2, 0.6) == 0.0


def test_offsets_help_rare_labels() -> None:
    rng = np.random.default_rng(1)
    classes = rng.choice(3, 2000, p=[0.05, 0.9, 0.05])
    logits = rng.normal(size=(2000, 3)) + 1.5 * np.eye(3)[classes] + np.log([0.05, 0.9, 0.05])
    offsets = best_offsets(softmax(logits), classes)
    assert offsets[0] > 0 < offsets[2]
    assert offsets[1] == 0
