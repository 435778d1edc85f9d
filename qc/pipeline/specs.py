"""Everything that decides a verdict, loaded once and handed to the workers as data.

Workers never read YAML: a rule edited during a run changes the next run, not half of this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from qc.domain.alert import AlertSpecs
from qc.domain.complaint import ComplaintSpecs
from qc.domain.config import Config
from qc.domain.emotion import EmotionLexicon
from qc.domain.head import Task, TrainedHead
from qc.domain.intent import IntentList
from qc.domain.rule import RulePack
from qc.domain.specs import Specs
from qc.domain.speech import SpeechSpecs
from qc.domain.topic import Taxonomy
from qc.paths import WORKSPACE_FILE, choose, packaged
from qc.specs.alerts import FILE as ALERTS
from qc.specs.alerts import load_alerts
from qc.specs.cases import FOLDER as CASES
from qc.specs.cases import load_cases
from qc.specs.complaints import FILE as COMPLAINTS
from qc.specs.complaints import load_complaints
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.intents import load_intents
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards
from qc.specs.speech import FOLDER as SPEECH
from qc.specs.speech import load_speech
from qc.specs.taxonomy import load_taxonomies
from qc.specs.workspace import load_config
from qc.text.head_file import read_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folders in force."""

    rules: Path
    scorecards: Path
    reports: tuple[Path, ...]
    """Template folders, first match wins."""
    config: Path | None
    cases: Path | None = None
    """Regression cases of rules; None: there are none."""


def folders(workspace: Path | None, *, rules: Path | None = None, scorecards: Path | None = None) -> Folders:
    """Option → workspace → packaged, for each folder."""
    reports = [packaged("reports")]
    cases = None if workspace is None else workspace / CASES
    if workspace is not None and (workspace / "reports").is_dir():
        reports.insert(0, workspace / "reports")
    return Folders(
        rules=choose("rules", rules, workspace),
        scorecards=choose("scorecards", scorecards, workspace),
        reports=tuple(reports),
        config=workspace / WORKSPACE_FILE if workspace is not None and (workspace / WORKSPACE_FILE).is_file() else None,
        cases=cases if cases is not None and cases.is_dir() else None,
    )


def configuration(where: Folders) -> Config:
    """`qc.yaml` of the workspace, or the defaults. Raises SpecError."""
    return load_config(where.config)


def load(where: Folders, config: Config | None = None) -> Specs:
    """Load and validate everything; `config`, by default that of the same workspace, names the trained models.

    Raises SpecError with all problems of the first kind of file that has any, UsageError for a model of no use.
    """
    pack = load_rules([where.rules])
    emotion, topics, wanted = emotion_lexicon(where), taxonomies(where), intents(where)
    config = config or configuration(where)
    emotion_head, intent_head = _head(config.emotion_model, Task.EMOTION), _head(config.intents_model, Task.INTENT)
    digests = [emotion.digest, *(t.digest for t in topics), *(i.digest for i in wanted)]
    digests += [f"{head.task} {head.digest}" for head in (emotion_head, intent_head) if head is not None]
    return Specs(
        pack=pack,
        cards=load_scorecards([where.scorecards], {r.id for r in pack.rules}),
        emotion=emotion,
        taxonomies=topics,
        intents=wanted,
        complaints=complaints(where),
        lexicons_digest=hashlib.sha256(" ".join(digests).encode()).hexdigest(),
        emotion_head=emotion_head,
        intent_head=intent_head,
    )


def _head(path: str | None, task: Task) -> TrainedHead | None:
    return None if path is None else read_head(Path(path), task)


def emotion_lexicon(where: Folders) -> EmotionLexicon:
    """The emotion lexicon in force. Raises SpecError."""
    return load_emotion_lexicon(_own_or_packaged(where.rules, "_lexicons/emotion"))


def tested(where: Folders, pack: RulePack) -> RulePack:
    """`pack` with the regression cases of the workspace among the tests of its rules. Raises SpecError."""
    if where.cases is None:
        return pack
    cases = load_cases(where.cases, {rule.id for rule in pack.rules})
    rules = tuple(replace(rule, tests=(*rule.tests, *cases.get(rule.id, ()))) for rule in pack.rules)
    return replace(pack, rules=rules)


def taxonomies(where: Folders) -> tuple[Taxonomy, ...]:
    """The topic taxonomies in force. Raises SpecError."""
    return load_taxonomies(_own_or_packaged(where.rules, "_topics"))


def intents(where: Folders) -> tuple[IntentList, ...]:
    """The intention lists in force. Raises SpecError."""
    return load_intents(_own_or_packaged(where.rules, "_intents"))


def complaints(where: Folders, *, rules: Collection[str] | None = None) -> ComplaintSpecs:
    """What counts as a complaint, and how grave. With `rules`, the ids that exist, a file of the workspace's own may
    name no others, nor topics that do not exist; the one that comes with qc may name what a workspace left out.
    Raises SpecError."""
    path = _own_or_packaged(where.rules, COMPLAINTS)
    if rules is None or path != where.rules / COMPLAINTS:
        return load_complaints(path)
    return load_complaints(path, rules=rules, topics={t.id for taxonomy in taxonomies(where) for t in taxonomy.topics})


def alerts(where: Folders) -> AlertSpecs:
    """The warning levels and rules of public opinion in force. They move no verdict. Raises SpecError."""
    return load_alerts(_own_or_packaged(where.rules, ALERTS))


def speech(where: Folders) -> SpeechSpecs:
    """The hot words and role cues in force. Raises SpecError."""
    return load_speech(_own_or_packaged(where.rules, SPEECH))


def _own_or_packaged(rules: Path, name: str) -> Path:
    """A workspace need not repeat the emotion lexicon, topics and intentions: the packaged ones serve until it does."""
    return rules / name if (rules / name).exists() else packaged("rules") / name
