"""One piece of a rule: from the shape in the file to operator and frame."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from qc.domain import operators as op
from qc.domain.conversation import Role
from qc.domain.rule import Anchor, AnchorRelation, Frame, Piece, TimeWindow, TurnRange, Which
from qc.specs.document import Document, Loc, Problems
from qc.specs.rule_shape import KeywordSpec, NearSpec, PieceSpec, RegexSpec, Speakers, WindowSpec, WordsSpec
from qc.specs.suggest import nearest, suggest, suggest_field
from qc.specs.wording import Complaint

OPERATOR_KEYS = tuple(operator.key for operator in op.OPERATORS)
_RANGE = re.compile(r"\s*(-?\d{1,6})\s*(?:\.\.\s*(-?\d{1,6})\s*)?")


class _Piece:
    """Where the piece stands, for its problems, and the lexicons it may refer to."""

    def __init__(self, document: Document, name: str, lexicons: Collection[str], problems: Problems) -> None:
        self.document, self.loc, self.problems = document, ("find", name), problems
        self.known = lexicons

    def wrong(self, loc: Loc, code: str, message: str, hint: str = "") -> None:
        self.problems.add(self.document, (*self.loc, *loc), code, message, hint)

    def lexicons(self, loc: Loc, given: str | list[str] | None) -> tuple[str, ...]:
        """The ids at `loc`; those that do not exist are problems."""
        for index, name in enumerate(_listed(given)):
            if name not in self.known:
                place = loc if isinstance(given, str) else (*loc, index)
                hint = suggest(name, self.known, "词表放在 _lexicons 文件夹里，编号就是文件名。")
                self.wrong(place, "R014", f"找不到词表 {name}", hint)
        return _listed(given)


def build_piece(
    document: Document,
    name: str,
    spec: PieceSpec,
    problems: Problems,
    *,
    default_speaker: frozenset[Role] | None = None,
    lexicons: Collection[str] = (),
) -> Piece | None:
    """The piece at `find.<name>`; None when it has no operator. Problems are noted, unknown lexicons among them."""
    at = _Piece(document, name, lexicons, problems)
    given = [key for key in OPERATOR_KEYS if getattr(spec, key) is not None]
    if len(given) != 1:
        if given:
            at.wrong((given[1],), "R020", f"一个片段只能有一个算子，这里有 {'、'.join(given)}", "请拆成几个片段。")
        else:
            at.wrong((), "R020", f"片段 {name} 没有算子", f"请写一个：{'、'.join(OPERATOR_KEYS)}。")
        return None
    operator = _OPERATORS[given[0]](at, getattr(spec, given[0]))
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
    return found._replace(message=f"没有算子 {name}", hint=hint)


def speakers(given: Speakers | None) -> frozenset[Role] | None:
    """Roles named in a file; None: any."""
    if given is None or given == "any":
        return None
    return frozenset(Role(name) for name in ([given] if isinstance(given, str) else given))


def _listed(value: str | list[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def _keyword(at: _Piece, spec: str | list[str] | KeywordSpec) -> op.Keyword:
    if not isinstance(spec, KeywordSpec):
        return op.Keyword(words=op.Words(words=_listed(spec)))
    given = [mode for mode in op.Mode if getattr(spec, mode) is not None]
    mode = given[0] if given else op.Mode.ANY
    words = op.Words(words=_listed(getattr(spec, mode)), lexicons=at.lexicons(("keyword", "lexicon"), spec.lexicon))
    if len(given) > 1:
        at.wrong(("keyword", given[1]), "R021", "any、all、none 只能写一个", "请拆成几个片段。")
    if not given and spec.lexicon is None:
        at.wrong(("keyword",), "R021", "没有写词", "请写 any、all、none 之一，或用 lexicon 引用词表。")
    if mode is op.Mode.ALL and spec.lexicon is not None:
        at.wrong(("keyword", "lexicon"), "R021", "all 不能与 lexicon 合用", "请用 any 和 at_least。")
    if spec.at_least is not None and mode is not op.Mode.ANY:
        at.wrong(("keyword", "at_least"), "R021", "at_least 只能与 any 或 lexicon 合用")
    if spec.at_least is not None and spec.lexicon is None and spec.at_least > len(words.words):
        at.wrong(("keyword", "at_least"), "R021", f"只有 {len(words.words)} 个词，不能要求至少 {spec.at_least} 个")
    return op.Keyword(words=words, mode=mode, at_least=spec.at_least or 1)


def _regex(at: _Piece, spec: str | RegexSpec) -> op.Regex:
    return op.Regex(pattern=spec) if isinstance(spec, str) else op.Regex(pattern=spec.pattern, exclude=spec.exclude)


def _near(at: _Piece, spec: NearSpec) -> op.Near:
    def words(key: str, side: str | list[str] | WordsSpec) -> op.Words:
        if not isinstance(side, WordsSpec):
            return op.Words(words=_listed(side))
        if side.words is None and side.lexicon is None:
            at.wrong(("near", key), "R021", "没有写词", "请写 words，或用 lexicon 引用词表。")
        return op.Words(words=_listed(side.words), lexicons=at.lexicons(("near", key, "lexicon"), side.lexicon))

    a, b = words("a", spec.a), words("b", spec.b)
    return op.Near(a=a, b=b, within=spec.within, unit=spec.unit, ordered=spec.ordered)


def _silence(at: _Piece, spec: Any) -> op.Silence:
    if sum(value is not None for value in (spec.min_s, spec.total_s, spec.percent)) != 1:
        at.wrong(("silence",), "R022", "min_s、total_s、percent 要写一个，也只能写一个")
    return op.Silence(**spec.model_dump())


def _speed(at: _Piece, spec: Any) -> op.Speed:
    _some(at, "speed", spec.max, spec.min, "max、min")
    if spec.max is not None and spec.min is not None and spec.min > spec.max:
        at.wrong(("speed", "min"), "R023", f"下限 {spec.min:g} 大于上限 {spec.max:g}")
    return op.Speed(**spec.model_dump())


def _bounds(at: _Piece, key: str, low: float | None, high: float | None, names: str) -> None:
    _some(at, key, low, high, names)
    if low is not None and high is not None and low > high:
        at.wrong((key,), "R023", f"下限 {low:g} 大于上限 {high:g}")


def _some(at: _Piece, key: str, one: object, other: object, names: str) -> None:
    if one is None and other is None:
        at.wrong((key,), "R022", f"{names} 至少写一个")


def _call_duration(at: _Piece, spec: Any) -> op.CallDuration:
    _bounds(at, "call_duration", spec.min_s, spec.max_s, "min_s、max_s")
    return op.CallDuration(**spec.model_dump())


def _turn_count(at: _Piece, spec: Any) -> op.TurnCount:
    _bounds(at, "turn_count", spec.min, spec.max, "min、max")
    return op.TurnCount(**spec.model_dump())


def _meta(at: _Piece, spec: Any) -> op.Meta:
    values = spec.model_dump()
    name = values.pop("field")
    if all(value is None for value in values.values()):
        at.wrong(("meta",), "R022", "没有写条件", "例如 {field: ring_count, gt: 4}。")
    between = values["between"]
    if between is not None and type(between[0]) is not type(between[1]):
        at.wrong(("meta", "between"), "R023", "between 的两个值要同是数字或同是文字")
    elif between is not None and between[0] > between[1]:
        at.wrong(("meta", "between"), "R023", "between 的第一个值大于第二个")
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return op.Meta(name=name, **frozen)


def _emotion(at: _Piece, spec: Any) -> op.Emotion:
    if spec.label is None and spec.component is None and spec.min_level == 0:
        at.wrong(("emotion",), "R022", "没有写条件", "label、component、min_level 至少写一个。")
    if spec.component is not None and spec.at in (op.EmotionAt.START, op.EmotionAt.END):
        at.wrong(
            ("emotion", "component"),
            "R022",
            "start、end 是几轮的平均，没有 component",
            "请只写 label、min_level。",
        )
    return op.Emotion(**spec.model_dump())


_OPERATORS: dict[str, Any] = {
    "keyword": _keyword,
    "regex": _regex,
    "near": _near,
    "silence": _silence,
    "speed": _speed,
    "interrupt": lambda at, spec: op.Interrupt(**spec.model_dump()),
    "call_duration": _call_duration,
    "turn_count": _turn_count,
    "meta": _meta,
    "emotion": _emotion,
    "topic": lambda at, spec: op.Topic(any=_listed(spec.any), min_share=spec.min_share),
    "entity": lambda at, spec: op.EntitySpan(types=_listed(spec.type), valid_only=spec.valid_only),
}


def _frame(at: _Piece, spec: PieceSpec, operator: op.Operator, default_speaker: frozenset[Role] | None) -> Frame:
    speaker = speakers(spec.speaker)
    if spec.speaker is None and type(operator) in op.SPOKEN:
        speaker = default_speaker
    if isinstance(operator, op.Emotion) and operator.at in (op.EmotionAt.START, op.EmotionAt.END):
        if speaker not in (frozenset({Role.AGENT}), frozenset({Role.CUSTOMER})):
            at.wrong((), "R024", "开头、结尾的情绪要说明是谁的", "请写 speaker: customer 或 speaker: agent。")
        if spec.range is not None or spec.window is not None:
            at.wrong((), "R024", "at: start、at: end 不能再限定 range、window")
    if spec.joined and spec.in_clause:
        at.wrong(("in_clause",), "R024", "joined 与 in_clause 不能合用")
    if spec.joined and not isinstance(operator, op.Keyword | op.Regex | op.Near):
        at.wrong(("joined",), "R024", "joined 只用于 keyword、regex、near")
    if spec.all_turns and spec.count is not None:
        at.wrong(("count",), "R024", "all_turns 与 count 不能合用")
    for relation in AnchorRelation:
        given = getattr(spec, relation)
        if given is not None and given.which is Which.EACH and spec.all_turns:
            at.wrong((relation, "which"), "R024", "which: each 与 all_turns 不能合用")
    count_min, count_max = (1, None) if spec.count is None else (spec.count.min, spec.count.max)
    if count_max is not None and count_min > count_max:
        at.wrong(("count",), "R023", f"下限 {count_min} 大于上限 {count_max}")
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
    )


def _range(at: _Piece, text: str | int | None) -> TurnRange | None:
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


def _window(at: _Piece, spec: WindowSpec | None) -> TimeWindow | None:
    if spec is None:
        return None
    forms = [spec.first_s, spec.last_s, spec.first_percent, spec.last_percent]
    between = spec.from_s is not None or spec.to_s is not None
    if sum(value is not None for value in forms) + between != 1:
        at.wrong(("window",), "R025", "时间窗要写一种，也只能写一种", "from_s 与 to_s 可以一起写，其他单写。")
    elif spec.from_s is not None and spec.to_s is not None and spec.from_s >= spec.to_s:
        at.wrong(("window",), "R025", f"时间窗从 {spec.from_s:g} 秒到 {spec.to_s:g} 秒，没有长度")
    return TimeWindow(**spec.model_dump())


def _anchors(at: _Piece, spec: PieceSpec, operator: op.Operator) -> tuple[Anchor, ...]:
    anchors = []
    for relation in AnchorRelation:
        given = getattr(spec, relation)
        if given is not None:
            anchors.append(Anchor(relation=relation, **given.model_dump()))
            if op.measures_whole(operator):
                at.wrong((relation,), "R024", f"{operator.key} 看的是整通会话，没有前后可言", "请去掉前置条件。")
    return tuple(anchors)
