"""Suggested topics as YAML a person pastes into a taxonomy, after giving them names. Keywords are Han characters only
and need no quotes."""

from __future__ import annotations

from collections.abc import Iterator

from qc.domain.topic import Taxonomy
from qc.learning.suggest import Suggestion, Suggestions

_TITLE = 20
_GROUP = "待归类"
_REMARK = "编号、名称、上级话题请改成自己的；关键词逐个看过再用；改完运行 qc rules test 和 qc rules lint。"


def proposal(found: Suggestions, project: str, taxonomy: Taxonomy | None) -> str:
    """A group of topics to put under `groups` of the project's taxonomy; a whole file where it has none.

    Groups without any word that tells them apart come as comments only.
    """
    taken = set() if taxonomy is None else {topic.id.partition(".")[2] for topic in taxonomy.topics}
    names = (name for name in (f"new_{n}" for n in range(1, len(found.groups) + len(taken) + 1)) if name not in taken)
    topics = [line for group in found.groups for line in _topic(group, next(names))]
    if taxonomy is not None:
        head = [f"# 粘贴到 {taxonomy.path} 的 groups: 下面。{_REMARK}"]
    else:
        head = [
            f"# 业务项目“{project}”还没有话题分类：存成 rules/_topics/ 下的一个文件。{_REMARK}",
            "id: new_topics",
            f"title: {_quoted(project + '话题')}",
            f"projects: [{_quoted(project)}]",
            "groups:",
        ]
    return "\n".join([*head, f"  - title: {_GROUP}", "    topics:", *topics]) + "\n"


def usable(found: Suggestions) -> bool:
    """Whether any group has keywords: without, there is no YAML to write."""
    return any(group.keywords for group in found.groups)


def _topic(group: Suggestion, name: str) -> Iterator[str]:
    about = f"{group.size} 个会话，占 {group.share:.1%}，相似度 {group.cohesion:.2f}：{'、'.join(group.label)}"
    yield f"      # {about}"
    for said in group.quotes:
        yield f"      #   “{_printable(said)}”"
    if not group.keywords:
        yield "      #   没有能把它与其他会话分开的词，不建议成为话题。"
        return
    words = ", ".join(keyword.text for keyword in group.keywords)
    yield f"      - id: {name}"
    yield f"        title: {group.label[0][:_TITLE]}"
    yield f"        keywords: [{words}]"


def _printable(text: str) -> str:
    """Without characters that would end a comment or confuse a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _quoted(text: str) -> str:
    escaped = _printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
