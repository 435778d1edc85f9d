"""What a process holds from the start is not gone through again and again."""

from __future__ import annotations

import gc
import weakref

from qc.memory import settled


class Ring:
    """Garbage that only the collector can find."""

    def __init__(self) -> None:
        self.me = self


def test_what_came_before_is_left_alone_and_what_comes_after_is_not() -> None:
    held = Ring()
    with settled():
        assert gc.get_freeze_count() > 0
        dropped = weakref.ref(Ring())
        gc.collect()
        assert dropped() is None
    assert gc.get_freeze_count() == 0
    seen = weakref.ref(held)
    del held
    gc.collect()
    assert seen() is None
