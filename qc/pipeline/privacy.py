"""Personal data leaves before anything is judged or stored."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.text.entities import Entities
from qc.text.masking import mask_turns, mask_value
from qc.text.shard import Shard

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def masked(shard: Shard, entities: Entities) -> list[Conversation]:
    """The shard's conversations with turns, identifiers and metadata masked. Texts keep their lengths."""
    texts = mask_turns(shard, entities)
    out = []
    for i, conversation in enumerate(shard.conversations):
        own = texts[shard.first_turn[i] : shard.first_turn[i + 1]]
        turns = tuple(
            turn if turn.text == text else replace(turn, text=text)
            for turn, text in zip(conversation.turns, own, strict=True)
        )
        meta = conversation.meta
        out.append(
            replace(
                conversation,
                id=masked_id(conversation.id),
                turns=turns,
                meta=replace(
                    meta,
                    customer_id=None if meta.customer_id is None else mask_value(meta.customer_id),
                    extra={mask_value(k): mask_value(v) for k, v in meta.extra.items()},
                ),
                source=replace(conversation.source, path=mask_value(conversation.source.path)),
            )
        )
    return out


def masked_failure(failure: Failure) -> Failure:
    """The failure with its input and id masked."""
    return replace(
        failure,
        input=mask_value(failure.input),
        conversation_id=None if failure.conversation_id is None else masked_id(failure.conversation_id),
        message=mask_value(failure.message),
    )


def masked_id(identifier: str) -> str:
    """`identifier` without personal data. One that held some (a recorder that names files by telephone number) gets a
    little of its hash, so that two of them stay apart; in letters, which masking again leaves alone."""
    shown = mask_value(identifier)
    if shown == identifier:
        return shown
    return f"{shown}-{hashlib.sha256(identifier.encode()).hexdigest()[:8].translate(_LETTERS)}"
