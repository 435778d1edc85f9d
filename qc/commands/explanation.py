"""An explanation (`qc.matching.explain`) as text for a terminal: the verdict, the sentence as a tree, and for each
piece it hangs on what was found or how near it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from qc.commands.cells import WIDTH, clip, wrap
from qc.commands.transcript import clock, marked, visible
from qc.domain.conversation import Conversation
from qc.domain.finding import Hit, Verdict
from qc.domain.rule import RuleKind, RuleStatus, Truth
from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence, parse
from qc.errors import display_width
from qc.matching.compile import is_absence
from qc.matching.relax import ROLE_ZH
from qc.matching.story import Explanation, NearMiss, Outside, PieceStory, truth_in
from qc.reporting.labels import CHANNEL, OPERATOR
from qc.ruletest.diff_words import called

_MARK = {Truth.TRUE: click.style("✓", fg="green"), Truth.FALSE: click.style("✗", fg="red"), Truth.UNKNOWN: "?"}
_UNITS = {"s": " 秒", "%": "%", None: ""}
_STATUS = {RuleStatus.SHADOW: "　试跑，不计分", RuleStatus.DRAFT: "　草稿，批次里不判定"}
_MOST_HITS = 8
"""Pieces of evidence shown per piece of the rule."""
_CONTEXT = 40
"""Characters shown on either side of the evidence."""


def render(told: Explanation, conversation: Conversation, notes: Iterable[str] = ()) -> str:
    """Everything about one rule on one conversation; `notes` stand below the head."""
    blocks = [[*_head(told, conversation), *notes], _sentence(told)]
    if told.outside:
        blocks.append(["为什么不适用", *(line for part in told.outside for line in wrap(outside_zh(part), first="  "))])
    else:
        blocks += [_piece(told, name, conversation) for name in _order(told)]
    return "\n\n".join("\n".join(block) for block in blocks)


def render_table(told: Sequence[Explanation], conversation: Conversation) -> str:
    """All rules on one conversation, hits first: the verdict, the rule, and one line why."""
    order = (Verdict.HIT, Verdict.UNDECIDED, Verdict.MISS, Verdict.NOT_APPLICABLE)
    lines = []
    for one in sorted(told, key=lambda e: order.index(e.verdict)):
        verdict = called(one.rule.kind, one.verdict)
        head = click.style(verdict, fg=_colour(one)) + " " * (9 - display_width(verdict))
        lines.append(head + clip(f"{one.rule.title}（{one.rule.id}）", WIDTH - 9))
        lines.append(" " * 9 + clip(reason(one), WIDTH - 9))
    counts = {v: sum(e.verdict is v for e in told) for v in order}
    total = f"共 {len(told)} 条规则：命中 {counts[Verdict.HIT]}，无法判定 {counts[Verdict.UNDECIDED]}，"
    total += f"未命中 {counts[Verdict.MISS]}，不适用 {counts[Verdict.NOT_APPLICABLE]}。"
    return "\n".join([f"会话 {visible(conversation.id)}", "", *lines, "", total])


def _colour(told: Explanation) -> str | None:
    if told.verdict is Verdict.HIT:
        return {RuleKind.VIOLATION: "red", RuleKind.MERIT: "green", RuleKind.SIGNAL: "yellow"}[told.rule.kind]
    return "yellow" if told.verdict is Verdict.UNDECIDED else None


def reason(told: Explanation) -> str:
    """Why, on one line."""
    if told.outside:
        return "；".join(map(outside_zh, told.outside))
    if told.verdict is Verdict.UNDECIDED:
        return told.finding.reason if told.finding is not None else ""
    if told.verdict is Verdict.HIT:
        return visible(told.finding.message) if told.finding is not None else ""
    name = told.blamed[0]
    story = told.stories[name]
    if told.verdict is Verdict.MISS and told.finding is not None and told.finding.excused:
        return f"例外：{'、'.join(told.finding.excused)}"
    prefix = "前提不成立：" if told.decided_by == "given" else ""
    if story.na:
        return f"{prefix}片段 {name} 要看的范围里一轮也没有"
    if story.hits:
        return f"{prefix}要没有片段 {name}，可是有：{_short(story.hits[0])}"
    if story.truth is Truth.TRUE:
        return f"{prefix}要片段 {name} 不成立，可是成立"
    near = story.misses[0] if story.misses else None
    if near is not None:
        wanted = "、".join(relaxed.wanted for relaxed in near.dropped)
        return f"{prefix}片段 {name} 没有命中；最接近：{_short(near.hit)}，但{wanted}"
    return f"{prefix}片段 {name} 没有命中" + (f"；{visible(story.lacking)}" if story.lacking else "")


def outside_zh(part: Outside) -> str:
    """Why the conversation lies outside of the rule's scope."""
    if part.key == "projects":
        return f"只用于业务项目 {'、'.join(part.wanted)}，这个会话是 {visible(part.actual) or '（未填写）'}"
    if part.key == "channels":
        wanted = "、".join(CHANNEL.get(channel, channel) for channel in part.wanted)
        return f"只用于渠道 {wanted}，这个会话是{CHANNEL.get(part.actual, part.actual)}"
    first, last = part.wanted
    days = f"{first or '最早'} 到 {last or '以后'}"
    return f"生效时间是 {days}，这个会话开始于 {part.actual}"


def _head(told: Explanation, conversation: Conversation) -> list[str]:
    rule = told.rule
    verdict = click.style(called(rule.kind, told.verdict), fg=_colour(told), bold=True)
    lines = [
        clip(f"会话 {visible(conversation.id)}　规则 {rule.title}（{rule.id}）"),
        f"判定：{verdict}　版本 {rule.version}　摘要 {rule.digest[:12]}{_STATUS.get(rule.status, '')}",
    ]
    if told.finding is not None and told.verdict is Verdict.HIT:
        lines += wrap(visible(told.finding.message), first="给坐席的话：")
        lines += wrap(rule.advice, first="建议：") if rule.advice else []
    if told.finding is not None and told.verdict is Verdict.UNDECIDED:
        lines += wrap(told.finding.reason, first="无法判定的原因：")
    if told.finding is not None and told.finding.excused:
        lines += wrap(f"{'、'.join(told.finding.excused)}（没有它，这条规则就命中了）", first="例外：")
    return lines


def _sentence(told: Explanation) -> list[str]:
    """The sentences as trees."""
    lines = []
    for key, text in (("given", told.rule.given), ("when", told.rule.when)):
        if text is None:
            continue
        title = {"given": "前提 given", "when": "条件 when"}[key]
        lines += wrap(text, first=f"{title}：")
        lines += _tree(parse(text), told, "  ", "  ")
    return lines


def _tree(sentence: Sentence, told: Explanation, first: str, rest: str) -> Iterator[str]:
    match sentence:
        case Name(name):
            story = told.stories[name]
            kind = OPERATOR.get(story.piece.operator.key, story.piece.operator.zh)
            state = "不适用：范围里一轮也没有" if story.na else _found(story)
            yield from wrap(f"{name}（{kind}）{state}", first=f"{first}{_mark(sentence, told)} ", rest=rest + "    ")
            return
        case Not(inside):
            label, parts = "not", (inside,)
        case And(parts):
            label = "and"
        case Or(parts):
            label = "or"
        case AtLeast(count, parts):
            label = "any of" if count == 1 else "all of" if count == len(parts) else f"{count} of"
    yield f"{first}{_mark(sentence, told)} {label}"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        yield from _tree(part, told, rest + ("└ " if last else "├ "), rest + ("  " if last else "│ "))


def _mark(sentence: Sentence, told: Explanation) -> str:
    return _MARK[truth_in(sentence, told.stories)]


def _found(story: PieceStory) -> str:
    turns = list(dict.fromkeys(hit.turn for hit in story.hits if hit.turn is not None))
    if not turns:
        return ""
    shown = "、".join(map(str, turns[:6])) + ("……" if len(turns) > 6 else "")
    return f"：第 {shown} 轮"


def _order(told: Explanation) -> list[str]:
    """The pieces to tell of: those the verdict hangs on; for a hit every true piece of both sentences."""
    if told.verdict is not Verdict.HIT:
        return list(told.blamed)
    true = [n for n, s in told.stories.items() if s.truth is Truth.TRUE and n not in told.blamed]
    return [*told.blamed, *true]


def _piece(told: Explanation, name: str, conversation: Conversation) -> list[str]:
    story = told.stories[name]
    kind = OPERATOR.get(story.piece.operator.key, story.piece.operator.zh)
    lines = wrap(f"片段 {name}（{kind}）{_state(told, story)}")
    if story.reason:
        lines += wrap(story.reason, first="  原因：")
    for hit in story.hits[:_MOST_HITS]:
        lines += _evidence(hit, conversation)
    if len(story.hits) > _MOST_HITS:
        lines.append(f"  ……共 {len(story.hits)} 处")
    for hit in story.excused_hits[:_MOST_HITS]:
        lines += [*wrap(f"例外 {'、'.join(story.excused)} 免去了这一处：", first="  "), *_evidence(hit, conversation)]
    if story.lacking and not story.excused:
        lines += wrap(visible(story.lacking), first="  ")
    for miss in story.misses:
        if not story.excused or any(relaxed.key != "unless" for relaxed in miss.dropped):
            lines += _near(miss, conversation)
    return lines


def _state(told: Explanation, story: PieceStory) -> str:
    if story.na:
        return "不适用：要看的范围里一轮也没有（on_empty: na）"
    if story.truth is Truth.UNKNOWN:
        return "不能确定"
    absence = is_absence(story.piece)
    if story.truth is Truth.TRUE:
        found = "成立：要它没有，也确实没有" if absence else "成立"
        against = told.verdict in (Verdict.MISS, Verdict.NOT_APPLICABLE)
        return found + ("，而句子要它不成立" if against else "")
    if told.verdict is Verdict.HIT:
        return "不成立，正如句子所要"
    if story.excused:
        return "不成立：命中的都是例外"
    return "不成立：要它没有，却出现了" if absence else "不成立：没有命中"


def _near(miss: NearMiss, conversation: Conversation) -> list[str]:
    keys = "、".join(relaxed.key for relaxed in miss.dropped)
    wanted = "，".join(relaxed.wanted for relaxed in miss.dropped)
    lines = wrap(f"差在 {keys}：{wanted}" + (f"；{miss.away}" if miss.away else ""), first="  ")
    without = "没有这个限制" if len(miss.dropped) == 1 else "这些限制都没有"
    if miss.hit is None:
        return lines + wrap(f"{without}就成立。", first="    ")
    count = f"有 {miss.count} 处，最接近的是" if miss.count > 1 else "有一处"
    return [*lines, *wrap(f"{without}时{count}：", first="    "), *_evidence(miss.hit, conversation, indent="    ")]


def _evidence(hit: Hit, conversation: Conversation, indent: str = "  ") -> list[str]:
    """Where a hit is, and the words around it with the evidence in 【】."""
    facts = []
    if hit.value is not None:
        facts.append(f"实测 {_measured(hit)}")
    if hit.note:
        facts.append(visible(hit.note))
    if hit.category or hit.level:
        level = f"{hit.level} 级" if hit.level else ""
        facts.append("词表" + "，".join(filter(None, (hit.category, level))))
    if hit.turn is None:
        return wrap("整通会话" + "".join(f"　{fact}" for fact in facts), first=f"{indent}· ")
    turn = conversation.turns[hit.turn - 1]
    where = [f"第 {hit.turn} 轮"]
    if hit.start_ms is not None:
        where.append(clock(hit.start_ms) + (f"–{clock(hit.end_ms)}" if hit.end_ms is not None else ""))
    where.append(ROLE_ZH[turn.role])
    if hit.char_start is not None and hit.char_end is not None:
        where.append(f"第 {hit.char_start + 1}–{hit.char_end} 字")
    lines = wrap(" ".join(where) + "".join(f"　{fact}" for fact in facts), first=f"{indent}· ")
    return lines + [_painted(line) for line in wrap(_quoted(hit, turn.text), first=indent + "  ")]


def _quoted(hit: Hit, text: str) -> str:
    if hit.char_start is None or hit.char_end is None:
        return visible(text[: 2 * _CONTEXT]) + ("……" if len(text) > 2 * _CONTEXT else "")
    start, end = hit.char_start, hit.char_end
    first, last = max(0, start - _CONTEXT), min(len(text), end + _CONTEXT)
    shown = marked(text[first:last], [(start - first, end - first)], terminal=False)
    return ("……" if first else "") + shown + ("……" if last < len(text) else "")


def _painted(line: str) -> str:
    """Evidence in 【】 made bold; a bracket that the wrapping parted stays plain."""
    before, mark, rest = line.partition("【")
    inside, end, after = rest.partition("】")
    if not mark or not end:
        return line
    return before + click.style(mark + inside + end, bold=True) + _painted(after)


def _short(hit: Hit | None) -> str:
    if hit is None:
        return "没有证据"
    if hit.turn is None:
        return "整通会话" if hit.value is None else f"实测 {_measured(hit)}"
    text = f"第 {hit.turn} 轮"
    if hit.value is not None:
        return f"{text} {_measured(hit)}"
    return f"{text}“{visible(hit.text)}”" if hit.text else text


def _measured(hit: Hit) -> str:
    return f"{hit.value:.4g}{_UNITS.get(hit.unit, f' {hit.unit}')}"
