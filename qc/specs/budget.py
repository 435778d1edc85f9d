"""The budget file of `qc rules diff`: how much a rule change may move.

Codes beside those of `qc.specs.document`: B001 a file of labels that cannot be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from qc.domain.budget import Budget, CardBudget, HitBudget, LabelBudget
from qc.errors import SpecError
from qc.specs.document import Problems, read
from qc.specs.labels import read_labels
from qc.specs.model import Spec

_Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
_Drop = Annotated[float, Field(ge=0, le=1000)]
_Name = Annotated[str, Field(min_length=1)]


class HitBudgetSpec(Spec):
    """一条规则命中的会话最多增减多少。"""

    max_hits_gained: _Count | None = Field(default=None, description="新增命中的会话最多几个")
    max_hits_lost: _Count | None = Field(default=None, description="不再命中的会话最多几个")

    def budget(self) -> HitBudget:
        return HitBudget(gained=self.max_hits_gained, lost=self.max_hits_lost)


class CardBudgetSpec(Spec):
    """一张评分表最多降多少。"""

    max_mean_score_drop: _Drop | None = Field(default=None, description="平均分最多降几分")
    max_pass_rate_drop: _Drop | None = Field(default=None, description="合格率最多降几个百分点")

    def budget(self) -> CardBudget:
        return CardBudget(mean_drop=self.max_mean_score_drop, pass_rate_drop=self.max_pass_rate_drop)


class LabelledSpec(Spec):
    """人工标注过的判定，改规则后不许变差。"""

    file: _Name = Field(description="标注文件（.csv 或 .jsonl：会话编号、规则编号、判定），相对本文件")
    max_precision_drop: _Drop = Field(default=0.0, description="每条规则的查准率最多降几个百分点")
    max_recall_drop: _Drop = Field(default=0.0, description="每条规则的查全率最多降几个百分点")


class BudgetSpec(Spec):
    """规则改动的预算；超出任何一条，关口就不通过。"""

    max_auto_fail_flips: _Count | None = Field(default=None, description="新增一票否决最多几次")
    max_hits_gained: _Count | None = Field(default=None, description="所有规则合计，新增命中的会话最多几个")
    max_hits_lost: _Count | None = Field(default=None, description="所有规则合计，不再命中的会话最多几个")
    per_rule: HitBudgetSpec | None = Field(default=None, description="每条规则的限额")
    rules: dict[_Name, HitBudgetSpec] | None = Field(default=None, description="个别规则的限额，优先于 per_rule")
    max_mean_score_drop: _Drop | None = Field(default=None, description="每张评分表的平均分最多降几分")
    max_pass_rate_drop: _Drop | None = Field(default=None, description="每张评分表的合格率最多降几个百分点")
    scorecards: dict[_Name, CardBudgetSpec] | None = Field(default=None, description="个别评分表的限额，优先")
    labelled: LabelledSpec | None = Field(default=None, description="人工标注的判定")


def load_budget(path: Path) -> Budget:
    """The budget in a file, with its labels. Raises SpecError with every problem at its place."""
    document, problems = read(path), Problems()
    spec = problems.check(document, BudgetSpec)
    labelled = None
    if spec is not None and spec.labelled is not None:
        file = path.parent / spec.labelled.file
        try:
            labels = read_labels(file)
        except SpecError as error:
            if not file.is_file():
                hint = "路径相对这个预算文件；请检查文件名。"
                problems.add(document, ("labelled", "file"), "B001", f"找不到标注文件 {spec.labelled.file}", hint)
            else:
                problems.extend(error.problems)
        else:
            labelled = LabelBudget(
                labels=labels,
                precision_drop=spec.labelled.max_precision_drop,
                recall_drop=spec.labelled.max_recall_drop,
                path=str(file),
            )
    problems.raise_if_errors()
    if spec is None:  # raised above
        raise SpecError(problems.all)
    return Budget(
        auto_fail=spec.max_auto_fail_flips,
        total=HitBudget(gained=spec.max_hits_gained, lost=spec.max_hits_lost),
        each=(spec.per_rule or HitBudgetSpec()).budget(),
        rules={name: s.budget() for name, s in (spec.rules or {}).items()},
        every_card=CardBudget(mean_drop=spec.max_mean_score_drop, pass_rate_drop=spec.max_pass_rate_drop),
        cards={name: s.budget() for name, s in (spec.scorecards or {}).items()},
        labelled=labelled,
        path=str(path),
    )
