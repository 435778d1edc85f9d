"""A verdict that people overturned, as a regression case: a few turns, the verdict they came to, where it is from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.conversation import CallMeta, Conversation, Turn
from qc.domain.finding import Verdict
from qc.domain.printable import printable
from qc.domain.rule import RuleTest
from qc.review.opinions import APPEAL, WORDS
from qc.storage.read import StoredRun

_AROUND = (2, 5, 10)
"""Turns kept on either side of the evidence, fewest first."""
_EXPECT = {"hit": "hit", "miss": "miss", "not_applicable": "na", "undecided": "undecided"}
_NAMED = re.compile(r"第\s*(\d{1,4})\s*(?:轮|句)")
_META = ("duration_ms", "ring_count", "queue_wait_s", "hold_s", "satisfaction")
_SEPARATORS = {"\u2028": "\\u2028", "\u2029": "\\u2029", "\u0085": "\\u0085"}
_HIDDEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overturned:
    """A verdict that is not the machine's any more, and who said so. `evidence`: the turns it is about, from 1; empty
    where the conversation as a whole is."""

    run_id: str
    conversation_id: str
    rule_id: str
    machine_verdict: str
    final_verdict: str
    reviewer: str
    reviewed_at: datetime
    origin: str
    comment: str
    evidence: tuple[int, ...] = ()

    @property
    def file(self) -> str:
        """The name of its case, the same for the same conversation in another run."""
        text = f"{self.conversation_id}\0{self.rule_id}\0{self.final_verdict}"
        return f"{self.rule_id}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.yml"

    @property
    def name(self) -> str:
        """The name of the test."""
        why = "申诉成立" if self.origin == APPEAL else "复核改判"
        return f"{why}：{WORDS[self.machine_verdict]}改为{WORDS[self.final_verdict]}"


def overturned(run: StoredRun) -> list[Overturned]:
    """The final verdicts that differ from the machine's, by rule and conversation."""
    table = run.table("final_findings")
    table = table.filter(pc.not_equal(table["machine_verdict"], table["final_verdict"]))
    table = table.sort_by([("rule_id", "ascending"), ("conversation_id", "ascending")])
    reviews = run.table("reviews", ["review_id", "comment"])
    comments = dict(zip(reviews["review_id"].to_pylist(), reviews["comment"].to_pylist(), strict=True))
    turns = _evidence(run, set(table["conversation_id"].to_pylist()))
    found = []
    for row in table.to_pylist():
        comment = comments.get(row["review_id"]) or ""
        cited = [int(n) for n in _NAMED.findall(comment)]
        hits = turns.get((row["conversation_id"], row["rule_id"]), ())
        found.append(
            Overturned(
                run_id=run.lineage.run_id,
                conversation_id=row["conversation_id"],
                rule_id=row["rule_id"],
                machine_verdict=row["machine_verdict"],
                final_verdict=row["final_verdict"],
                reviewer=row["reviewer"],
                reviewed_at=row["reviewed_at"],
                origin=row["origin"],
                comment=comment,
                evidence=tuple(sorted({*cited, *hits})),
            )
        )
    return found


def _evidence(run: StoredRun, conversations: Collection[str]) -> Mapping[tuple[str, str], tuple[int, ...]]:
    hits = run.table("hits", ["conversation_id", "rule_id", "turn"])
    hits = hits.filter(pc.is_in(hits["conversation_id"], value_set=pa.array(sorted(conversations), pa.string())))
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for row in hits.to_pylist():
        key = row["conversation_id"], row["rule_id"]
        found[key] = (*found.get(key, ()), *([row["turn"]] if row["turn"] is not None else []))
    return found


def excerpts(conversation: Conversation, about: Overturned) -> Iterator[RuleTest]:
    """Smaller and larger pieces of the conversation that may show the mistake, at last all of it. Only what people said
    and when; of the call no more than its figures, and these with the whole of it."""
    count = len(conversation.turns)
    evidence = [n for n in about.evidence if n <= count]
    seen = {count}
    for around in _AROUND if evidence else ():
        kept = sorted({t for n in evidence for t in range(max(1, n - around), min(count, n + around) + 1)})
        if len(kept) not in seen:
            seen.add(len(kept))
            yield _test(conversation, about, [conversation.turns[t - 1] for t in kept], CallMeta())
    figures = {name: getattr(conversation.meta, name) for name in _META}
    yield _test(conversation, about, conversation.turns, CallMeta(**figures))


def _test(conversation: Conversation, about: Overturned, turns: Sequence[Turn], meta: CallMeta) -> RuleTest:
    return RuleTest(
        name=about.name,
        expect=Verdict(about.final_verdict),
        turns=tuple(_plain(turn) for turn in turns),
        project=conversation.project,
        channel=conversation.channel,
        meta=meta,
        audio_channels=conversation.source.audio_channels,
    )


def _plain(turn: Turn) -> Turn:
    """The turn as a file can say it: hundredths, and no characters that nobody sees."""
    return Turn(
        role=turn.role,
        text=_HIDDEN.sub("", printable(turn.text)),
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        confidence=None if turn.confidence is None else round(turn.confidence, 2),
        energy_db=None if turn.energy_db is None else round(max(-120.0, min(0.0, turn.energy_db)), 1),
    )


def case_text(test: RuleTest, about: Overturned) -> str:
    """The file of a case."""
    lines = [f"# {_comment(line)}" for line in _origin(about)]
    lines += [
        f"rule: {about.rule_id}",
        f"name: {_quoted(test.name)}",
        f"expect: {_EXPECT[about.final_verdict]}",
        f"project: {_quoted(test.project or '')}",
        *([f"channel: {test.channel.value}"] if test.channel is not None else []),
        *([f"audio_channels: {test.audio_channels}"] if test.audio_channels in range(1, 9) else []),
    ]
    figures = {name: getattr(test.meta, name) for name in _META}
    given = [f"{name}: {value}" for name, value in figures.items() if value is not None]
    lines += [f"meta: {{{', '.join(given)}}}"] if given else []
    lines += ["turns:" if test.turns else "turns: []"]
    return "\n".join([*lines, *(f"  - {{{', '.join(_turn(turn))}}}" for turn in test.turns)]) + "\n"


def _origin(about: Overturned) -> Iterator[str]:
    yield f"来自批次 {about.run_id} 的会话 {about.conversation_id}，由 qc review to-tests 写成。"
    who = f"{about.reviewer} 于 {about.reviewed_at:%Y-%m-%d}"
    why = "申诉成立，改判" if about.origin == APPEAL else "改判"
    yield f"机器判{WORDS[about.machine_verdict]}；{who} {why}{WORDS[about.final_verdict]}。{about.comment}".rstrip()


def _turn(turn: Turn) -> Iterator[str]:
    yield f"{turn.role.value}: {_quoted(turn.text)}"
    if turn.start_ms is not None:
        yield f"at: {turn.start_ms / 1000}"
        if turn.end_ms is not None and turn.end_ms >= turn.start_ms:
            yield f"to: {turn.end_ms / 1000}"
    if turn.confidence is not None:
        yield f"confidence: {turn.confidence:g}"
    if turn.energy_db is not None:
        yield f"energy_db: {turn.energy_db:g}"


def _quoted(text: str) -> str:
    """A JSON string is a YAML string but for three characters that YAML takes for the end of a line."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(_SEPARATORS.get(c, c) for c in quoted)


def _comment(text: str) -> str:
    return " ".join(_HIDDEN.sub("", printable(text)).split())
