"""What `qc explain` and `qc rules explain` do: find the conversation, judge it again, and tell why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import pyarrow.compute as pc

from qc.commands.cells import wrap
from qc.commands.explanation import render, render_table
from qc.commands.exporting import say_left_out
from qc.commands.rulecheck import signals_from
from qc.commands.transcript import identify
from qc.domain.conversation import Conversation, Turn
from qc.domain.finding import Verdict
from qc.domain.rule import Rule, RulePack, RuleStatus, RuleTest
from qc.errors import UsageError
from qc.matching.explain import Explainer
from qc.matching.story import Explanation
from qc.pipeline.restore import stored_conversation
from qc.pipeline.specs import Folders, configuration
from qc.ruletest.diff_words import called
from qc.ruletest.inline import conversation_of
from qc.ruletest.typed import typed_dialogue
from qc.specs.rules import load_rules
from qc.specs.suggest import suggest
from qc.storage.read import StoredRun, list_runs, open_run


def find_run(name: str, root: Path) -> StoredRun:
    """The run of this folder, or the one under `root` whose id is or begins so; `latest` is the newest. Raises
    UsageError."""
    if Path(name).is_dir():
        return open_run(Path(name))
    if (root / name).is_dir():
        return open_run(root / name)
    say_left_out(root)
    runs = list_runs(root)
    if name == "latest" and runs:
        return runs[-1]
    found = [run for run in runs if run.lineage.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        known = "、".join(run.lineage.run_id for run in runs[-5:])
        hint = f"最近的批次：{known}。" if known else "请写批次目录，或用 --out 指定批次所在目录。"
        raise UsageError(f"{root} 下没有批次 {name}", hint)
    raise UsageError(f"有 {len(found)} 个批次以 {name} 开头", "请把编号写完整。")


def explain_stored(run: StoredRun, identifier: str, rule_id: str | None, where: Folders) -> str:
    """Why the rules in force come to their verdicts on a stored conversation: one rule in full, or all as a table.

    Raises UsageError for what does not exist, SpecError.
    """
    full = identify(run, identifier)
    conversation = stored_conversation(run, full)
    if conversation is None:
        raise UsageError(f"批次 {run.lineage.run_id} 里没有会话 {identifier}")
    pack = load_rules([where.rules])
    if rule_id is None:
        told = _explainer(pack, conversation, where).explain(thorough=False)
        return render_table(told, conversation)
    rule = _rule(pack, rule_id)
    [one] = _explainer(replace(pack, rules=(rule,)), conversation, where, drafts=True).explain()
    return render(one, conversation, _stored_notes(run, one, conversation.id, where))


def explain_tests(where: Folders, rule_id: str, test_name: str | None) -> Iterator[str]:
    """Why the inline tests of a rule (or the one of this name) come out as they do, one text each. Raises UsageError,
    SpecError."""
    pack = load_rules([where.rules])
    rule = _rule(pack, rule_id)
    tests = [test for test in rule.tests if test_name is None or test.name == test_name]
    if not tests:
        if not rule.tests:
            raise UsageError(f"规则 {rule_id} 没有测试", '用 --text "坐席：… / 客户：…" 试一段话。')
        hint = suggest(test_name or "", [test.name for test in rule.tests])
        raise UsageError(f"规则 {rule_id} 没有叫“{test_name}”的测试", hint)
    for test in tests:
        conversation = conversation_of(rule, test, test.name)
        [one] = _explainer(replace(pack, rules=(rule,)), conversation, where, drafts=True).explain()
        yield "\n".join(_test_head(test, one)) + "\n" + render(one, conversation)


def explain_text(where: Folders, rule_id: str, text: str, path: str) -> str:
    """Why a rule comes to its verdict on a typed dialogue (see `typed_dialogue`). Raises UsageError, SpecError."""
    turns = typed_dialogue(text, path)
    pack = load_rules([where.rules])
    rule = _rule(pack, rule_id)
    conversation = _typed(rule, turns)
    [one] = _explainer(replace(pack, rules=(rule,)), conversation, where, drafts=True).explain()
    return render(one, conversation)


def _typed(rule: Rule, turns: Sequence[Turn]) -> Conversation:
    """A conversation the rule is about, as one of its tests would be."""
    return conversation_of(rule, RuleTest(name="", expect=Verdict.HIT, turns=tuple(turns)), "（输入的对话）")


def _rule(pack: RulePack, rule_id: str) -> Rule:
    rule = next((rule for rule in pack.rules if rule.id == rule_id), None)
    if rule is None:
        near = [other.id for other in pack.rules if rule_id in other.id]
        hint = f"你是不是想写“{near[0]}”？" if len(near) == 1 else suggest(rule_id, [r.id for r in pack.rules])
        raise UsageError(f"没有规则 {rule_id}", hint or "规则编号是文件里的 id；qc explain 不写规则时列出全部规则。")
    if rule.status is RuleStatus.RETIRED:
        raise UsageError(f"规则 {rule_id} 已停用（status: retired），不再判定", "要试它，先把 status 改成 draft。")
    return rule


def _explainer(pack: RulePack, conversation: Conversation, where: Folders, *, drafts: bool = False) -> Explainer:
    floor = configuration(where).asr.confidence_floor
    return Explainer(pack, conversation, signals_from(where), floor=floor, drafts=drafts)


def _test_head(test: RuleTest, one: Explanation) -> list[str]:
    passed = one.verdict is test.expect
    mark = click.style("[通过]", fg="green") if passed else click.style("[失败]", fg="red")
    kind = one.rule.kind
    lines = wrap(f"{mark} {test.name}：应为{called(kind, test.expect)}，实为{called(kind, one.verdict)}")
    return lines if passed else [*lines, f"       {one.rule.path}:{test.line}"]


def _stored_notes(run: StoredRun, one: Explanation, conversation: str, where: Folders) -> list[str]:
    """How the stored run judged the rule, and whether the rule is another one now."""
    rule, lineage = one.rule, run.lineage
    if not lineage.rules_digest:
        return wrap("批次里只有转写，没有判定过。", first="批次：")
    row = next(
        (
            row
            for part in run.parts("findings", ["conversation_id", "rule_id", "rule_version", "rule_digest", "verdict"])
            for row in part.filter(
                pc.and_(pc.equal(part["conversation_id"], conversation), pc.equal(part["rule_id"], rule.id))
            ).to_pylist()
        ),
        None,
    )
    digest = row["rule_digest"] if row else lineage.rule_digests.get(rule.id)
    version = row["rule_version"] if row else lineage.rules.get(rule.id)
    if version is None or (digest is None and row is None and lineage.rule_digests):
        return wrap("当时没有判定这条规则（那时没有它，或者它没有启用）。", first="批次：")
    then = _then(run, conversation, rule.id, row["verdict"] if row else None)
    was = "没有命中" if then is None else called(rule.kind, then)
    if digest is None:
        return wrap(f"当时{was}（版本 {version}；这个批次没有记下规则摘要，不知道规则是否改过）。", first="批次：")
    if digest != rule.digest:
        text = f"当时按版本 {version}（摘要 {digest[:12]}）判定：{was}。规则后来改过，上面是按现在的规则判定的。"
        return wrap(text, first="批次：")
    if then is one.verdict:
        return wrap(f"当时的规则与现在相同，判定也相同：{was}。", first="批次：")
    floor = configuration(where).asr.confidence_floor
    why = "情绪词表、话题或程序版本可能不同"
    if lineage.confidence_floor is not None and lineage.confidence_floor != floor:
        why = f"置信度下限当时是 {lineage.confidence_floor:g}，现在是 {floor:g}"
    return wrap(f"规则没有变，但当时判为{was}：{why}。", first="批次：")


def _then(run: StoredRun, conversation: str, rule_id: str, stored: str | None) -> Verdict | None:
    """The stored verdict; None for a run that does not tell what did not hit."""
    if stored is not None:
        return Verdict(stored)
    for part in run.parts("conversations", ["conversation_id", "not_applicable"]):
        for row in part.filter(pc.equal(part["conversation_id"], conversation)).to_pylist():
            if row["not_applicable"] is None:
                return None
            return Verdict.NOT_APPLICABLE if rule_id in row["not_applicable"] else Verdict.MISS
    return None
