"""Run: one batch with its lineage, everything needed to say where a row came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RunStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`input = ok + failed + quarantined` must hold. `audio_ms` is the audio behind the ok conversations."""

    input: int = 0
    ok: int = 0
    failed: int = 0
    quarantined: int = 0
    audio_ms: int = 0

    def balanced(self) -> bool:
        return self.input == self.ok + self.failed + self.quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLineage:
    id: str
    title: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What was taken from a finished run because its time was over: `kind` (audio, text, results; `Kept`) of the
    conversations of `project` (empty: without one) that began before the day `before`, taken on the day `on`. `done`:
    the purge came to its end."""

    kind: str
    project: str
    before: str
    on: str
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What `run.json` holds. Digests are SHA-256 in hex; times are local, ISO 8601 without zone.

    `plan_digest` covers everything that decides the result: inputs, engine, rules, scorecards, configuration,
    version. `transcribed` counts recordings heard in this run, `cached` those whose transcript was already known.
    """

    run_id: str
    name: str = ""
    status: RunStatus = RunStatus.RUNNING
    started_at: str = ""
    finished_at: str | None = None
    qc_version: str = ""
    schema_version: str = ""
    plan_digest: str = ""
    input_path: str = ""
    input_digest: str = ""
    manifest: str | None = None
    asr_engine: str | None = None
    asr_model: str | None = None
    asr_options: str | None = None
    speech_digest: str = ""
    """Hot words and role cues that were in force; empty when no recording was read."""
    transcribed: int = 0
    cached: int = 0
    rules_digest: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Rule id → version."""
    rule_titles: Mapping[str, str] = field(default_factory=dict)
    """Rule id → title. Runs of before have none: there only findings say what a rule is called."""
    rule_digests: Mapping[str, str] = field(default_factory=dict)
    """Rule id → digest, of the rules that were judged (drafts and retired ones were not). Runs of before have none."""
    rule_statuses: Mapping[str, str] = field(default_factory=dict)
    """Rule id → status (shadow: on trial), of the same rules. In runs of before only findings tell it."""
    confidence_floor: float | None = None
    """Evidence below it was not certain (asr.confidence_floor); None in runs of before."""
    scorecards: tuple[CardLineage, ...] = ()
    lexicons_digest: str = ""
    complaints_digest: str = ""
    """What counted as a complaint; it moves no verdict. Runs of before have none."""
    config_digest: str = ""
    personal_data: str = "masked"  # masked | kept
    vault: str = ""
    """Fingerprint of the public key for which the words before masking were sealed; empty: they were not kept."""
    counts: Counts = field(default_factory=Counts)
    notes: tuple[str, ...] = ()
    tables: Mapping[str, int] = field(default_factory=dict)
    """Table → rows."""
    parts_digest: str = ""
    """SHA-256 of RUN/parts.json, which has the digest of every part file. Runs of before have none."""
    purged: tuple[Purged, ...] = ()
    """What a policy of retention took from the tables; empty: they are as they were written."""
