"""The base of every YAML shape."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A mapping of a YAML file: unknown fields are errors, values do not change. Descriptions are shown by editors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
