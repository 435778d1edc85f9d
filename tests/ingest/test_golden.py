"""Every format we read, from a file of its documented shape to the conversations it must become."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from qc.domain.conversation import Conversation

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(p.name for p in GOLDEN.glob("*.input.*"))


def as_plain(conversation: Conversation) -> dict[str, object]:
    """The conversation without what is empty; the hash only has to be there."""
    plain = asdict(conversation)
    assert len(plain["source"].pop("sha256")) == 64
    for part in (plain["meta"], plain["source"], *plain["turns"]):
        for key in [k for k, v in part.items() if v is None or v is False or v in ({}, ())]:
            del part[key]
    return plain


def expected_of(case: str) -> Path:
    name, suffix = case.split(".input.")
    return GOLDEN / f"{name}.{suffix}.expected.json"


@pytest.mark.parametrize("case", CASES)
def test_golden(case, inputs):
    inputs.put(case, (GOLDEN / case).read_bytes())
    result = inputs.read()
    assert not result.failures
    found = [as_plain(c) for c in result.conversations]
    assert json.loads(json.dumps(found)) == json.loads(expected_of(case).read_text("utf-8"))


def test_every_input_has_its_expectation():
    assert {expected_of(c).name for c in CASES} == {p.name for p in GOLDEN.glob("*.expected.json")}
