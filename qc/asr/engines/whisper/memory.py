"""Keeps a worker's memory flat over a night of recordings, of which no two windows are of one length.

oneDNN remembers how it multiplies for each length it has seen, 1,024 of them; and the holes that tensors of one length
leave behind do not fit those of another (`bench/speech/length.py`: three hours in 2.0 GB before, in the same time).
"""

from __future__ import annotations

import ctypes
import os
import sys

REMEMBERED = 128
"""Products that oneDNN remembers: more than those of a decoder's step and of the layers of an encoder at one length."""


def remember_less() -> None:
    """To be said before the first product; what stands in the environment holds."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(REMEMBERED))


def give_back() -> None:
    """Returns what was freed to the system, where the C library (glibc) would keep it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
