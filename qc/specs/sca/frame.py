"""SCA's check_range and our frame.

Documented: role 客服 or 客户, absent for all; range {from, to} from 1, −1 the last; anchor {cid, location, hit_time}
with BEFORE, AFTER, AROUND, CURRENT; hit_time 1…N the n-th hit, 0 each, −1 any (UploadRule and 规则对象说明 say so; the
page of GetRuleDetail says the last, which we do not follow). Within an anchor SCA counts the sentences of the role, we
count turns of anybody: a distance is carried over as it is and told. Inferred: an AROUND range is −n…n.
"""

from __future__ import annotations

from typing import Any

from qc.domain.conversation import Role
from qc.domain.rule import Anchor, AnchorRelation, Frame, Which
from qc.specs.sca.operators import UnsayableError, Yaml
from qc.specs.sca.reading import Loss, Node

_ROLES = {"客服": "agent", "客户": "customer", "所有": "any", "全部": "any", "": "any"}
_WRITTEN = {Role.AGENT: "客服", Role.CUSTOMER: "客户"}
_LOCATIONS = {
    "AFTER": AnchorRelation.AFTER,
    "BEFORE": AnchorRelation.BEFORE,
    "AROUND": AnchorRelation.AROUND,
    "CURRENT": AnchorRelation.SAME_TURN,
}
_COUNTED = "SCA 数这个角色的句子，我们数任何人的话轮"


def import_frame(check: Node, anchors: dict[str, str], losses: list[Loss]) -> Yaml:
    """The frame keys of a condition; `anchors`: the piece that stands for a condition, by cid."""
    role = check.text("role")
    speaker = _ROLES.get(role)
    if speaker is None:
        losses.append(Loss(where=f"{check.path}.role", what=role, why="不认识的角色，按不限导入"))
    frame: Yaml = {"speaker": speaker or "any"}
    if check.flag("allSentencesSatisfy"):
        frame["all_turns"] = True
    if check.flag("absolute"):
        why = "没有“是否独立”；range 数的是适用角色的话轮"
        losses.append(Loss(where=f"{check.path}.absolute", what="true", why=why))
    check.get("roleId")
    span = check.node("range")
    first, last = _whole(span.number("from")), _whole(span.number("to"))
    anchor = check.node("anchor")
    cid = anchor.text("cid", "anchorCid")
    if cid:
        frame.update(_anchor(check, anchor, cid, (first, last), anchors, losses))
    elif first is not None or last is not None:
        first, last = first or 1, last if last is not None else -1
        if last == 0 or ((first > 0) == (last > 0) and first > last):
            losses.append(Loss(where=f"{check.path}.range", what=f"{first}..{last}", why="这个范围里一句也没有"))
        elif (first, last) != (1, -1):
            frame["range"] = f"{first}..{last}"
    for node in (check, span, anchor):
        for key, value in node.unasked():
            losses.append(Loss(where=f"{node.path}.{key}", what=str(value)[:40], why="检查范围里没有对应的写法"))
    return frame


def _anchor(
    check: Node,
    anchor: Node,
    cid: str,
    span: tuple[int | None, int | None],
    anchors: dict[str, str],
    losses: list[Loss],
) -> Yaml:
    location, hit = anchor.text("location").upper(), anchor.number("hit_time")
    relation = _LOCATIONS.get(location)
    if relation is None or cid not in anchors:
        why = "不认识的位置" if relation is None else f"条件 {cid} 没有导入成一个片段，不能作前置条件"
        losses.append(Loss(where=anchor.path, what=location or cid, why=why))
        return {}
    made: Yaml = {"piece": anchors[cid]}
    if hit == 0:
        made["which"] = "each"
    elif hit is not None and hit > 1:
        made["nth"] = int(hit)
    elif hit == 1:
        made["which"] = "first"
    if relation is AnchorRelation.SAME_TURN:
        return {relation.value: made}
    first, last = span
    if last is not None and last > 0:
        made["turns"] = last
    if "turns" in made:
        what = f"{first}..{last}"
        why = _COUNTED if first in (None, 1, -made["turns"]) else f"只能写几轮以内，按 {last} 轮导入；{_COUNTED}"
        losses.append(Loss(where=f"{check.path}.range", what=what, why=why, approximate=True))
    elif (first, last) not in ((None, None), (1, -1)):
        why = "前置条件里只能写几轮以内"
        losses.append(Loss(where=f"{check.path}.range", what=f"{first}..{last}", why=why))
    return {relation.value: made}


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def export_frame(frame: Frame, ids: dict[str, str], where: str, losses: list[Loss]) -> dict[str, Any]:
    """The check_range of a piece; `ids`: the cid of each piece. Raises UnsayableError."""
    if frame.window is not None:
        raise UnsayableError("SCA 没有时间窗")
    if frame.unless:
        raise UnsayableError("SCA 没有 unless")
    if frame.count_max is not None:
        raise UnsayableError("SCA 没有处数的上限")
    if len(frame.anchors) > 1 or (frame.anchors and frame.range is not None):
        raise UnsayableError("SCA 的条件只有一个前置条件，且不能再限定 range")
    check: dict[str, Any] = {}
    if frame.speaker is not None:
        if len(frame.speaker) != 1 or not frame.speaker <= _WRITTEN.keys():
            raise UnsayableError("SCA 的角色只有客服和客户，且只能写一个")
        [role] = frame.speaker
        check["role"] = _WRITTEN[role]
    if frame.all_turns:
        check["allSentencesSatisfy"] = True
    if frame.range is not None:
        check["range"] = {"from": frame.range.first, "to": frame.range.last}
    for anchor in frame.anchors:
        _export_anchor(anchor, check, ids, where, losses)
    if frame.on_empty is not None:
        losses.append(Loss(where=where, what=f"on_empty: {frame.on_empty}", why="SCA 没有写明空范围算什么"))
    return check


def _export_anchor(anchor: Anchor, check: dict[str, Any], ids: dict[str, str], where: str, losses: list[Loss]) -> None:
    if anchor.seconds is not None:
        raise UnsayableError("SCA 的前置条件没有秒数")
    if anchor.which is Which.LAST:
        raise UnsayableError("SCA 没有“最后一处”（文档里的 -1 是任意一处）")
    hits = {Which.ANY: -1, Which.FIRST: 1, Which.EACH: 0, Which.NTH: anchor.nth}
    location = next(name for name, relation in _LOCATIONS.items() if relation is anchor.relation)
    check["anchor"] = {"cid": ids[anchor.piece], "location": location, "hit_time": hits[anchor.which]}
    if anchor.turns is not None:
        first = -anchor.turns if anchor.relation is AnchorRelation.AROUND else 1
        check["range"] = {"from": first, "to": anchor.turns}
        what = f"{anchor.relation}.turns: {anchor.turns}"
        losses.append(Loss(where=where, what=what, why=_COUNTED, approximate=True))
