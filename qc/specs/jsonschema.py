"""JSON Schema (draft-07, what editors understand) of the YAML files, made from the same models that check them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from qc.specs.accepted import AcceptedFileSpec
from qc.specs.alerts import AlertsSpec
from qc.specs.budget import BudgetSpec
from qc.specs.cases import CaseSpec
from qc.specs.complaints import ComplaintsSpec
from qc.specs.emotion import EvaluationSpec, ModifiersSpec, PhrasesSpec
from qc.specs.hot_words import HotWordsSpec
from qc.specs.intents import IntentListSpec
from qc.specs.lexicons import LexiconSpec
from qc.specs.patterns import PatternSpec
from qc.specs.role_cues import RoleCuesSpec
from qc.specs.rule_shape import RuleSpec
from qc.specs.scorecard_shape import ScorecardSpec
from qc.specs.taxonomy import TaxonomySpec
from qc.specs.workspace import WorkspaceSpec

_SHAPES: Mapping[str, type[BaseModel]] = {
    "accepted.schema.json": AcceptedFileSpec,
    "alerts.schema.json": AlertsSpec,
    "budget.schema.json": BudgetSpec,
    "case.schema.json": CaseSpec,
    "complaints.schema.json": ComplaintsSpec,
    "emotion-evaluation.schema.json": EvaluationSpec,
    "emotion-modifiers.schema.json": ModifiersSpec,
    "emotion.schema.json": PhrasesSpec,
    "intents.schema.json": IntentListSpec,
    "lexicon.schema.json": LexiconSpec,
    "pattern.schema.json": PatternSpec,
    "roles.schema.json": RoleCuesSpec,
    "rule.schema.json": RuleSpec,
    "scorecard.schema.json": ScorecardSpec,
    "topics.schema.json": TaxonomySpec,
    "words.schema.json": HotWordsSpec,
    "workspace.schema.json": WorkspaceSpec,
}
_WORD_CLASS = re.compile(r"\\[wW]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
# enums are described in English in the code; these are the words for people
_ENUMS: Mapping[str, str] = {
    "AlertLevel": "notice 提示、watch 关注、warning 预警、critical 严重",
    "AutoFail": "none 不否决、card 整张表 0 分、section 本部分 0 分",
    "Channel": "voice_inbound 呼入、voice_outbound 外呼、chat 在线会话、bot_text 文字机器人、bot_voice 语音机器人、"
    "ticket 工单、message 留言",
    "Dimension": "total 全部、project 业务项目、channel 渠道、region 地区、hour 时段、topic 话题、"
    "intent 意向、complaint 投诉类型",
    "Effect": "deduct 扣分、award 加分",
    "ErrorClass": "customer 客户、business 业务、compliance 合规、none 不分",
    "IntentKind": "purchase 购买、churn 流失、complaint 投诉、repayment 还款、other 其他",
    "Metric": "volume 来访量、negative 负面率、risk 风险信号、word 词的突增",
    "OnEmpty": "hit 成立、miss 不成立、na 不适用",
    "Per": "once 只算一次、hit 每处算一次",
    "Role": "agent 坐席、customer 客户、bot 机器人、system 系统、unknown 分不清",
    "RuleKind": "violation 违规、merit 亮点、signal 信号",
    "RuleStatus": "draft 草稿、shadow 试跑、stable 正式、retired 停用",
    "Severity": "low 低、medium 中、high 高、critical 严重",
}


def schema_files() -> Mapping[str, str]:
    """File name → text of every schema."""
    return {name: json.dumps(_schema(shape), ensure_ascii=False, indent=1) + "\n" for name, shape in _SHAPES.items()}


def stale_schemas(folder: Path) -> list[str]:
    """The names of the schemas that `folder` lacks or holds with another text, in order."""
    return [name for name, text in schema_files().items() if not _holds(folder / name, text)]


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # titles made of English field names say nothing to our readers


def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    made = shape.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Generator)
    definitions = made.pop("$defs", {})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **_draft7(made),
        "definitions": {name: {**_draft7(node), **_named(name)} for name, node in definitions.items()},
    }


def _named(name: str) -> dict[str, str]:
    return {"description": _ENUMS[name]} if name in _ENUMS else {}


def _draft7(node: Any) -> Any:
    """The node for readers of draft-07: no English, no `null` beside a type, no pattern whose classes JavaScript reads
    otherwise (its word characters are ASCII), references without siblings."""
    if isinstance(node, list):
        return [_draft7(n) for n in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {
        key: _properties(value) if key == "properties" else _draft7(value) for key, value in node.items()
    }
    out.pop("title", None)
    if not _HAN.search(str(out.get("description", "一"))):
        del out["description"]
    if _WORD_CLASS.search(str(out.get("pattern", ""))):
        del out["pattern"]
    if "patternProperties" in out:  # a mapping with free keys: the pattern is the loader's affair
        (out["additionalProperties"],) = out.pop("patternProperties").values()
    if out.get("default") in (None, {}, []) or isinstance(out.get("default"), dict):
        out.pop("default", None)
    if "anyOf" in out:
        choices = [choice for choice in out["anyOf"] if choice != {"type": "null"}]
        if len(choices) == 1:
            del out["anyOf"]
            out = dict(choices[0]) | out
        else:
            out["anyOf"] = choices
    if "$ref" in out and len(out) > 1:
        out["allOf"] = [{"$ref": out.pop("$ref")}]
    return out


def _properties(fields: dict[str, Any]) -> dict[str, Any]:
    """A field may be called `title` or `description`: its name is no keyword."""
    return {name: _draft7(field) for name, field in fields.items()}
