"""What `qc rules lock` does with the folders in force."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from qc.errors import SpecError, UsageError
from qc.pipeline.specs import Folders, emotion_lexicon, intents, taxonomies
from qc.ruletest.lock import LockReport, compare
from qc.ruletest.lock_bump import set_version
from qc.ruletest.lock_content import NAME as LOCK
from qc.ruletest.lock_content import Lock, dump, read_lock
from qc.specs.document import read
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards


def check_lock(where: Folders, *, base: Lock | None = None) -> LockReport:
    """Compare rules and scorecards with `rules.lock` (see `qc.ruletest.lock.compare`). Raises SpecError."""
    pack = load_rules([where.rules])
    cards = load_scorecards([where.scorecards], {rule.id for rule in pack.rules})
    path = where.rules / LOCK
    emotion = emotion_lexicon(where)
    signals = {
        "emotion": emotion.digest,
        "topics": " ".join(t.digest for t in taxonomies(where)),
        "intents": " ".join([emotion.modifiers.digest, *(i.digest for i in intents(where))]),
    }
    return compare(pack, cards, signals, stored_lock(path), base=base, path=str(path))


def stored_lock(path: Path) -> Lock | None:
    """The lock in a file; None when there is none. Raises UsageError when it cannot be read."""
    if not path.exists():
        return None
    with suppress(SpecError):
        lock = read_lock(read(path))
        if lock is not None:
            return lock
    hint = "它由 qc rules lock 生成：从 git 取回一份（合并有冲突就取目标分支的），再运行 qc rules lock；或升级 qc。"
    raise UsageError(f"看不懂 {path}", hint)


def update_lock(where: Folders, *, bump: bool) -> LockReport:
    """Write `rules.lock` anew, unless content changed under its old version; with `bump` those versions are raised in
    their files first. Gives what was found before. Raises SpecError, OSError."""
    report = found = check_lock(where)
    if bump and report.overdue:
        for one in report.overdue:
            set_version(Path(one.path), one.suggested)
        report = check_lock(where)
    if not report.overdue and not report.passed:
        (where.rules / LOCK).write_text(dump(report.current), encoding="utf-8")
    return found
