"""Emotion per turn and per conversation, columns over a shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.text.shard import Ints

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]

NO_COMPONENT = -1
NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEmotion:
    """One role's emotion in each conversation; NaN and 0 where the role has no turn with words.

    `start` and `end` are mean polarities of the first and last turns, `worst` the lowest polarity of one turn,
    `worst_turn` its number (from 1), `level` the strongest negative level (0–5).
    """

    start: Floats
    end: Floats
    worst: Floats
    worst_turn: Ints
    level: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotions:
    """Per turn of the shard: `polarity` −1..1, `label` −1/0/1, `level` 0–5 (strength, of either sign), `component` an
    index into COMPONENTS or NO_COMPONENT, `snownlp` 0..1 (0.5: says nothing). Turns of other roles than customer and
    agent (and unknown speakers, judged as customers) are neutral.

    `phrases` holds the phrases a turn's emotion rests on, by turn index, only for turns that have any.
    """

    polarity: Floats
    label: Codes
    level: Codes
    component: Codes
    snownlp: Floats
    phrases: Mapping[int, tuple[str, ...]]
    customer: RoleEmotion
    agent: RoleEmotion
