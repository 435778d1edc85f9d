"""All operators: importing this module registers them."""

from qc.matching import (
    call_duration,
    emotion,
    entity,
    interrupt,
    keyword,
    meta,
    near,
    regex,
    silence,
    speed,
    topic,
    turn_count,
)

__all__ = [
    "call_duration",
    "emotion",
    "entity",
    "interrupt",
    "keyword",
    "meta",
    "near",
    "regex",
    "silence",
    "speed",
    "topic",
    "turn_count",
]
