"""A sentence and what a person says it is: what heads are trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTurn:
    """One row of a label file; `line` counts from 1 as an editor (or the spreadsheet) shows it."""

    line: int
    text: str
    label: str
