"""What `qc rules` does: load, lint, run the inline tests, and say it in Chinese."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import click

from qc.domain.emotion import EmotionLexicon
from qc.domain.finding import Verdict
from qc.domain.rule import RulePack
from qc.domain.topic import Taxonomy
from qc.errors import Problem, SpecError, UsageError
from qc.matching.signals import Need, Signals
from qc.pipeline.specs import Folders, configuration, emotion_lexicon, taxonomies
from qc.ruletest.inline import TestOutcome, run_tests
from qc.ruletest.lint import lint
from qc.ruletest.mutate import MutationReport, mutate
from qc.ruletest.mutate_piece import MOST
from qc.specs.rules import load_rules, read_rules
from qc.specs.scorecards import load_scorecards
from qc.text.shard import Shard
from qc.text.signals import Analyser
from qc.text.topic_tests import TopicResult, run_topic_tests

Loaded = TypeVar("Loaded")

_VERDICTS = {
    Verdict.HIT: "命中",
    Verdict.MISS: "未命中",
    Verdict.NOT_APPLICABLE: "不适用",
    Verdict.UNDECIDED: "无法判定",
}


@dataclass(frozen=True, slots=True)
class TestReport:
    """Outcomes of the inline tests of rules and of topic taxonomies."""

    outcomes: Sequence[TestOutcome]
    topics: Sequence[TopicResult] = ()

    @property
    def passed(self) -> bool:
        return all(o.passed for o in self.outcomes) and all(r.passed for r in self.topics)

    def lines(self, verbose: bool) -> Iterator[str]:
        """One line per test that failed (with `verbose`: per test), and the sum."""
        for outcome in self.outcomes:
            if outcome.passed and verbose:
                yield f"{_PASSED} {outcome.rule.id} {outcome.test.name}"
            elif not outcome.passed:
                yield from _failed(outcome)
        for result in self.topics:
            if result.passed and verbose:
                yield f"{_PASSED} 话题 {result.test.topic} {result.test.text}"
            elif not result.passed:
                yield f"{_FAILED} 话题 {result.path}:{result.test.line}: {result.test.text}"
                yield f"    应为 {result.test.topic}，实为 {result.got}"
        rules = len({o.rule.id for o in self.outcomes})
        topics = f"；话题 {_sum([r.passed for r in self.topics])}" if self.topics else ""
        yield f"{rules} 条规则，{_sum([o.passed for o in self.outcomes])}{topics}。"


_PASSED, _FAILED = click.style("[通过]", fg="green"), click.style("[失败]", fg="red")


def _sum(passed: Sequence[bool]) -> str:
    return f"{len(passed)} 个测试：通过 {sum(passed)}，失败 {len(passed) - sum(passed)}"


def _failed(outcome: TestOutcome) -> Iterator[str]:
    rule, test = outcome.rule, outcome.test
    yield f"{_FAILED} {rule.path}:{test.line}: {rule.id} {test.name}"
    yield f"    应为{_VERDICTS[test.expect]}，实为{_VERDICTS[outcome.verdict]}"
    if outcome.finding is not None:
        yield f"    {outcome.finding.reason or outcome.finding.message}"
        for hit in outcome.finding.hits:
            yield f"    证据：片段 {hit.piece}" + (f"，第 {hit.turn} 轮" if hit.turn else "") + f"“{hit.text}”"


def test_rules(where: Folders, only: Collection[str]) -> TestReport:
    """Run the inline tests of the rules named, or of all rules and, where the rules folder has topics of its own, of
    these too (they load jieba). Raises UsageError for an unknown id, SpecError."""
    pack = _pack(where, only)
    floor = configuration(where).asr.confidence_floor
    outcomes = run_tests(pack, signals_from(where), confidence_floor=floor, rules=sorted(only) or None)
    topics = run_topic_tests(taxonomies(where)) if not only and (where.rules / "_topics").is_dir() else ()
    return TestReport(outcomes, topics)


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
        lexicon: EmotionLexicon | None = emotion_lexicon(where) if Need.EMOTIONS in need else None
        known: Sequence[Taxonomy] = taxonomies(where) if Need.TOPICS in need else ()
        return Analyser(lexicon, known)

    def compute(shard: Shard, need: Need) -> Signals:
        return Signals(
            emotions=analyser(Need.EMOTIONS).emotions(shard) if Need.EMOTIONS in need else None,
            topics=analyser(Need.TOPICS).topics(shard) if Need.TOPICS in need else None,
            entities=analyser(Need.ENTITIES).entities(shard) if Need.ENTITIES in need else None,
        )

    return compute


@dataclass(frozen=True, slots=True)
class LintReport:
    """All problems of a workspace's YAML."""

    rules: int
    problems: Sequence[Problem]

    def passed(self, strict: bool) -> bool:
        return not any(strict or p.level == "error" for p in self.problems)

    def lines(self) -> Iterator[str]:
        """Every problem with its place, and the sum."""
        for problem in self.problems:
            yield problem.render() + "\n"
        errors = sum(p.level == "error" for p in self.problems)
        yield f"{self.rules} 条规则：错误 {errors}，提醒 {len(self.problems) - errors}。"


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
    attempt(lambda: emotion_lexicon(where))
    known = attempt(lambda: taxonomies(where))
    topics = {t.id for taxonomy in known for t in taxonomy.topics} if known is not None else None
    problems += lint(files.pack, topics=topics, whole=len(files.pack.rules) == len(files.ids))
    attempt(lambda: load_scorecards([where.scorecards], files.ids))
    return LintReport(len(files.ids), _ordered(problems))


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda p: (p.path, p.line, p.col, p.code))
