"""Recogniser's text → text for people: simplified characters, Chinese punctuation, no debris."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from qc.domain.recording import Segment


def clean(segments: Sequence[Segment]) -> list[Segment]:
    out = []
    for segment in segments:
        text = _converter().convert(segment.text).strip()
        if text:
            out.append(replace(segment, text=text))
    return out


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
