"""Why a rule came to its verdict on one conversation.

Everything is asked of the judge itself: each piece is judged as a rule of its own, once as it stands and, where it
failed, once more without each of its restrictions. What the explanation says is so what a run would have said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from qc.domain.conversation import Conversation
from qc.domain.finding import Finding, Hit, Verdict
from qc.domain.operators import Regex
from qc.domain.rule import Anchor, Piece, Rule, RulePack, RuleStatus, Scope, Truth, Validity, Which
from qc.domain.sentence import names, parse
from qc.matching.compile import compile_rules, is_absence
from qc.matching.judge import VERDICTS, judge
from qc.matching.lacking import lacking, matches
from qc.matching.relax import Nearest, Relaxed, frame_relaxations, present, relaxations, without_frame
from qc.matching.signals import Need, Signals
from qc.matching.story import Explanation, NearMiss, Outside, PieceStory, blamed_in, truth_in
from qc.text.regex import compile_pattern
from qc.text.shard import Shard

SignalsFactory = Callable[[Shard, Need], Signals]
_TRUTH = {Verdict.HIT: Truth.TRUE, Verdict.MISS: Truth.FALSE}


class Explainer:
    """Explains the rules of a pack on one conversation."""

    def __init__(
        self, pack: RulePack, conversation: Conversation, signals: SignalsFactory, *, floor: float, drafts: bool = False
    ) -> None:
        self.conversation = conversation
        self._pack, self._floor, self._drafts = pack, floor, drafts
        self._shard = Shard([conversation])
        self._compiled = compile_rules(pack, confidence_floor=floor, drafts=drafts)
        self._signals = signals(self._shard, self._compiled.need)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, in order of id."""
        return tuple(compiled.rule for compiled in self._compiled.rules)

    def explain(self, *, thorough: bool = True) -> list[Explanation]:
        """One explanation per rule in force. Unless `thorough`, of a rule that missed only the first piece it hangs on
        is tried without its restrictions, one at a time."""
        judgement = judge(self._compiled, self._shard, self._signals)
        found = {finding.rule_id: finding for finding in judgement.findings[0]}
        asked = [(rule, name) for rule in judgement.rules for name in _names(rule)]
        stories: dict[str, dict[str, PieceStory]] = {rule.id: {} for rule in judgement.rules}
        for (rule, name), story in zip(asked, self._judge((r, r.piece(n)) for r, n in asked), strict=True):
            stories[rule.id][name] = story
        told = [
            self._told(rule, VERDICTS[code], found.get(rule.id), stories[rule.id])
            for rule, code in zip(judgement.rules, judgement.verdicts[:, 0].tolist(), strict=True)
        ]
        return self._with_misses(told, thorough)

    def _told(
        self, rule: Rule, verdict: Verdict, finding: Finding | None, stories: Mapping[str, PieceStory]
    ) -> Explanation:
        outside = _outside(rule, self.conversation) if verdict is Verdict.NOT_APPLICABLE else ()
        truths = {key: truth_in(parse(text), stories) for key, text in _sentences(rule)}
        key = "when"
        if "given" in truths and (truths["given"] is not Truth.TRUE) and not outside:
            key = "given"
        sentence = parse(dict(_sentences(rule))[key])
        blamed: Sequence[str] = ()
        if not outside:
            blamed = list(dict.fromkeys(blamed_in(sentence, stories)))
        return Explanation(
            rule=rule,
            verdict=verdict,
            finding=finding,
            outside=outside,
            decided_by=key,
            blamed=tuple(blamed),
            stories=stories,
            truths=truths,
        )

    def _with_misses(self, told: Sequence[Explanation], thorough: bool) -> list[Explanation]:
        """The stories of the pieces that failed, completed."""
        failed = [
            (number, name)
            for number, one in enumerate(told)
            for name in (one.blamed if thorough else one.blamed[:1])
            if (thorough or one.verdict is not Verdict.HIT)
            and one.verdict is not Verdict.UNDECIDED
            and one.stories[name].truth is Truth.FALSE
        ]
        stories = [dict(one.stories) for one in told]
        barred = [(n, name) for n, name in failed if is_absence(stories[n][name].piece)]
        found = self._judge((told[n].rule, present(stories[n][name].piece)) for n, name in barred)
        for (n, name), story in zip(barred, found, strict=True):
            stories[n][name] = replace(stories[n][name], hits=story.hits)
        failed = [(n, name) for n, name in failed if not is_absence(stories[n][name].piece)]
        tried = [(n, name, relaxed) for n, name in failed for relaxed in relaxations(stories[n][name].piece)]
        results = self._judge((told[n].rule, relaxed.piece) for n, _, relaxed in tried)
        for (n, name, relaxed), story in zip(tried, results, strict=True):
            if story.truth is Truth.TRUE or (story.truth is Truth.UNKNOWN and story.hits):
                self._add(told[n].rule, stories[n], name, (relaxed,), story)
        for n, name in failed:
            if thorough and not stories[n][name].misses:
                self._several(told[n].rule, stories[n], name)
            # an expression that would match without some restriction lacks nothing
            matched = stories[n][name].misses and isinstance(stories[n][name].piece.operator, Regex)
            if not matched and (thorough or not stories[n][name].misses):
                said = lacking(stories[n][name].piece, told[n].rule, self.conversation, self._probe(told[n].rule))
                stories[n][name] = replace(stories[n][name], lacking=said)
        return [replace(one, stories=own) for one, own in zip(told, stories, strict=True)]

    def _several(self, rule: Rule, stories: dict[str, PieceStory], name: str) -> None:
        """Where no restriction alone is to blame: the smallest set of the frame's that is."""
        piece = stories[name].piece
        single = frame_relaxations(piece)
        [bare] = self._judge([(rule, without_frame(piece))])
        if len(single) < 2 or bare.truth is not Truth.TRUE:
            return
        for size in range(2, len(single) + 1):
            sets = list(combinations(single, size))
            for dropped, story in zip(sets, self._judge((rule, _without(piece, s)) for s in sets), strict=True):
                if story.truth is Truth.TRUE:
                    self._add(rule, stories, name, dropped, story)
            if stories[name].misses:
                return

    def _add(
        self,
        rule: Rule,
        stories: dict[str, PieceStory],
        name: str,
        dropped: tuple[Relaxed, ...],
        story: PieceStory,
    ) -> None:
        anchor = next((r.anchor for r in dropped if r.anchor is not None), None)
        places: tuple[Hit, ...] = ()
        if anchor is not None:
            [other] = self._judge([(rule, rule.piece(anchor.piece))])
            places = tuple(hit for hit in other.hits if hit.turn is not None)
            if anchor.which is Which.EACH:
                places = self._unmet(rule, stories[name].piece, anchor, places) or places
        hit = _nearest(story.hits, dropped[0].nearest, places)
        said = [_distance(stories[name].piece, r, hit, story.hits, places, self.conversation) for r in dropped]
        away = "；".join(text for text in said if text)
        miss = NearMiss(dropped=dropped, hit=hit, count=len(story.hits), away=away)
        stories[name] = replace(stories[name], misses=(*stories[name].misses, miss))

    def _unmet(self, rule: Rule, piece: Piece, anchor: Anchor, places: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Of the hits each of which an anchor asks something, those that do not get it."""

        def of(number: int) -> Piece:
            one = replace(anchor, which=Which.NTH, nth=number)
            anchors = tuple(one if other == anchor else other for other in piece.frame.anchors)
            return replace(piece, frame=replace(piece.frame, anchors=anchors))

        stories = self._judge([(rule, of(number)) for number in range(1, len(places) + 1)])
        return tuple(place for place, story in zip(places, stories, strict=True) if story.truth is Truth.FALSE)

    def _probe(self, rule: Rule) -> Callable[[Piece], PieceStory]:
        return lambda piece: self._judge([(rule, piece)])[0]

    def _judge(self, pieces: Iterable[tuple[Rule, Piece]]) -> list[PieceStory]:
        """What becomes of each piece, among the other pieces of its rule."""
        asked = list(pieces)
        rules = [
            replace(
                rule,
                id=f"{number:08}",
                pieces=tuple(piece if other.name == piece.name else other for other in rule.pieces),
                when=piece.name,
                given=None,
                scope=Scope(),
                valid=Validity(),
                status=RuleStatus.STABLE,
                message="",
            )
            for number, (rule, piece) in enumerate(asked)
        ]
        if not rules:
            return []
        pack = replace(self._pack, rules=tuple(rules))
        judgement = judge(compile_rules(pack, confidence_floor=self._floor), self._shard, self._signals)
        found = {finding.rule_id: finding for finding in judgement.findings[0]}
        return [
            _story(piece, VERDICTS[code], found.get(rule.id))
            for (_, piece), rule, code in zip(asked, rules, judgement.verdicts[:, 0].tolist(), strict=True)
        ]


def _story(piece: Piece, verdict: Verdict, finding: Finding | None) -> PieceStory:
    na = verdict is Verdict.NOT_APPLICABLE
    truth = _TRUTH.get(verdict, Truth.FALSE if na else Truth.UNKNOWN)
    if finding is None:
        return PieceStory(piece=piece, truth=truth, na=na)
    kept = () if verdict is Verdict.MISS else finding.hits
    excused = finding.hits if verdict is Verdict.MISS else ()
    return PieceStory(
        piece=piece,
        truth=truth,
        na=na,
        reason=finding.reason,
        hits=kept,
        excused=finding.excused,
        excused_hits=excused,
    )


def _sentences(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.given is not None:
        yield "given", rule.given
    yield "when", rule.when


def _names(rule: Rule) -> list[str]:
    """The pieces of both sentences, each once, in order."""
    return list(dict.fromkeys(name.name for _, text in _sentences(rule) for name, _ in names(parse(text))))


def _outside(rule: Rule, conversation: Conversation) -> tuple[Outside, ...]:
    """What of the scope and the days of validity excludes a conversation."""
    found = []
    scope, valid = rule.scope, rule.valid
    if scope.projects and conversation.project not in scope.projects:
        found.append(Outside(key="projects", wanted=tuple(sorted(scope.projects)), actual=conversation.project))
    if scope.channels and conversation.channel not in scope.channels:
        wanted = tuple(sorted(channel.value for channel in scope.channels))
        found.append(Outside(key="channels", wanted=wanted, actual=conversation.channel.value))
    day = (conversation.meta.started_at or "")[:10]
    early = valid.first is not None and day < valid.first.isoformat()
    late = valid.last is not None and day > valid.last.isoformat()
    if day and (early or late):
        bounds = tuple("" if bound is None else bound.isoformat() for bound in (valid.first, valid.last))
        found.append(Outside(key="valid", wanted=bounds, actual=day))
    return tuple(found)


def _without(piece: Piece, dropped: Sequence[Relaxed]) -> Piece:
    """The piece without several restrictions of its frame."""
    frame = piece.frame
    anchors = [anchor for anchor in frame.anchors if all(r.anchor != anchor for r in dropped)]
    exceptions = frame.unless
    for relaxed in dropped:
        own = relaxed.piece.frame
        exceptions = tuple(e for e in exceptions if e in own.unless)
        for key in ("speaker", "range", "window", "in_clause", "all_turns", "count_min", "count_max"):
            if getattr(own, key) != getattr(piece.frame, key):
                frame = replace(frame, **{key: getattr(own, key)})
    return replace(piece, frame=replace(frame, anchors=tuple(anchors), unless=exceptions))


def _nearest(hits: Sequence[Hit], nearest: Nearest, places: Sequence[Hit]) -> Hit | None:
    if not hits:
        return None
    valued = [hit for hit in hits if hit.value is not None]
    if nearest is Nearest.GREATEST and valued:
        return max(valued, key=lambda hit: hit.value or 0.0)
    if nearest is Nearest.LEAST and valued:
        return min(valued, key=lambda hit: hit.value or 0.0)
    if nearest is Nearest.ANCHOR and places:
        return min(hits, key=lambda hit: min(abs((hit.turn or 0) - (place.turn or 0)) for place in places))
    return hits[-1] if nearest is Nearest.LAST else hits[0]


def _distance(
    piece: Piece,
    relaxed: Relaxed,
    hit: Hit | None,
    hits: Sequence[Hit],
    places: Sequence[Hit],
    conversation: Conversation,
) -> str:
    """How far the nearest hit is from what a restriction asks for."""
    if relaxed.key == "count":
        return f"有 {len(hits)} 处"
    if relaxed.key == "all_turns":
        return f"{len({other.turn for other in hits})} 轮有"
    if relaxed.anchor is not None and not places:
        return f"片段 {relaxed.anchor.piece} 没有命中"
    if hit is None or hit.turn is None:
        return ""
    if isinstance(piece.operator, Regex) and piece.operator.exclude is not None and relaxed.key == "regex.except":
        pattern = compile_pattern(piece.operator.exclude, by_turn=True)
        start, end = hit.char_start or 0, hit.char_end or 0
        found = matches(pattern, conversation.turns[hit.turn - 1].text)
        excluded = next((text for at, text in found if at < end and at + len(text) > start), "")
        return f"例外匹配到“{excluded}”" if excluded else ""
    if relaxed.anchor is not None:
        place = min(places, key=lambda p: abs((p.turn or 0) - (hit.turn or 0)))
        apart = abs((place.turn or 0) - hit.turn)
        if relaxed.anchor.which is Which.EACH:
            return f"片段 {relaxed.anchor.piece} 在第 {place.turn} 轮的那一处没有，最近的相差 {apart} 轮"
        return f"片段 {relaxed.anchor.piece} 最近的命中在第 {place.turn} 轮，相差 {apart} 轮"
    if relaxed.key == "range":
        role = conversation.turns[hit.turn - 1].role
        mine = [n for n, turn in enumerate(conversation.turns, 1) if turn.role is role]
        return f"是这个人 {len(mine)} 轮中的第 {mine.index(hit.turn) + 1} 轮"
    return ""
