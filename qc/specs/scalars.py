"""The scalars that rule files are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
Slug = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$", max_length=60)]
RuleId = Annotated[str, StringConstraints(pattern=r"^\w+(\.\w+)+$", max_length=120)]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
WordText = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
WordList = Annotated[list[WordText], Field(min_length=1)]
Ids = Text | Annotated[list[Text], Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Percent = Annotated[float, Field(gt=0, le=100)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Scalar = str | bool | float
