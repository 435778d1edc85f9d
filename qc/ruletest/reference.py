"""The reference page of the rule language, made from the operators themselves."""

from __future__ import annotations

from qc.domain.operators import OPERATORS, SPOKEN, Keyword, Operator, Regex
from qc.ruletest.examples import examples
from qc.specs.model import Spec
from qc.specs.operators import SHAPES
from qc.specs.rule_shape import (
    AnchorSpec,
    CountSpec,
    Key,
    PieceSpec,
    SameTurnSpec,
    UnlessSpec,
    WindowSpec,
    keys_of,
)

_SHORT: dict[type[Operator], str] = {
    Keyword: "简写：`keyword: 词`、`keyword: [词, 词]`，与 `{any: […]}` 相同。",
    Regex: '简写：`regex: "正则"`。',
}


def operator_reference() -> str:
    """Markdown, in Chinese: the frame keys, then every operator with its parameters and a runnable example."""
    parts = ["# 算子参考", "", _INTRODUCTION, "", "## 限定范围的键", "", *_frame_table()]
    for operator in OPERATORS:
        parts += ["", *_operator(operator)]
    return "\n".join(parts) + "\n"


_INTRODUCTION = """\
规则的 `find` 里给每个片段取名，每个片段写一个算子，再用下面的键限定看哪些话轮。`when` 用 and、or、not、
`any of (…)`、`all of (…)`、`2 of (…)` 把片段连成一句话。片段的结果有三种：成立、不成立、不能确定；
证据所在的那句话转写置信度太低、分不清说话人、缺少时间时为不能确定，规则因此无法判定时不扣分。"""


def _frame_table() -> list[str]:
    operators = {operator.key for operator in OPERATORS}
    rows = _table([key for key in keys_of(PieceSpec) if key.name not in operators])
    inner: dict[str, type[Spec]] = {
        "after、before、around": AnchorSpec,
        "same_turn": SameTurnSpec,
        "window": WindowSpec,
        "count": CountSpec,
        "unless": UnlessSpec,
    }
    for title, shape in inner.items():
        rows += ["", f"{title} 里面：", "", *_table(keys_of(shape))]
    return rows


def _operator(operator: type[Operator]) -> list[str]:
    rows = [f"## {operator.key} {operator.zh}", "", operator.about]
    if operator in _SHORT:
        rows += ["", _SHORT[operator]]
    if operator in SPOKEN:
        rows += ["", "不写 `speaker` 时看 `scope.speaker` 的话轮。"]
    rows += ["", *_table(keys_of(SHAPES[operator.key].shape))]
    return [*rows, "", "```yaml", examples()[operator.key].rstrip(), "```"]


def _table(keys: list[Key]) -> list[str]:
    rows = ["| 键 | 含义 | 默认 |", "|---|---|---|"]
    return rows + [f"| `{key.name}` | {key.about} | {'必填' if key.default is None else key.default} |" for key in keys]
