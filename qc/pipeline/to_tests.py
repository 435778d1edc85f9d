"""Overturned verdicts into the rule repository: each as the smallest case in which the rule still goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qc.domain.conversation import Conversation
from qc.domain.finding import Verdict
from qc.domain.rule import RulePack, RuleStatus, RuleTest
from qc.domain.specs import Specs
from qc.errors import SpecError
from qc.matching.signals import signals_of
from qc.pipeline.restore import stored_conversation
from qc.pipeline.specs import Folders, configuration, load
from qc.review.opinions import WORDS
from qc.review.to_tests import Overturned, case_text, excerpts, overturned
from qc.ruletest.inline import run_tests
from qc.specs.cases import read_case
from qc.storage.files import write_text
from qc.storage.read import StoredRun, open_run
from qc.text.entities import find_in
from qc.text.masking import mask
from qc.text.signals import analyser_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one overturned verdict: `path` of its case, None where it has none and `why` says so. `new`: it
    was not there before; `fails`: the rules as they are judge it wrongly."""

    about: Overturned
    path: Path | None = None
    new: bool = False
    fails: bool = False
    why: str = ""


def write_cases(run: Path, out: Path, where: Folders) -> list[Written]:
    """A case per overturned verdict of the run into the folder `out`; a file that is there is left as it is.

    Of several pieces of the conversation the smallest is taken in which the rule as it is comes to the machine's
    verdict. Where it does not even over the whole, it has been mended, and the whole is kept; where it comes to neither
    verdict, what it went by (sound, personal data behind a mask) cannot be written down, and there is no case.
    Raises UsageError, SpecError.
    """
    stored = open_run(run)
    specs = load(where)
    known = stored.lineage.confidence_floor
    floor = configuration(where).asr.confidence_floor if known is None else known
    return [_written(stored, about, out, specs, floor) for about in overturned(stored)]


def _written(run: StoredRun, about: Overturned, out: Path, specs: Specs, floor: float) -> Written:
    path = out / about.file
    if path.exists():
        return Written(about=about, path=path)
    rule = next((r for r in specs.pack.rules if r.id == about.rule_id), None)
    if rule is None or rule.status is RuleStatus.RETIRED:
        return Written(about=about, why="现在没有这条规则，或已停用")
    conversation = stored_conversation(run, about.conversation_id)
    if conversation is None:
        return Written(about=about, why="批次里没有这个会话")
    found = _cases(_masked(conversation), replace(about, comment=mask(about.comment, find_in(about.comment))), specs)
    if not found:
        return Written(about=about, why="对话里有写不进 YAML 的字符")
    verdicts = _judged([test for test, _ in found], about.rule_id, specs, floor)
    wrong = [text for (_, text), verdict in zip(found, verdicts, strict=True) if verdict == about.machine_verdict]
    if wrong:
        write_text(path, wrong[0])
        return Written(about=about, path=path, new=True, fails=True)
    if verdicts[-1] == about.final_verdict:
        write_text(path, found[-1][1])
        return Written(about=about, path=path, new=True)
    told = f"抄成文字后，规则判{WORDS[verdicts[-1]]}：它靠的是声音、随录参数或脱敏前的内容"
    return Written(about=about, why=told)


def _cases(conversation: Conversation, about: Overturned, specs: Specs) -> list[tuple[RuleTest, str]]:
    """Each piece as a file would be read, and the file."""
    ids = {rule.id for rule in specs.pack.rules}
    found = []
    for test in excerpts(conversation, about):
        text = case_text(test, about)
        try:
            found.append((read_case(text, about.file, ids), text))
        except SpecError:
            continue
    return found


def _judged(tests: Sequence[RuleTest], rule_id: str, specs: Specs, floor: float) -> list[Verdict]:
    """What the rule makes of each test."""
    analyser = analyser_of(specs)
    rules = tuple(replace(r, tests=tuple(tests) if r.id == rule_id else ()) for r in specs.pack.rules)
    pack: RulePack = replace(specs.pack, rules=rules)
    outcomes = run_tests(
        pack, lambda shard, need: signals_of(analyser, shard, need), confidence_floor=floor, rules=[rule_id]
    )
    return [outcome.verdict for outcome in outcomes]


def _masked(conversation: Conversation) -> Conversation:
    """As stored, and masked where the run kept personal data: what goes into a repository stays there."""
    turns = tuple(replace(turn, text=mask(turn.text, find_in(turn.text))) for turn in conversation.turns)
    return replace(conversation, turns=turns)
