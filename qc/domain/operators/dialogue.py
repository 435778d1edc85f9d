"""The course of a dialogue: who speaks when, and what follows what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qc.domain.conversation import Role
from qc.domain.operators.base import zh as _zh
from qc.domain.operators.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCount:
    """Number of turns of the framed speaker."""

    key: ClassVar[str] = "turn_count"
    zh: ClassVar[str] = "语句数"
    about: ClassVar[str] = "这个人说了几轮话，在 min 与 max 之间（含）就成立。可以再用 range、window 限定范围。"

    min: int | None = field(metadata=_zh("至少几轮"), default=None)
    max: int | None = field(metadata=_zh("至多几轮"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleIs:
    """Who speaks the k-th turn."""

    key: ClassVar[str] = "role_is"
    zh: ClassVar[str] = "角色判断"
    about: ClassVar[str] = "会话的第几轮是不是这个角色说的；疑似凭空转写出来的话轮算不准，可能因此无法判定。"

    turn: int = field(metadata=_zh("第几轮，从 1 数起；负数从最后一轮倒数，−1 是最后一轮"))
    role: tuple[Role, ...] = field(metadata=_zh("角色：agent、customer、bot、system，一个或几个"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The framed speaker says again what he said a few turns ago."""

    key: ClassVar[str] = "repeat"
    zh: ClassVar[str] = "上下文重复"
    about: ClassVar[str] = (
        "一个人的话与他自己前面几轮中的话几乎一样。比的是相邻两字的重合程度（Dice 系数，0–1，1 为完全相同），"
        "只看汉字、字母和数字。字数不够 min_chars 的应答不比，也不占轮数。证据是重复的那一轮，{value} 是相似程度。"
    )

    previous: int = field(metadata=_zh("与自己前面几轮比"), default=3)
    min_chars: int = field(metadata=_zh("去掉标点和 except 之后少于几个字的话轮不看"), default=6)
    times: int = field(metadata=_zh("说到第几遍才算，2 是第二遍"), default=2)
    score: float = field(metadata=_zh("相似程度至少多少（0–1）"), default=0.9)
    exclude: Words = field(metadata=_zh("这些话不算：先从话里去掉再比，如问候语、结束语"), default_factory=Words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Other pieces hit one after the other."""

    key: ClassVar[str] = "sequence"
    zh: ClassVar[str] = "先后出现"
    about: ClassVar[str] = (
        "几个片段按写的次序先后命中就成立；后一步可以与前一步在同一轮，但要在它后面。"
        "各步的说话人写在各自的片段里，这里不必再写 speaker。第一步命中几处，就可能成立几处。"
    )

    steps: tuple[str, ...] = field(metadata=_zh("片段名，按先后次序"))
    max_gap: int | None = field(metadata=_zh("相邻两步最多相隔几轮；不写不限"), default=None)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces it looks at."""
        return self.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a flow: done when any of its pieces hits. `title` is what people call it."""

    pieces: tuple[str, ...]
    title: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A prescribed course of a conversation that was not kept."""

    key: ClassVar[str] = "flow"
    zh: ClassVar[str] = "流程"
    about: ClassVar[str] = (
        "规定的流程没有做到就成立：缺了必做的步骤、次序不对，或相邻两步隔得太远。optional 的步骤可以不做，"
        "做了就要在它的位置上；{any: […]} 是几选一。缺步骤时证据落在前一步所在的话轮，其余落在出问题的那一步；"
        "{step} 是有问题的步骤。各步的说话人写在各自的片段里，这里不必再写 speaker。"
    )

    steps: tuple[Step, ...] = field(
        metadata=_zh("片段名，或 {piece: 片段, title: 名称, optional: true}，或 {any: [片段, 片段], title: 名称}")
    )
    max_gap: int | None = field(metadata=_zh("相邻两步最多相隔几轮；不写不限"), default=None)
    ordered: bool = field(metadata=_zh("false 时只看做没做，不看次序"), default=True)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces it looks at."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAfterQuestion:
    """A question that was answered wrongly, or not as the knowledge base says."""

    key: ClassVar[str] = "answer_after_question"
    zh: ClassVar[str] = "知识点问答"
    about: ClassVar[str] = (
        "问题命中之后 turns 轮以内答错了就成立：出现了 wrong 中的片段；写了 accepted 时，没有出现其中任何一个也算。"
        "问题之后再没有别人说话的，不算答错。证据是答错的地方；没有按要求回答时，是问题之后别人说的第一轮。"
    )

    question: str = field(metadata=_zh("问题的片段名"))
    accepted: tuple[str, ...] = field(metadata=_zh("正确回答的片段名，出现任意一个就行"), default=())
    wrong: tuple[str, ...] = field(metadata=_zh("错误回答的片段名，出现任意一个就算答错"), default=())
    turns: int = field(metadata=_zh("问题之后几轮以内，任何人的话轮都算"), default=3)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces it looks at."""
        return tuple(dict.fromkeys((self.question, *self.accepted, *self.wrong)))
