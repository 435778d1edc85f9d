"""All rules over conversations known to be clean: what they find there must be mended or accepted with a reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qc.domain.baseline import Accepted
from qc.domain.finding import Finding
from qc.domain.rule import Rule
from qc.ruletest.gate import Annotation, Case, GateResult, cell

KEY, TITLE = "baseline", "干净语料"
_MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanHit:
    """A rule's finding on a clean conversation. `before` + `hit` + `after` is the sentence of its first evidence; where
    something is absent or measured `hit` is the rule's message and `turn` None. `quote` is its evidence's digest."""

    rule: Rule
    conversation_id: str
    turn: int | None
    role: str | None
    before: str
    hit: str
    after: str
    quote: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rule.id, self.conversation_id, self.quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the rules found on the corpus. `new`: neither mended nor accepted. `stale`: accepted and no longer found."""

    corpus: str
    conversations: int
    rules: int
    new: tuple[CleanHit, ...]
    accepted: tuple[CleanHit, ...]
    stale: tuple[Accepted, ...]
    accepted_path: str

    @property
    def passed(self) -> bool:
        return not self.new


def quote_of(finding: Finding) -> str:
    """Digest (16 hex) of what the evidence of a finding quotes, wherever it stands; of the pieces where it quotes
    nothing."""
    texts = {"".join(hit.text.split()) for hit in finding.hits if hit.text}
    said = sorted(texts) or sorted(f"\0{piece}" for piece in finding.pieces)
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def compare(
    corpus: str,
    conversations: int,
    rules: int,
    hits: Sequence[CleanHit],
    accepted: Sequence[Accepted],
    accepted_path: str,
) -> Baseline:
    """Tell new hits from accepted ones, and entries that nothing answers to."""
    known = {(a.rule, a.conversation, a.quote): a for a in accepted}
    found = {hit.key for hit in hits}
    return Baseline(
        corpus=corpus,
        conversations=conversations,
        rules=rules,
        new=tuple(hit for hit in hits if hit.key not in known),
        accepted=tuple(hit for hit in hits if hit.key in known),
        stale=tuple(entry for key, entry in known.items() if key not in found),
        accepted_path=accepted_path,
    )


def entries(baseline: Baseline, *, reason: str, by: str, date: str) -> tuple[Accepted, ...]:
    """The new hits as entries of the accepted file."""
    keys = dict.fromkeys(hit.key for hit in baseline.new)
    return tuple(
        Accepted(rule=rule, conversation=conversation, quote=quote, reason=reason, by=by, date=date)
        for rule, conversation, quote in keys
    )


def summary(baseline: Baseline) -> str:
    """One line."""
    said = f"{baseline.rules} 条规则、{baseline.conversations} 个干净会话：新命中 {len(baseline.new)}"
    said += f"，已接受 {len(baseline.accepted)}"
    return said + (f"，过时的接受项 {len(baseline.stale)}" if baseline.stale else "")


def lines(baseline: Baseline) -> Iterator[str]:
    """Every new hit with its sentence, stale entries, and the sum."""
    for hit in baseline.new:
        yield f"[失败] {hit.rule.path}: {hit.rule.id} {hit.rule.title}"
        yield f"    · {_shown(hit)}"
    for entry in baseline.stale:
        yield f"[待办] {baseline.accepted_path}:{entry.line}: {_stale(entry)}"
    yield summary(baseline) + "。"
    if baseline.new:
        yield "提示：改规则；确实无误的，用 qc rules baseline --accept --reason 理由 接受。"


def gate(baseline: Baseline) -> GateResult:
    """Fails on new hits; stale entries are warnings."""
    count = Counter(hit.rule.id for hit in baseline.new)
    remarks = [
        Annotation(path=hit.rule.path, level="error", title=f"{hit.rule.id} 在干净语料上命中", message=_shown(hit))
        for hit in baseline.new
    ]
    remarks += [
        Annotation(
            path=baseline.accepted_path,
            line=entry.line,
            level="warning",
            title="过时的接受项",
            message=_stale(entry),
        )
        for entry in baseline.stale
    ]
    cases = [
        Case(suite=KEY, name=f"{rule} 在干净语料上", passed=False, message=f"新命中 {n} 个会话")
        for rule, n in sorted(count.items())
    ]
    return GateResult(
        key=KEY,
        title=TITLE,
        passed=baseline.passed,
        summary=summary(baseline),
        markdown=_markdown(baseline),
        annotations=tuple(remarks),
        cases=tuple(cases) or (Case(suite=KEY, name=TITLE, passed=True, message=summary(baseline)),),
    )


def _stale(entry: Accepted) -> str:
    return f"{entry.rule} 在 {entry.conversation} 上不再命中，请删去这一项"


def _shown(hit: CleanHit) -> str:
    where = hit.conversation_id + (f" 第 {hit.turn} 轮" if hit.turn else "")
    return f"{where}：{hit.before}【{hit.hit}】{hit.after}" if hit.turn else f"{where}：{hit.hit}"


def _markdown(baseline: Baseline) -> str:
    if not baseline.new:
        return ""
    rows = ["| 规则 | 会话 | 句子 |", "| --- | --- | --- |"]
    for hit in baseline.new[:_MOST]:
        said = f"{cell(hit.before)}<b>{cell(hit.hit)}</b>{cell(hit.after)}" if hit.turn else cell(hit.hit)
        where = cell(hit.conversation_id) + (f" 第 {hit.turn} 轮" if hit.turn else "")
        rows.append(f"| {cell(hit.rule.title)} {cell(hit.rule.id)} | {where} | {said} |")
    more = len(baseline.new) - _MOST
    return "\n".join(rows) + (f"\n\n……另有 {more} 处。" if more > 0 else "")
