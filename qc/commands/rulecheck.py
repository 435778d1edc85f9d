"""What `qc rules` does with the folders in force: load, lint, run the inline tests, try mutants."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from qc.domain.complaint import ComplaintOutcome
from qc.domain.emotion import EmotionLexicon
from qc.domain.intent import IntentList
from qc.domain.rule import RulePack
from qc.domain.specs import Specs
from qc.domain.topic import Taxonomy
from qc.errors import Problem, SpecError, UsageError, refusal
from qc.matching.signals import Need, Signals
from qc.pipeline.specs import (
    Folders,
    alerts,
    complaints,
    configuration,
    emotion_lexicon,
    intents,
    speech,
    taxonomies,
    tested,
)
from qc.ruletest.gate import Case, GateResult, annotation, cell
from qc.ruletest.inline import run_tests, unwritten
from qc.ruletest.inline_report import TestReport
from qc.ruletest.lint import lint
from qc.ruletest.lint_cards import lint_cards
from qc.ruletest.mutate import MutationReport, mutate
from qc.ruletest.mutate_piece import MOST
from qc.ruletest.scaffold import NewRule, scaffold
from qc.specs.cases import load_cases
from qc.specs.complaints import FILE as COMPLAINTS
from qc.specs.document import parse
from qc.specs.rules import load_rules, read_rules
from qc.specs.scorecards import read_scorecards
from qc.text.emotion_tests import run_emotion_tests
from qc.text.intent_tests import run_intent_tests
from qc.text.shard import Shard
from qc.text.signals import Analyser
from qc.text.topic_tests import run_topic_tests

Loaded = TypeVar("Loaded")


def test_rules(where: Folders, only: Collection[str]) -> TestReport:
    """Run the inline tests and regression cases of the rules named, or of all rules and, where the rules folder has
    topics (they load jieba) or intentions of its own, of these too, and those of complaints. Raises UsageError for an
    unknown id, SpecError."""
    pack = _pack(where, only)
    floor = configuration(where).asr.confidence_floor
    outcomes = run_tests(tested(where, pack), signals_from(where), confidence_floor=floor, rules=sorted(only) or None)
    topics = run_topic_tests(taxonomies(where)) if not only and (where.rules / "_topics").is_dir() else ()
    own_emotion = not only and (where.rules / "_lexicons" / "emotion").is_dir()
    own_intents = intents(where) if not only and (where.rules / "_intents").is_dir() else ()
    wanted = run_intent_tests(own_intents, emotion_lexicon(where).modifiers) if own_intents else ()
    graded = _complaint_tests(where, pack, floor) if not only else ()
    missing = unwritten(pack, sorted(only) or None)
    return TestReport(
        outcomes=outcomes,
        topics=topics,
        emotions=run_emotion_tests(emotion_lexicon(where)) if own_emotion else (),
        intents=wanted,
        complaints=graded,
        unwritten=missing,
    )


def _complaint_tests(where: Folders, pack: RulePack, floor: float) -> tuple[ComplaintOutcome, ...]:
    """Those of the rules folder's own `complaints.yml`."""
    if not (where.rules / COMPLAINTS).is_file():
        return ()
    from qc.pipeline.complaints import run_complaint_tests

    specs = Specs(
        pack=pack,
        cards=(),
        emotion=emotion_lexicon(where),
        taxonomies=taxonomies(where),
        intents=intents(where),
        complaints=complaints(where),
        lexicons_digest="",
    )
    return run_complaint_tests(specs, confidence_floor=floor)


def mutate_rules(where: Folders, only: Collection[str], *, everything: bool = False) -> MutationReport:
    """Mutation testing of the rules named, or of all stable and shadow rules; with `everything` every word and every
    alternative of an expression is tried. Raises UsageError for an unknown id, SpecError."""
    return mutate(
        _pack(where, only),
        signals_from(where),
        confidence_floor=configuration(where).asr.confidence_floor,
        rules=sorted(only) or None,
        most=sys.maxsize if everything else MOST,
    )


def _pack(where: Folders, named: Collection[str]) -> RulePack:
    """All rules; those named are among them."""
    pack = load_rules([where.rules])
    unknown = sorted(set(named) - {r.id for r in pack.rules})
    if unknown:
        raise UsageError(f"没有规则 {'、'.join(unknown)}", f"规则编号是文件里的 id；规则目录是 {where.rules}。")
    return pack


def signals_from(where: Folders) -> Callable[[Shard, Need], Signals]:
    """The real text stage, loaded and computed only as far as the rules need it."""

    @cache
    def analyser(need: Need) -> Analyser:
        felt = bool(need & (Need.EMOTIONS | Need.INTENTS))
        lexicon: EmotionLexicon | None = emotion_lexicon(where) if felt else None
        known: Sequence[Taxonomy] = taxonomies(where) if Need.TOPICS in need else ()
        wanted: Sequence[IntentList] = intents(where) if Need.INTENTS in need else ()
        return Analyser(lexicon, known, wanted)

    def compute(shard: Shard, need: Need) -> Signals:
        return Signals(
            emotions=analyser(Need.EMOTIONS).emotions(shard) if Need.EMOTIONS in need else None,
            topics=analyser(Need.TOPICS).topics(shard) if Need.TOPICS in need else None,
            entities=analyser(Need.ENTITIES).entities(shard) if Need.ENTITIES in need else None,
            intents=analyser(Need.INTENTS).intents(shard) if Need.INTENTS in need else None,
        )

    return compute


@dataclass(frozen=True, slots=True)
class LintReport:
    """All problems of a workspace's YAML."""

    rules: int
    problems: Sequence[Problem]

    def passed(self, strict: bool) -> bool:
        return not any(strict or p.level == "error" for p in self.problems)

    @property
    def summary(self) -> str:
        """Counts, in one line."""
        errors = sum(p.level == "error" for p in self.problems)
        return f"{self.rules} 条规则：错误 {errors}，提醒 {len(self.problems) - errors}"

    def lines(self) -> Iterator[str]:
        """Every problem with its place, and the sum."""
        for problem in self.problems:
            yield problem.render() + "\n"
        yield f"{self.summary}。"

    def gate(self) -> GateResult:
        """The report as a gate."""
        listed = [f"- `{p.code}` {cell(p.message)}（{cell(Path(p.path).name)}:{p.line}）" for p in self.problems]
        more = len(listed) - _SHOWN
        return GateResult(
            key="lint",
            title="写法检查",
            passed=self.passed(strict=False),
            summary=self.summary,
            markdown="\n".join([*listed[:_SHOWN], *([f"- 另有 {more} 处"] if more > 0 else [])]),
            annotations=tuple(map(annotation, self.problems)),
            cases=tuple(
                Case(
                    suite=p.path,
                    name=f"{p.code} {p.line}:{p.col}",
                    passed=p.level != "error",
                    message=p.render(),
                )
                for p in self.problems
            ),
        )


_SHOWN = 30
"""Problems listed in a pull request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A rule file just written, and what lint and its tests say of it."""

    path: Path
    problems: Sequence[Problem]
    tests: TestReport

    @property
    def passed(self) -> bool:
        return self.tests.passed and not any(p.level == "error" for p in self.problems)

    def lines(self) -> Iterator[str]:
        """Problems, tests, and what comes next."""
        for problem in self.problems:
            yield problem.render()
        yield from self.tests.lines(verbose=False)
        yield f"下一步：改 {self.path} 里的 tests，再运行 qc rules lint 和 qc rules test。"


def create_rule(where: Folders, new: NewRule) -> Created:
    """Write a new rule file and check it. Raises UsageError when it is there already or cannot be written, SpecError
    (and nothing is written) for answers that make no rule."""
    *folders, name = new.id.split(".")
    path = where.rules.joinpath(*folders, f"{name}.yml")
    text = scaffold(new)
    if path.exists():
        raise UsageError(f"已经有 {path}", "换一个编号，或直接改这个文件。")
    parse(text, str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"写不了 {path}：{refusal(error)}", "请检查权限和剩余空间。") from error
    try:
        problems = [p for p in lint_rules(where).problems if p.path == str(path)]
        return Created(path=path, problems=problems, tests=test_rules(where, [new.id]))
    except SpecError as error:
        mine = [p for p in error.problems if p.path == str(path)]
        if mine:
            path.unlink()
        raise


def lint_rules(where: Folders) -> LintReport:
    """Check everything under the rules and scorecards folders, and `qc.yaml`."""
    problems: list[Problem] = []

    def attempt(load: Callable[[], Loaded]) -> Loaded | None:
        try:
            return load()
        except SpecError as error:
            problems.extend(error.problems)
            return None

    attempt(lambda: configuration(where))
    files = read_rules([where.rules])
    problems += files.problems
    if where.cases is not None:
        folder = where.cases
        attempt(lambda: load_cases(folder, files.ids))
    attempt(lambda: emotion_lexicon(where))
    attempt(lambda: speech(where))
    known = attempt(lambda: taxonomies(where))
    attempt(lambda: complaints(where, rules=files.ids))
    attempt(lambda: alerts(where))
    topics = {t.id for taxonomy in known for t in taxonomy.topics} if known is not None else None
    listed = attempt(lambda: intents(where))
    wanted = {i.id for one in listed for i in one.intents} if listed is not None else None
    problems += lint(files.pack, topics=topics, intents=wanted, whole=len(files.pack.rules) == len(files.ids))
    cards = read_scorecards([where.scorecards], files.ids)
    problems += cards.problems
    whole = not cards.problems and len(files.pack.rules) == len(files.ids)
    problems += lint_cards(cards.cards, files.pack.rules, whole=whole)
    return LintReport(len(files.ids), _ordered(problems))


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda p: (p.path, p.line, p.col, p.code))
