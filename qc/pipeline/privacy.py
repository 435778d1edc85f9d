"""Personal data leaves before anything is judged or stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import repeat
from typing import Any, TypeVar

from qc.domain.conversation import CallMeta, Conversation, Entity, Source, Turn
from qc.domain.failure import Failure
from qc.privacy.pseudonyms import pseudonym
from qc.text.changes import Change, changed
from qc.text.entities import Entities, find_in
from qc.text.masking import MASK, mask, mask_turns, mask_value
from qc.text.shard import Shard

_T = TypeVar("_T", CallMeta, Source)
_LEAST_ACCOUNT = 6
"""Digits of a customer's number that is an account."""
_ONLY_LABELLED = ("王晓明", "1020384756", "1988年3月19日", "abc_12345", "e12345678", "阳光花园")
"""What nobody knows for personal without being told what it is."""
_ENGLISH = re.compile(
    "(?P<姓名>(?:customer|client|user|contact|owner|holder|caller|member)[ _-]?name|^name$)"
    "|(?P<户号>account|acct)|(?P<生日>birth|^dob$)|(?P<微信>wechat)|(?P<护照>passport)|(?P<地址>addr)"
)
"""Names of columns, each in a group named by what it is called in Chinese."""


def masked(shard: Shard, entities: Entities) -> list[Conversation]:
    """The shard's conversations with turns, identifiers and metadata masked. Texts keep their lengths."""
    texts, found = mask_turns(shard, entities), entities.by_turn()
    out = []
    for i, conversation in enumerate(shard.conversations):
        first, last = shard.first_turn[i], shard.first_turn[i + 1]
        turns = tuple(map(_masked_turn, conversation.turns, texts[first:last], range(first, last), repeat(found)))
        meta = conversation.meta
        out.append(
            replace(
                conversation,
                id=masked_id(conversation.id),
                project=mask_value(conversation.project),
                turns=turns,
                meta=_with(
                    meta,
                    agent_id=_masked_value(meta.agent_id),
                    agent_name=_masked_value(meta.agent_name),
                    team=_masked_value(meta.team),
                    region=_masked_value(meta.region),
                    customer_id=None if meta.customer_id is None else _masked_customer(meta.customer_id),
                    extra={mask_value(k): _masked_field(k, v) for k, v in meta.extra.items()},
                ),
                source=_with(conversation.source, path=mask_value(conversation.source.path)),
            )
        )
    return out


def _with(whole: _T, **parts: Any) -> _T:
    """`whole` with these parts in it: itself where it has them, as most have."""
    same = all(getattr(whole, name) == part for name, part in parts.items())
    return whole if same else replace(whole, **parts)


def _masked_value(value: str | None) -> str | None:
    return None if value is None else mask_value(value)


def _masked_customer(customer: str) -> str:
    """A bare number of a customer is an account, if it is no telephone."""
    account = Entity(type="account", start=0, end=len(customer), valid=False, personal=True)
    if customer.isdecimal() and len(customer) >= _LEAST_ACCOUNT and mask_value(customer) == customer:
        return f"{mask(customer, [account])}-{pseudonym(customer)}"
    return masked_id(customer)


def _masked_field(title: str, value: str) -> str:
    """A column of a manifest, a field of a form."""
    label = _label(title)
    return mask_value(f"{label}：{value}")[len(label) + 1 :] if label else mask_value(value)


@lru_cache(maxsize=4096)
def _label(title: str) -> str:
    """What a column's name says of what it holds, where only that makes it personal (客户姓名, 户号, birthday), in
    Chinese; else nothing."""
    found = _ENGLISH.search(title.lower())
    label = title if found is None else found.lastgroup or title
    return label if any(mask_value(f"{label}：{v}")[len(label) + 1 :] != v for v in _ONLY_LABELLED) else ""


def _masked_turn(turn: Turn, text: str, number: int, found: Mapping[int, Sequence[Entity]]) -> Turn:
    """What clean-up replaced is hidden whole where any of it is personal data, as it reads now or as it was heard: a
    name that became a hot word is no name any more, but still stands in the original."""
    if not turn.marks or not any(m.original for m in turn.marks):
        return turn if turn.text == text else replace(turn, text=text)
    now, before = _personal(found.get(number, ())), _personal(find_in(_as_heard(turn)))
    marks = []
    grown = 0  # characters by which the text as heard is longer so far
    for mark in turn.marks:
        if mark.original is not None:
            start, end = mark.start + grown, mark.start + grown + len(mark.original)
            grown += len(mark.original) - (mark.end - mark.start)
            if _touches(now, mark.start, mark.end) or _touches(before, start, end):
                mark = replace(mark, original=MASK * len(mark.original))  # noqa: PLW2901
        marks.append(mark)
    return replace(turn, text=text, marks=tuple(marks))


def _as_heard(turn: Turn) -> str:
    return changed(turn.text, [Change(m.start, m.end, m.original) for m in turn.marks if m.original is not None])


def _personal(entities: Sequence[Entity]) -> list[Entity]:
    return [e for e in entities if e.personal]


def _touches(entities: Sequence[Entity], start: int, end: int) -> bool:
    return any(e.start < end and start < e.end for e in entities)


def masked_failure(failure: Failure) -> Failure:
    """The failure with its input and id masked."""
    return replace(
        failure,
        input=mask_value(failure.input),
        conversation_id=None if failure.conversation_id is None else masked_id(failure.conversation_id),
        message=mask_value(failure.message),
    )


def masked_id(identifier: str) -> str:
    """`identifier` without personal data. One that held some (a telephone number for a customer, a recorder that names
    files by it) gets a pseudonym, so that two of them stay apart; in letters, which masking again leaves alone."""
    shown = mask_value(identifier)
    return shown if shown == identifier else f"{shown}-{pseudonym(identifier)}"
