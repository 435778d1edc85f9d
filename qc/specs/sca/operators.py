"""SCA's operators and ours. Import gives the mapping of a piece as it stands in YAML; export takes our operator.

Documented: types and parameters. Inferred: `in_sentence: true` means inside one clause (用以判断是否是单句还是整句);
keywords' `threshold` is the number of hits (关键词总共命中); `hit_time: 1` of a repetition is its first repetition, so
the second time something is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qc.domain import operators as op
from qc.domain.rule import Frame
from qc.specs.sca.reading import Loss, Node

Yaml = dict[str, Any]


class UnsayableError(ValueError):
    """The other side has no words for it; the message, in Chinese, says for what."""


@dataclass(frozen=True, slots=True)
class Param:
    """An operator of SCA."""

    type: str
    param: Yaml


def import_operator(node: Node, role: str, losses: list[Loss]) -> Yaml:
    """The YAML of one operator: our key and what belongs to it. Raises UnsayableError."""
    kind, param = node.text("type"), node.node("param")
    reader = _READERS.get(kind.upper())
    if reader is None:
        raise UnsayableError("没有对应的算子，或文档没有写明它的参数")
    piece = reader(param, role, losses)
    for key, value in param.unasked():
        losses.append(Loss(where=f"{param.path}.{key}", what=str(value)[:40], why=f"{kind} 的这个参数没有对应的写法"))
    return piece


def _sentence(param: Node, piece: Yaml) -> Yaml:
    if param.flag("contextChatMatch"):
        piece["joined"] = True
    elif param.flag("in_sentence"):
        piece["in_clause"] = True
    return piece


def _keywords(default: int) -> Callable[[Node, str, list[Loss]], Yaml]:
    def read(param: Node, role: str, losses: list[Loss]) -> Yaml:
        words = param.texts("keywords", "operKeyWords")
        if not words:
            raise UnsayableError("没有关键词")
        size = param.number("keywordMatchSize")
        wanted = default if size is None else int(size)
        keyword: Yaml = {-1: {"all": words}, 0: {"none": words}, 1: {"any": words}}.get(
            wanted, {"any": words, "at_least": wanted}
        )
        if wanted < -1 or wanted > len(words):
            raise UnsayableError(f"keywordMatchSize 是 {wanted}，关键词只有 {len(words)} 个")
        piece = _sentence(param, {"keyword": keyword})
        threshold = param.number("threshold")
        if threshold is not None and threshold > 1 and wanted == 1:
            piece["count"] = {"min": int(threshold)}
        elif threshold is not None and threshold > 1:
            why = "总命中数只与“包含任意一个”合用"
            losses.append(Loss(where=f"{param.path}.threshold", what=f"{threshold:g}", why=why))
        return piece

    return read


def _regex(param: Node, role: str, losses: list[Loss]) -> Yaml:
    pattern, exclude = param.text("regex"), param.text("notRegex")
    if not pattern:
        raise UnsayableError("没有正则")
    if exclude:
        why = "我们的 except 只排除与它重叠的命中，SCA 排除整句"
        losses.append(Loss(where=f"{param.path}.notRegex", what=exclude[:40], why=why, approximate=True))
    return _sentence(param, {"regex": {"pattern": pattern, "except": exclude} if exclude else {"pattern": pattern}})


def _similar(param: Node, role: str, losses: list[Loss]) -> Yaml:
    sentences, score = param.texts("similarlySentences"), param.number("score")
    if not sentences:
        raise UnsayableError("没有示例句")
    losses.append(
        Loss(
            where=f"{param.path}.score",
            what=f"{score:g}" if score is not None else "未写",
            why="两边的相似度算法不同，请用真实对话核对 min_score",
            approximate=True,
        )
    )
    similar: Yaml = {"sentences": sentences}
    if score is not None:
        similar["min_score"] = round(score / 100, 4) if score > 1 else score
    return _sentence(param, {"similar": similar})


def _repeat(param: Node, role: str, losses: list[Loss]) -> Yaml:
    previous, times = param.number("from"), param.number("hit_time")
    score, chars = param.number("similarity_threshold"), param.number("threshold")
    repeat: Yaml = {"previous": int(previous) if previous else 100 if previous == 0 else 2}
    if chars is not None and chars >= 2:
        repeat["min_chars"] = int(chars)
    repeat["times"] = int(times or 1) + 1
    if score is not None:
        repeat["score"] = max(0.5, round(score / 100, 4) if score > 1 else score)
    if excludes := param.texts("excludes"):
        repeat["except"] = excludes
    why = "两边的相似度算法不同，请用真实对话核对 score"
    losses.append(Loss(where=param.path, what="ADVANCED_REPEAT_DETECT", why=why, approximate=True))
    return {"repeat": repeat}


def _silence(param: Node, role: str, losses: list[Loss]) -> Yaml:
    interval = param.number("interval")
    if not interval or interval <= 0:
        raise UnsayableError("没有静音时长 interval")
    if param.text("compareOperator").lower() == "lt":
        raise UnsayableError("我们的静音只有“长于”，没有“短于”")
    if param.flag("from_end"):
        raise UnsayableError("from_end 从句末算起，与静音不是一回事")
    param.get("target")
    silence: Yaml = {"min_s": interval / 1000}
    if param.flag("different_role"):
        between = {"agent": "customer_agent", "customer": "agent_customer"}.get(role)
        if between is None:
            why = "不限角色时写不出“不同角色之间”，按不限导入"
            losses.append(Loss(where=f"{param.path}.different_role", what="true", why=why, approximate=True))
        else:
            silence["between"] = between
    return {"silence": silence}


def _speed(param: Node, role: str, losses: list[Loss]) -> Yaml:
    rate = param.number("velocityInMint")
    if not rate:
        raise UnsayableError("没有每分钟字数 velocityInMint")
    chars = param.number("minWordSize")
    speed: Yaml = {"min" if param.text("compareOperator").lower() == "lt" else "max": rate}
    if chars is not None:
        speed["min_chars"] = int(chars)
    if param.flag("average"):
        speed["over"] = "average"
    return {"speed": speed}


_READERS: Mapping[str, Callable[[Node, str, list[Loss]], Yaml]] = {
    "HIT_ANY_KEYWORDS": _keywords(1),
    "INCLUDE_KEYWORDS": _keywords(-1),
    "REGULAR_EXPRESSION": _regex,
    "SIMILAR_MATCH": _similar,
    "ADVANCED_REPEAT_DETECT": _repeat,
    "INTERVAL_GREATER": _silence,
    "SPEECH_SPEED_CHECK": _speed,
}
TYPES = tuple(_READERS)
"""The types of SCA that have a counterpart here."""


def export_operator(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    """The operator in SCA's terms; `words` gives all words of a list. Raises UnsayableError."""
    writer = _WRITERS.get(operator.key)
    if writer is None:
        raise UnsayableError(f"SCA 没有与 {operator.key} {operator.zh} 对应、写明了参数的算子")
    made = writer(operator, frame, words)
    if operator.key in ("keyword", "regex", "similar"):
        made.param["in_sentence"] = frame.in_clause
        if frame.joined:
            made.param["contextChatMatch"] = True
    elif frame.in_clause or frame.joined:
        raise UnsayableError(f"{operator.key} 不能与 in_clause、joined 合用")
    return made


def _write_keyword(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    if getattr(operator, "robust", "variants") != "variants":
        raise UnsayableError("SCA 的关键词没有 robust")
    size = {op.Mode.ALL: -1, op.Mode.NONE: 0, op.Mode.ANY: operator.at_least}[operator.mode]
    kind = "HIT_ANY_KEYWORDS" if size == 1 else "INCLUDE_KEYWORDS"
    param: Yaml = {"keywords": words(operator.words), "keywordMatchSize": size}
    if frame.count_min > 1:
        if size != 1:
            raise UnsayableError("count 只能与“任意一个”合用")
        param["threshold"] = frame.count_min
    return Param(kind, param)


def _write_regex(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    exclude = {} if operator.exclude is None else {"notRegex": operator.exclude}
    return Param("REGULAR_EXPRESSION", {"regex": operator.pattern, **exclude})


def _write_similar(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    score = round(operator.min_score * 100, 2)
    return Param("SIMILAR_MATCH", {"similarlySentences": list(operator.sentences), "score": score})


def _write_repeat(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    param: Yaml = {
        "from": operator.previous,
        "threshold": operator.min_chars,
        "hit_time": operator.times - 1,
        "similarity_threshold": operator.score,
    }
    excludes = words(operator.exclude)
    return Param("ADVANCED_REPEAT_DETECT", {**param, **({"excludes": excludes} if excludes else {})})


def _write_silence(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    if operator.min_s is None:
        raise UnsayableError("SCA 没有静音的合计")
    role = {"customer_agent": "agent", "agent_customer": "customer"}.get(operator.between)
    if operator.between != "any" and (frame.speaker is None or role not in {r.value for r in frame.speaker}):
        raise UnsayableError(f"SCA 说不出 between: {operator.between}")
    param: Yaml = {"interval": round(operator.min_s * 1000), "compareOperator": "gt"}
    return Param("INTERVAL_GREATER", {**param, "different_role": operator.between != "any"})


def _write_speed(operator: Any, frame: Frame, words: Callable[[op.Words], list[str]]) -> Param:
    if operator.min is not None and operator.max is not None:
        raise UnsayableError("SCA 一个算子只有上限或下限，请拆成两个片段")
    param: Yaml = {
        "velocityInMint": operator.min if operator.max is None else operator.max,
        "compareOperator": "lt" if operator.max is None else "gt",
        "minWordSize": operator.min_chars,
        "average": operator.over is op.SpeedOver.AVERAGE,
    }
    return Param("SPEECH_SPEED_CHECK", param)


_WRITERS: Mapping[str, Callable[[Any, Frame, Callable[[op.Words], list[str]]], Param]] = {
    "keyword": _write_keyword,
    "regex": _write_regex,
    "similar": _write_similar,
    "repeat": _write_repeat,
    "silence": _write_silence,
    "speed": _write_speed,
}
