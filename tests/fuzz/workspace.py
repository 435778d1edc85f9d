"""Targets: what rule editors write. YAML of every kind, word lists, rules of other products, trained heads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from qc.commands.asr.eval import _words
from qc.commands.rules.explain import read_dialogue
from qc.domain.baseline import Accepted
from qc.domain.head import Task
from qc.domain.retention import Kept
from qc.domain.rule import RulePack
from qc.matching.signals import Signals, signals_of
from qc.paths import packaged
from qc.reporting.catalogue import read_catalogue
from qc.reporting.logo import inlined
from qc.ruletest.inline import run_tests
from qc.ruletest.lint import lint
from qc.ruletest.lock import compare
from qc.ruletest.lock_bump import set_version
from qc.ruletest.lock_content import read_lock
from qc.ruletest.typed import typed_dialogue
from qc.specs.accepted import append_accepted, load_accepted
from qc.specs.alerts import load_alerts
from qc.specs.budget import load_budget
from qc.specs.cases import load_cases
from qc.specs.complaints import load_complaints
from qc.specs.document import parse
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.hot_words import load_hot_words
from qc.specs.intents import load_intents
from qc.specs.role_cues import load_role_cues
from qc.specs.rules import load_rules
from qc.specs.sca.importing import import_sca
from qc.specs.scorecards import load_scorecards
from qc.specs.taxonomy import load_taxonomies
from qc.specs.workspace import load_config
from qc.text.head_file import read_head
from qc.text.shard import Shard
from qc.text.signals import Analyser
from tests.fuzz.reading import one_file
from tests.fuzz.target import Target

_TODAY = date(2026, 11, 22)


def _judged(pack: RulePack) -> Iterator[str]:
    """What loads can be checked and judged by."""
    for problem in lint(pack):
        yield problem.message
    for outcome in run_tests(pack, _signals, confidence_floor=0.35):
        if outcome.finding is not None:
            outcome.finding.message.encode()


def _signals(shard: Shard, need: object) -> Signals:
    return signals_of(_analyser(), shard, need)  # type: ignore[arg-type]


@cache
def _analyser() -> Analyser:
    root = packaged("rules")
    topics, wanted = load_taxonomies(root / "_topics"), load_intents(root / "_intents")
    return Analyser(load_emotion_lexicon(root / "_lexicons/emotion"), topics, wanted)


def rules(data: bytes, folder: Path) -> Iterator[str]:
    (folder / "a").mkdir()
    (folder / "a" / "b.yml").write_bytes(data)
    yield from _judged(load_rules([folder]))


_USER = """\
id: a.b
title: 甲
severity: low
find: {p: {keyword: {lexicon: words}, speaker: customer}, q: {regex: {use: frag}}}
when: p or q
message: 第 {turn} 轮
tests:
  - {name: 中, expect: hit, turns: [{customer: 我要投诉你们}]}
  - {name: 不中, expect: miss, turns: [{customer: 您好}]}
"""


def beside(place: str) -> Callable[[bytes, Path], Iterator[str]]:
    """A word list or a shared pattern, used by a rule."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        for name, text in (("_lexicons/words.yml", "id: words\ntitle: 词\nwords: [投诉]\n"), ("a/b.yml", _USER)):
            (folder / name).parent.mkdir(exist_ok=True)
            if not (place == "_lexicons/words.txt" and name == "_lexicons/words.yml"):
                (folder / name).write_text(text, "utf-8")
        pattern = folder / "_patterns" / "frag.yml"
        pattern.parent.mkdir()
        pattern.write_text(_PATTERN, "utf-8")
        (folder / place).write_bytes(data)
        yield from _judged(load_rules([folder]))

    return run


_PATTERN = "id: frag\ntitle: 片段\npattern: 投诉|举报\ntests: {match: [我要投诉], not: [您好]}\n"


def scorecards(data: bytes, folder: Path) -> Iterator[str]:
    (folder / "card.yml").write_bytes(data)
    load_scorecards([folder], None)
    yield from ()


def emotion(name: str) -> Callable[[bytes, Path], Iterator[str]]:
    def run(data: bytes, folder: Path) -> Iterator[str]:
        for file in (packaged("rules") / "_lexicons" / "emotion").glob("*.yml"):
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / name).write_bytes(data)
        load_emotion_lexicon(folder)
        yield from ()

    return run


def hot_words(data: bytes, folder: Path) -> Iterator[str]:
    (folder / "words").mkdir()
    (folder / "words" / "a.yml").write_bytes(data)
    load_hot_words(folder)
    yield from ()


def sca(data: bytes, folder: Path) -> Iterator[str]:
    """What an import writes is read as any rule is."""
    for made in import_sca(data.decode("utf-8", "replace"), "sca.json", "sca"):
        path = folder / Path(*made.id.split("."))
        assert path.resolve().is_relative_to(folder.resolve()), made.id
        yield from (f"{loss.where} {loss.what} {loss.why}" for loss in made.losses)
        if made.text:
            parse(made.text, "sca.yml")


def lock(data: bytes, folder: Path) -> Iterator[str]:
    found = read_lock(parse(data.decode("utf-8", "replace"), "rules.lock"))
    if found is not None:
        compared = compare(_shipped(), (), {}, found)
        yield from compared.lines()
        yield compared.summary


@cache
def _shipped() -> RulePack:
    return load_rules([packaged("rules")])


def retention(data: bytes, folder: Path) -> Iterator[str]:
    """The section of qc.yaml, and the days it comes to."""
    (folder / "qc.yaml").write_bytes(b"retention:\n" + data)
    kept = load_config(folder / "qc.yaml").retention
    for project in ("", *kept.projects):
        for kind in Kept:
            period = kept.period(kind, project)
            assert period is None or period.before(_TODAY) <= _TODAY
    yield from ()


def version(data: bytes, folder: Path) -> Iterator[str]:
    """A rule whose version is raised in its file: the same rule, of another version."""
    file = folder / "a" / "b.yml"
    file.parent.mkdir()
    file.write_bytes(data)
    before = load_rules([folder])
    for rule in before.rules:
        set_version(file, "7.8.9")
        (after,) = load_rules([folder]).rules
        assert (after.id, after.digest, after.version) == (rule.id, rule.digest, "7.8.9")
    yield from ()


def accepted(data: bytes, folder: Path) -> Iterator[str]:
    """One more hit accepted: those that were there, and it."""
    file = folder / "accepted.yml"
    file.write_bytes(data)
    before = load_accepted(file)
    more = Accepted(rule="a.b", conversation="新", quote="0" * 16, reason="对的", by="李", date="2026-11-22")
    append_accepted(file, [more])
    assert [replace(a, line=0) for a in load_accepted(file)] == [replace(a, line=0) for a in (*before, more)]
    yield from ()


def dialogue(data: bytes, folder: Path) -> Iterator[str]:
    """A conversation typed to try a rule."""
    (folder / "a.txt").write_bytes(data)
    for turn in typed_dialogue(read_dialogue(folder / "a.txt"), "a.txt"):
        turn.text.encode()
        assert turn.start_ms is None or 0 <= turn.start_ms < 1 << 53
    yield from ()


def catalogue(data: bytes, folder: Path) -> Iterator[str]:
    (folder / "lang" / "en").mkdir(parents=True)
    (folder / "lang" / "en" / "a.json").write_bytes(data)
    read_catalogue([folder], "en")
    yield from ()


def head(task: Task) -> Callable[[bytes, Path], Iterator[str]]:
    """The content is the data; its checksum is right."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        file = folder / "a.head"
        file.write_bytes(b"qc-head 1 %s\n" % hashlib.sha256(data).hexdigest().encode() + data)
        read_head(file, task)
        yield from ()

    return run


def _folder_of(name: str, load: Callable[[Path], object]) -> Callable[[bytes, Path], Iterator[str]]:
    return one_file(name, lambda file: load(file.parent))


TARGETS = (
    Target(name="config", run=one_file("qc.yaml", load_config), shows_source=True),
    Target(name="retention", run=retention, shows_source=True),
    Target(name="version", run=version, shows_source=True),
    Target(name="rules", run=rules, shows_source=True),
    Target(name="lexicon", run=beside("_lexicons/words.yml"), shows_source=True),
    Target(name="lexicon_text", run=beside("_lexicons/words.txt"), shows_source=True),
    Target(name="pattern", run=beside("_patterns/frag.yml"), shows_source=True),
    Target(name="scorecard", run=scorecards, shows_source=True),
    Target(name="complaints", run=one_file("complaints.yml", load_complaints), shows_source=True),
    Target(name="alerts", run=one_file("alerts.yml", load_alerts), shows_source=True),
    Target(name="intents", run=_folder_of("a.yml", load_intents), shows_source=True),
    Target(name="emotion", run=emotion("customer.yml"), shows_source=True),
    Target(name="emotion_modifiers", run=emotion("modifiers.yml"), shows_source=True),
    Target(name="taxonomy", run=_folder_of("a.yml", load_taxonomies), shows_source=True),
    Target(name="hot_words", run=hot_words, shows_source=True),
    Target(name="role_cues", run=_folder_of("roles.yml", load_role_cues), shows_source=True),
    Target(name="case", run=_folder_of("a.yml", lambda f: load_cases(f, ["service.opening"])), shows_source=True),
    Target(name="accepted", run=accepted, shows_source=True),
    Target(name="budget", run=one_file("budget.yml", load_budget), shows_source=True),
    Target(name="dialogue", run=dialogue, shows_source=True),
    Target(name="keywords", run=one_file("a.txt", _words), shows_source=True),
    Target(name="sca", run=sca, shows_source=True),
    Target(name="lock", run=lock, shows_source=True),
    Target(name="catalogue", run=catalogue),
    Target(name="logo", run=one_file("a.png", lambda f: inlined(str(f)))),
    Target(name="head", run=head(Task.INTENT)),
)
