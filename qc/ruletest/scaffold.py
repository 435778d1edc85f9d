"""A new rule from a few answers: a draft that passes lint and its own tests, to be made better by its editor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from qc.domain.rule import RuleKind, Severity
from qc.text.normalise import normalise
from qc.text.regex import compile_pattern

OPERATORS = {"keyword": "出现这些词", "similar": "和这些话意思相近", "regex": "符合一个正则表达式"}
SPEAKERS = {"agent": "坐席", "customer": "客户", "bot": "机器人", "any": "不限"}
KINDS = {RuleKind.VIOLATION: "违规", RuleKind.MERIT: "亮点", RuleKind.SIGNAL: "信号"}
SEVERITIES = {Severity.LOW: "低", Severity.MEDIUM: "中", Severity.HIGH: "高", Severity.CRITICAL: "严重"}
_SMALL_TALK = ("好的，请稍等。", "嗯，我知道了。", "今天天气不错。")
_PLAIN = re.compile(r"[一-鿿][一-鿿0-9A-Za-z。“”（）]*")
"""Text that YAML takes as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """The answers. `words`: words, sentences or one expression, as `operator` says; `absent`: not saying them is the
    hit; `hit` and `miss`: what the speaker says in one test each, made up where empty."""

    id: str
    title: str
    words: tuple[str, ...]
    operator: str = "keyword"
    absent: bool = False
    speaker: str = "agent"
    kind: RuleKind = RuleKind.VIOLATION
    severity: Severity = Severity.MEDIUM
    hit: str = ""
    miss: str = ""


def scaffold(new: NewRule) -> str:
    """The rule file. Raises RegexError for an expression that cannot be compiled."""
    said, unsaid = _sayings(new)
    lines = [
        "# 草稿：只在测试里运行，不出结果。改好了把 status 改成 shadow（出结果、不计分）或 stable。",
        f"id: {new.id}",
        f"title: {_text(new.title)}",
        f"kind: {new.kind.value}                # violation 违规、merit 亮点、signal 信号",
        f"severity: {new.severity.value}              # low、medium、high、critical",
        "status: draft",
        "version: 1.0.0",
    ]
    if new.speaker != "any":
        lines.append(f"scope: {{speaker: {new.speaker}}}")
    if new.absent:
        lines.append("given: spoke                   # 一句话也没说的会话不适用")
    lines += ["find:", f"  said: {_operator(new)}"]
    if new.absent:
        lines.append("  spoke: {turn_count: {min: 1}}")
    lines += [
        f"when: {'not said' if new.absent else 'said'}",
        f"message: {_message(new)}",
        "tests:",
    ]
    hit, miss = (unsaid, said) if new.absent else (said, unsaid)
    given = new.hit, new.miss
    lines += _tests(new, hit if not new.hit else (new.hit,), miss if not new.miss else (new.miss,), given)
    return "\n".join(lines) + "\n"


def _operator(new: NewRule) -> str:
    listed = f"[{', '.join(_text(word) for word in new.words)}]"
    if new.operator == "regex":
        return f"{{regex: {_text(new.words[0])}}}"
    return f"{{keyword: {listed}}}" if new.operator == "keyword" else f"{{similar: {{sentences: {listed}}}}}"


def _message(new: NewRule) -> str:
    who = SPEAKERS[new.speaker] if new.speaker != "any" else "会话里"
    return _text(f"{who}没有说到“{new.title}”。" if new.absent else "第 {turn} 轮说了“{text}”。")


def _sayings(new: NewRule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said where the piece is found, and where it is not; nothing where it cannot be made up."""
    if new.operator == "regex":
        pattern = compile_pattern(new.words[0], by_turn=True)
        unsaid = [text for text in _SMALL_TALK if not pattern.search(normalise(text).encode())]
        return (), tuple(unsaid[:1])
    words = [normalise(word) for word in new.words]
    unsaid = [text for text in _SMALL_TALK if not any(word in normalise(text) for word in words)]
    return tuple(new.words[:3]), tuple(unsaid[:1])


def _tests(new: NewRule, hits: tuple[str, ...], misses: tuple[str, ...], given: tuple[str, str]) -> Iterator[str]:
    role = "agent" if new.speaker == "any" else new.speaker
    yield "  # 按词自动写的，请换成真实的对话，再补上容易误判的说法" if not all(given) else "  # 请再补上容易误判的说法"
    for expect, name, texts in (("hit", "命中", hits), ("miss", "未命中", misses)):
        for number, text in enumerate(texts, 1):
            title = name if len(texts) == 1 else f"{name} {number}"
            yield f"  - {{name: {title}, expect: {expect}, turns: [{{{role}: {_text(text)}}}]}}"
        if not texts:
            yield f"  # 待办：还缺一段 expect: {expect} 的对话"


def _text(text: str) -> str:
    """As YAML: plain where that is safe, else in double quotes."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
