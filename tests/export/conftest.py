"""The run the report's tests use."""

from __future__ import annotations

from tests.reporting.conftest import builder, sample

__all__ = ["builder", "sample"]
