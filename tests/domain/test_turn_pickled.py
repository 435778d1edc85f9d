"""A turn that crosses to another process is the same turn."""

from __future__ import annotations

import copy
import pickle

from qc.domain.conversation import Entity, Role, Turn


def test_a_turn_comes_back_with_every_field() -> None:
    turn = Turn(
        role=Role.CUSTOMER,
        text="我家停电了",
        start_ms=10,
        end_ms=900,
        confidence=0.5,
        audio_channel=1,
        energy_db=-20.0,
        entities=(Entity(type="mobile", start=0, end=2),),
    )
    for again in (pickle.loads(pickle.dumps(turn)), copy.copy(turn), copy.deepcopy(turn)):
        assert again == turn
        assert type(again) is Turn
