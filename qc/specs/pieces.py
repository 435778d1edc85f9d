"""One piece of a rule: from the shape in the file to operator and frame."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from qc.domain import operators as op
from qc.domain.conversation import Role
from qc.domain.rule import Anchor, AnchorRelation, Frame, Piece, TimeWindow, TurnRange, Which
from qc.specs.document import Document, Problems
from qc.specs.operators import SHAPES, Site
from qc.specs.operators.site import listed
from qc.specs.operators.words import KeywordSpec, RegexSpec
from qc.specs.rule_shape import AnchorSpec, FrameSpec, PieceSpec, SameTurnSpec, Speakers, UnlessSpec, WindowSpec
from qc.specs.suggest import nearest, suggest_field
from qc.specs.wording import Complaint

OPERATOR_KEYS = tuple(SHAPES)
_RANGE = re.compile(r"\s*(-?\d{1,6})\s*(?:\.\.\s*(-?\d{1,6})\s*)?")


def build_piece(
    document: Document,
    name: str,
    spec: FrameSpec,
    problems: Problems,
    *,
    default_speaker: frozenset[Role] | None = None,
    lexicons: Collection[str] = (),
    siblings: Collection[str] = (),
    patterns: Mapping[str, str] | None = None,
) -> Piece | None:
    """The piece at `find.<name>`; None when it has no operator. Problems are noted, unknown lexicons and patterns among
    them. `patterns`: the texts of the shared patterns by id."""
    at = Site(document, name, problems, lexicons=lexicons, siblings=siblings, patterns=patterns)
    given = [key for key in OPERATOR_KEYS if getattr(spec, key) is not None]
    if len(given) != 1:
        if given:
            at.wrong((given[1],), "R020", f"一个片段只能有一个算子，这里有 {'、'.join(given)}", "请拆成几个片段。")
        else:
            at.wrong(
                (), "R020", f"片段 {name} 没有算子", "请写一个算子，例如 keyword: [投诉, 举报]；其他算子见算子参考。"
            )
        return None
    operator = SHAPES[given[0]].build(at, getattr(spec, given[0]))
    frame = _frame(at, spec, operator, default_speaker)
    return Piece(name=name, operator=operator, frame=frame, line=document.where(("find", name)).line)


def about_operator(document: Document, found: Complaint) -> Complaint:
    """An unknown key of a piece that has no operator is taken for one, unless it is spelt like a frame key."""
    if found.code != "S002" or len(found.loc) != 3 or found.loc[0] != "find":
        return found
    piece, name = document.part(found.loc[:2]), str(found.loc[-1])
    if not isinstance(piece, dict) or any(key in piece for key in OPERATOR_KEYS):
        return found
    if nearest(name, PieceSpec.model_fields) not in (None, *OPERATOR_KEYS):
        return found
    hint = suggest_field(name, {operator.key: operator.zh for operator in op.OPERATORS})
    if name in KeywordSpec.model_fields:
        hint = f"写作 keyword: {{{name}: …}}。"
    return found._replace(message=f"没有算子 {name}", hint=hint)


def pattern_names(spec: FrameSpec) -> tuple[str, ...]:
    """The shared patterns a piece names, whether they exist or not."""
    regex = getattr(spec, "regex", None)
    return (*listed(regex.use), *listed(regex.except_use)) if isinstance(regex, RegexSpec) else ()


def speakers(given: Speakers | None) -> frozenset[Role] | None:
    """Roles named in a file; None: any."""
    if given is None or given == "any":
        return None
    return frozenset(Role(name) for name in ([given] if isinstance(given, str) else given))


def _frame(at: Site, spec: FrameSpec, operator: op.Operator, default_speaker: frozenset[Role] | None) -> Frame:
    speaker = speakers(spec.speaker)
    if spec.speaker is None and type(operator) in op.SPOKEN:
        speaker = default_speaker
    one = speaker in (frozenset({Role.AGENT}), frozenset({Role.CUSTOMER}))
    if isinstance(operator, op.Emotion) and operator.at not in (op.EmotionAt.TURN, op.EmotionAt.WORST) and not one:
        at.wrong((), "R024", f"at: {operator.at} 的情绪要说明是谁的", "请写 speaker: customer 或 speaker: agent。")
    if isinstance(operator, op.Emotion) and operator.soothed is not None and speaker != frozenset({Role.CUSTOMER}):
        at.wrong((), "R024", "soothed 看的是客户负面之后怎样了", "请写 speaker: customer。")
    if isinstance(operator, op.TalkRatio) and speaker is None:
        at.wrong((), "R024", "话占比要说明是谁的", "请写 speaker: agent 或 speaker: customer。")
    if isinstance(operator, op.CallDuration | op.Meta | op.Topic):
        for key in ("speaker", "range", "window", "on_empty"):
            if getattr(spec, key) is not None:
                at.wrong((key,), "R024", f"{operator.key} 看的是整通会话，不能写 {key}", f"请去掉 {key}。")
    if spec.joined and spec.in_clause:
        at.wrong(("in_clause",), "R024", "joined 与 in_clause 不能合用", "请去掉一个。")
    if spec.joined and not isinstance(operator, op.Keyword | op.NotIn | op.Regex | op.Near):
        at.wrong(("joined",), "R024", "joined 只用于 keyword、not_in、regex、near", "请去掉 joined。")
    if spec.all_turns and spec.count is not None:
        at.wrong(("count",), "R024", "all_turns 与 count 不能合用", "请去掉一个。")
    for relation in AnchorRelation:
        given = getattr(spec, relation)
        if given is None:
            continue
        if given.which == Which.EACH and spec.all_turns:
            at.wrong((relation, "which"), "R024", "which: each 与 all_turns 不能合用", "请去掉一个。")
        if given.which is not None and given.nth is not None:
            at.wrong((relation, "nth"), "R024", "which 与 nth 只能写一个", "第几处写 nth，首尾写 which。")
    count_min, count_max = (1, None) if spec.count is None else (spec.count.min, spec.count.max)
    if count_max is not None and count_min > count_max:
        text = f"下限 {count_min} 大于上限 {count_max}"
        at.wrong(("count",), "R023", text, "请把小的写在 min，大的写在 max。")
    return Frame(
        speaker=speaker,
        range=_range(at, spec.range),
        window=_window(at, spec.window),
        joined=spec.joined,
        in_clause=spec.in_clause,
        all_turns=spec.all_turns,
        count_min=count_min,
        count_max=count_max,
        negate=spec.negate,
        on_empty=spec.on_empty,
        anchors=_anchors(at, spec, operator),
        unless=_unless(spec.unless),
    )


def _range(at: Site, text: str | int | None) -> TurnRange | None:
    if text is None:
        return None
    match = _RANGE.fullmatch(str(text))
    if match is None:
        at.wrong(("range",), "R025", f"看不懂的范围 {text}", '写作 "1..3"、"-2..-1"、"3..-3"；-1 是最后一轮。')
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    if 0 in (first, last):
        at.wrong(("range",), "R025", "轮次从 1 数起，没有第 0 轮", "第一轮是 1，最后一轮是 -1。")
    elif (first > 0) == (last > 0) and first > last:
        at.wrong(("range",), "R025", f"范围 {first}..{last} 里一轮也没有", f"请写成 {last}..{first}。")
    return TurnRange(first=first, last=last)


def _window(at: Site, spec: WindowSpec | None) -> TimeWindow | None:
    if spec is None:
        return None
    forms = [spec.first_s, spec.last_s, spec.first_percent, spec.last_percent]
    between = spec.from_s is not None or spec.to_s is not None
    if sum(value is not None for value in forms) + between != 1:
        at.wrong(("window",), "R025", "时间窗要写一种，也只能写一种", "from_s 与 to_s 可以一起写，其他单写。")
    elif spec.from_s is not None and spec.to_s is not None and spec.from_s >= spec.to_s:
        text = f"时间窗从 {spec.from_s:g} 秒到 {spec.to_s:g} 秒，没有长度"
        at.wrong(("window",), "R025", text, "to_s 要大于 from_s。")
    return TimeWindow(**spec.model_dump())


def _anchors(at: Site, spec: FrameSpec, operator: op.Operator) -> tuple[Anchor, ...]:
    anchors = []
    for relation in AnchorRelation:
        given = getattr(spec, relation)
        if given is not None:
            anchors.append(_anchor(relation, given))
            if op.measures_whole(operator):
                at.wrong((relation,), "R024", f"{operator.key} 看的是整通会话，没有前后可言", "请去掉前置条件。")
    return tuple(anchors)


def _anchor(relation: AnchorRelation, given: AnchorSpec | SameTurnSpec) -> Anchor:
    which = Which.NTH if given.nth is not None else Which(given.which or Which.ANY)
    anchor = Anchor(relation=relation, piece=given.piece, which=which, nth=given.nth)
    return anchor if isinstance(given, SameTurnSpec) else replace(anchor, turns=given.turns, seconds=given.seconds)


def _unless(given: str | UnlessSpec | list[str | UnlessSpec] | None) -> tuple[Anchor, ...]:
    """Where an exception stands as seen from a hit is, seen from the exception, the other way round."""
    seen = []
    for one in [] if given is None else given if isinstance(given, list) else [given]:
        spec = UnlessSpec(piece=one) if isinstance(one, str) else one
        relation = {AnchorRelation.BEFORE: AnchorRelation.AFTER, AnchorRelation.AFTER: AnchorRelation.BEFORE}
        where = relation.get(spec.where, spec.where)
        seen.append(Anchor(relation=where, piece=spec.piece, turns=spec.turns, seconds=spec.seconds))
    return tuple(seen)
