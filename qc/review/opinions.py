"""What a person says of a verdict, wherever it was written down, and what can be wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qc.domain.printable import printable, whole_characters
from qc.errors import QcError

HIT, MISS, NOT_APPLICABLE, UNDECIDED = VERDICTS = ("hit", "miss", "not_applicable", "undecided")
PAGE, SHEET, APPEAL, CALIBRATION, CARRIED = "page", "sheet", "appeal", "calibration", "carried"
"""Where an opinion comes from. Carried: of a conversation that was read as a whole in a run before, rule by rule."""
WORDS = {HIT: "命中", MISS: "未命中", NOT_APPLICABLE: "不适用", UNDECIDED: "无法判定"}
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One review. `rule_id` None: the whole conversation was read, and what is not said of a rule is right as the
    machine has it; `human_verdict` is None then, and `rule_digest` that of all rules together. `reviewed_at` is local
    time. `place`: where it was written, for messages."""

    conversation_id: str
    rule_id: str | None
    rule_version: str | None
    rule_digest: str | None
    machine_verdict: str | None
    human_verdict: str | None
    comment: str
    reviewer: str
    reviewed_at: datetime
    origin: str
    session: str | None = None
    place: str = ""

    @property
    def key(self) -> tuple[str, str | None]:
        """What it is about."""
        return self.conversation_id, self.rule_id

    @property
    def id(self) -> str:
        """The same for the same opinion, written by the same person at the same time, however often it comes in."""
        said = [self.conversation_id, self.rule_id, self.rule_digest, self.human_verdict, self.comment]
        who = [self.reviewer, self.reviewed_at.isoformat(timespec="milliseconds"), self.session, self.origin == APPEAL]
        text = json.dumps([*said, *who], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong, and where."""

    place: str
    message: str

    def __str__(self) -> str:
        return printable(whole_characters(f"{self.place}：{self.message}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What one file holds. `run_id` and `plan_digest` say what was reviewed, None where the file does not; `complaints`
    are of entries that are not among `opinions`."""

    path: str
    run_id: str | None
    plan_digest: str | None
    opinions: tuple[Opinion, ...]
    complaints: tuple[Complaint, ...] = ()


class ReviewError(QcError):
    """Everything that keeps reviews from being stored, at once."""

    def __init__(self, complaints: Sequence[Complaint], hint: str) -> None:
        self.complaints = tuple(complaints)
        super().__init__(f"复核有 {len(self.complaints)} 处问题，什么都没有导入。", hint)

    def render(self) -> str:
        shown = [str(c) for c in self.complaints[:_SHOWN]]
        more = len(self.complaints) - len(shown)
        return "\n".join([*shown, *([f"另有 {more} 处"] if more else []), super().render()])
