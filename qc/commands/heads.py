"""What `qc emotion` and `qc intents` do alike: train a head on labels, test it, show its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from qc.commands.head_tables import card_lines, confusion_lines, curve_line, score_lines
from qc.domain.head import ModelCard, Task
from qc.domain.labelled import LabelledTurn
from qc.errors import UsageError

FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)
_SHOWN_LINES = 10


def train_head(
    labels: Path,
    task: Task,
    *,
    out: Path,
    date: str | None,
    note: str,
    keep_doubtful: bool,
    quiet: bool,
    workspace: Path | None,
) -> None:
    """Train, write the file, say how good it is and whether it is worth using."""
    from dataclasses import replace

    from qc.commands.console import Console
    from qc.ingest.labelled import read_labelled
    from qc.learning.labels import ENOUGH_ROWS, training_set
    from qc.learning.train import SETTINGS, train
    from qc.pipeline.specs import emotion_lexicon, folders
    from qc.storage.files import atomic
    from qc.text.head_file import write_head

    console = Console(quiet)
    turns = read_labelled(labels)
    given = training_set(turns, task)
    console.note(f"{labels}：{given.rows} 行，用 {len(given.texts)} 句，{len(given.labels)} 类")
    for count, what in ((given.repeated, "行是重复的，只算一次"), (given.empty, "行没有文本，不用")):
        if count:
            console.note(f"{count} {what}")
    if given.contradicting:
        lines = "、".join(map(str, given.contradicting_lines[:_SHOWN_LINES]))
        more = "…" if len(given.contradicting_lines) > _SHOWN_LINES else ""
        console.note(f"{given.contradicting} 行自相矛盾（同一句话标了不同的类），不用：第 {lines}{more} 行")
    if given.rare:
        console.note(f"{given.rare} 行的类不足 5 句，不用：{'、'.join(given.rare_labels[:_SHOWN_LINES])}")
    if len(given.texts) < ENOUGH_ROWS:
        console.note(f"不到 {ENOUGH_ROWS} 句：分数不可靠，模型多半不如词表，先多标一些")
    settings = replace(SETTINGS[task], clean=SETTINGS[task].clean and not keep_doubtful)
    lexicon = emotion_lexicon(folders(workspace))
    made = train(given, task, lexicon=lexicon, settings=settings, date=date, note=note, said=console.note)
    with atomic(out) as temporary:
        write_head(made.head, temporary)
    if made.doubtful:
        doubted = _lines_of(turns, [given.texts[i] for i in made.doubtful_at.tolist()])
        shown = "、".join(map(str, doubted[:_SHOWN_LINES])) + ("…" if len(doubted) > _SHOWN_LINES else "")
        console.note(f"{made.doubtful} 句的标注与其余的明显不合，训练时剔除；请复查第 {shown} 行")
    card = made.head.card
    lines_out = [f"交叉验证（{card.folds} 折）：", *score_lines(card.scores, task)]
    lines_out += confusion_lines(made.confusion, made.head.labels, task)
    if card.untrained is not None:
        lines_out.append(f"同样的句子，只用词表不用模型：宏平均 F1 {card.untrained.macro_f1:.3f}")
    click.echo("\n".join([*lines_out, curve_line(card)]))
    click.echo(_advice(card, task, out))


def eval_head(labels: Path, task: Task, *, model: Path | None, workspace: Path | None) -> None:
    """Test the model (by default the one in force) and, for emotion, the lexicon beside it."""
    from qc.ingest.labelled import read_labelled
    from qc.learning.labels import training_set
    from qc.learning.test import test_emotion, test_intents
    from qc.pipeline.specs import configuration, emotion_lexicon, folders
    from qc.text.head_file import read_head

    where = folders(workspace)
    config = configuration(where)
    in_force = config.emotion_model if task is Task.EMOTION else config.intents_model
    path = model or (None if in_force is None else Path(in_force))
    if path is None and task is Task.INTENT:
        raise UsageError(
            "没有意图模型", "用 --model 指定文件，或先用 qc intents train 训练，写进 qc.yaml 的 intents.model。"
        )
    head = None if path is None else read_head(path, task)
    given = training_set(read_labelled(labels), task, testing=True)
    out = [
        f"{labels}：{given.rows} 行，评 {len(given.texts)} 句（重复 {given.repeated}，自相矛盾 {given.contradicting}）"
    ]
    if head is not None and head.card.data_digest == given.digest:
        out.append("注意：这就是训练它的标注，分数偏高，不说明问题；请另标一批来评。")
    if task is Task.EMOTION:
        lexicon = emotion_lexicon(where)
        tests = [("词表", test_emotion(given, lexicon, None))]
        if head is not None:
            tests.append((f"模型 {path}", test_emotion(given, lexicon, head)))
    else:
        assert head is not None  # noqa: S101 - refused above
        if not set(given.labels) & set(head.labels):
            raise UsageError(
                f"{labels}：这些标签模型 {path} 都没有学过，没有可比的",
                f"标注里的有 {_some(given.labels)}；模型学过的有 {_some(head.labels)}。写法要与训练时相同。",
            )
        tests = [(f"模型 {path}", test_intents(given, head))]
    for name, tested in tests:
        listed = given.labels if task is Task.EMOTION or head is None else head.labels
        out += ["", f"【{name}】", *score_lines(tested.scores, task), *confusion_lines(tested.confusion, listed, task)]
        if tested.negative_precision is not None:
            out.append(f"找出 60% 的负面时，判为负面的有 {tested.negative_precision:.0%} 真是负面")
        if tested.unknown:
            out.append(f"{tested.unknown} 句的类模型没有学过，没有计入")
    if head is None and task is Task.EMOTION:
        out += ["", "没有训练过的模型；用 qc emotion train 训练。"]
    click.echo("\n".join(out))


def _some(labels: Sequence[str]) -> str:
    return "、".join(labels[:_SHOWN_LINES]) + ("…" if len(labels) > _SHOWN_LINES else "")


def show_card(model: Path, task: Task) -> None:
    """The card of a model file."""
    from qc.text.head_file import read_head

    click.echo("\n".join(card_lines(read_head(model, task))))


def _lines_of(turns: Sequence[LabelledTurn], texts: list[str]) -> list[int]:
    wanted = set(texts)
    return sorted(turn.line for turn in turns if turn.text in wanted)


def _advice(card: ModelCard, task: Task, out: Path) -> str:
    key = "emotion" if task is Task.EMOTION else "intents"
    if card.untrained is not None and card.scores.macro_f1 <= card.untrained.macro_f1:
        return f"已写出 {out}，但它不比词表好，先不要用：再标一些，或把错判的说法加进词表。"
    return f"已写出 {out}。启用：在 qc.yaml 写 {key}: {{model: {out}}}（相对 qc.yaml），再用 qc inspect 重判一个批次。"
