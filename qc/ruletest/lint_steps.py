"""Lint of operators that look at other pieces: a step needs a place in the conversation."""

from __future__ import annotations

from collections.abc import Mapping

from qc.domain.conversation import Role
from qc.domain.operators import measures_whole, piece_names
from qc.domain.rule import Piece, Rule
from qc.matching.compile import is_absence
from qc.ruletest.places import Notes

_ZH = {Role.AGENT: "坐席", Role.CUSTOMER: "客户", Role.BOT: "机器人", Role.SYSTEM: "系统"}


def lint_steps(rule: Rule, piece: Piece, pieces: Mapping[str, Piece], notes: Notes) -> None:
    """The steps of a sequence or flow, the question and the answers: pieces that hit somewhere, within the frame."""
    names, loc = piece_names(piece.operator), ("find", piece.name, piece.operator.key)
    speaker = piece.frame.speaker
    for name in names:
        other = pieces[name]
        if measures_whole(other.operator):
            text = f"片段 {name}（{other.operator.key}）看的是整通会话，没有位置，不能作其中一步"
            notes.error(rule.path, loc, "R160", text, "请改用有位置的算子，或写进 when。", key=True)
        elif is_absence(other):
            text = f"片段 {name} 要求没有出现，没有位置，不能作其中一步"
            notes.error(rule.path, loc, "R160", text, "请去掉它的 negate 或 none。", key=True)
        elif speaker is not None and other.frame.speaker is not None and not (speaker & other.frame.speaker):
            who = "、".join(_ZH.get(role, role.value) for role in Role if role in speaker)
            text = f"片段 {name} 看的是别人的话，而 {piece.name} 只看{who}的话轮，这一步永远做不到"
            notes.error(
                rule.path,
                loc,
                "R161",
                text,
                f"请去掉 {piece.name} 的 speaker，各步的说话人写在各自的片段里。",
                key=True,
            )
