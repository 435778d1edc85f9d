"""Each test of the contract, for each executor (kinds.py)."""

from __future__ import annotations

import pytest

from tests.pipeline.executors.kinds import EVERY, ISOLATING, MAKERS, Make


@pytest.fixture(params=EVERY)
def every(request: pytest.FixtureRequest) -> Make:
    """Each executor."""
    return MAKERS[request.param]


@pytest.fixture(params=ISOLATING)
def isolating(request: pytest.FixtureRequest) -> Make:
    """Each executor that survives what kills a process."""
    return MAKERS[request.param]


@pytest.fixture(params=ISOLATING)
def named(request: pytest.FixtureRequest) -> str:
    """The name of each that has processes, as `--executor` takes it."""
    name: str = request.param
    return name
