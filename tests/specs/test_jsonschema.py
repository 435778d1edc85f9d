"""The schemas editors use: valid draft-07, Chinese, and of one mind with the loader about the shipped files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qc.commands.rules.schema import command
from qc.paths import packaged
from qc.specs.document import parse, read
from qc.specs.jsonschema import schema_files

SCHEMAS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in schema_files().items()}


_KINDS: dict[str | None, Any] = {
    None: object,
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": int | float,
}


def _nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [n for item in node for n in _nodes(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(n for value in node.values() for n in _nodes(value))]


def complaints(value: Any, node: Any, root: dict[str, Any], at: str = "") -> list[str]:
    """What a draft-07 reader would mark red: the keywords our schemas use, and an error for any other."""
    if node is True or node == {}:
        return []
    number_like_bool = isinstance(value, bool) and node.get("type") in ("integer", "number")
    if number_like_bool or not isinstance(value, _KINDS[node.get("type")]):
        return [f"{at}: {node['type']}"]
    found: list[str] = []
    for key, wanted in node.items():
        match key:
            case "$schema" | "description" | "default" | "definitions" | "type":
                continue
            case "$ref":
                found += complaints(value, root["definitions"][wanted.removeprefix("#/definitions/")], root, at)
            case "allOf":
                found += [c for n in wanted for c in complaints(value, n, root, at)]
            case "anyOf":
                tried = [complaints(value, n, root, at) for n in wanted]
                found += [] if any(not t for t in tried) else min(tried, key=len)
            case "enum":
                found += [] if value in wanted else [f"{at}: {value} not in {wanted}"]
            case "const":
                found += [] if value == wanted else [f"{at}: {value}"]
            case "pattern":
                found += [] if re.search(wanted, value) else [f"{at}: pattern"]
            case "minLength" | "minItems" | "minProperties":
                found += [] if len(value) >= wanted else [f"{at}: too short"]
            case "maxLength" | "maxItems" | "maxProperties":
                found += [] if len(value) <= wanted else [f"{at}: too long"]
            case "minimum":
                found += [] if value >= wanted else [f"{at}: small"]
            case "exclusiveMinimum":
                found += [] if value > wanted else [f"{at}: small"]
            case "maximum":
                found += [] if value <= wanted else [f"{at}: large"]
            case "items":
                found += [c for i, v in enumerate(value) for c in complaints(v, wanted, root, f"{at}/{i}")]
            case "required":
                found += [f"{at}: no {name}" for name in wanted if name not in value]
            case "propertyNames":
                found += [c for name in value for c in complaints(name, wanted, root, f"{at}/{name}")]
            case "properties":
                for name in value.keys() & wanted.keys():
                    found += complaints(value[name], wanted[name], root, f"{at}/{name}")
            case "additionalProperties":
                for name in value.keys() - node.get("properties", {}).keys():
                    known = wanted is not False
                    found += complaints(value[name], wanted, root, f"{at}/{name}") if known else [f"{at}: {name}?"]
            case _:
                raise AssertionError(f"unexpected keyword {key}")
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_draft_07_and_every_reference_resolves(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    for node in _nodes(schema):
        if isinstance(node.get("$ref"), str):
            assert len(node) == 1, "draft-07 ignores what stands beside a reference"
            assert node["$ref"].removeprefix("#/definitions/") in schema["definitions"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_description_is_chinese_and_every_field_of_ours_has_one(name: str) -> None:
    for node in _nodes(SCHEMAS[name]):
        if isinstance(node.get("description"), str):
            assert re.search(r"[\u4e00-\u9fff]", node["description"]), node["description"]
    for node in _nodes(SCHEMAS[name]):
        for field, shape in node.get("properties", {}).items() if "additionalProperties" in node else ():
            assert shape.get("description"), field


def test_patterns_mean_the_same_to_javascript() -> None:
    for schema in SCHEMAS.values():
        for node in _nodes(schema):
            assert not re.search(r"\\[wW]", str(node.get("pattern", ""))), node


@pytest.mark.parametrize(
    ("schema", "folder", "pattern"),
    [
        ("scorecard.schema.json", "scorecards", "*.yml"),
        ("rule.schema.json", "rules", "[!_]*/*.yml"),
        ("lexicon.schema.json", "rules", "_lexicons/*.yml"),
        ("pattern.schema.json", "rules", "_patterns/*.yml"),
        ("emotion.schema.json", "rules", "_lexicons/emotion/[!em]*.yml"),
        ("emotion-modifiers.schema.json", "rules", "_lexicons/emotion/modifiers.yml"),
        ("emotion-evaluation.schema.json", "rules", "_lexicons/emotion/evaluation.yml"),
        ("topics.schema.json", "rules", "_topics/*.yml"),
        ("complaints.schema.json", "rules", "_opinion/complaints.yml"),
    ],
)
def test_shipped_files_are_not_marked_red(schema: str, folder: str, pattern: str) -> None:
    files = sorted(packaged(folder).glob(pattern))
    assert files
    for path in files:
        assert complaints(read(path).data, SCHEMAS[schema], SCHEMAS[schema]) == [], path


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("workspace.schema.json", "nme: 甲"),
        ("workspace.schema.json", "default_project: 95598"),
        ("workspace.schema.json", "audio: {roles: [agent]}"),
        ("scorecard.schema.json", "id: a\ntitle: 甲\nversion: 1.0.0\npass_mark: 80\ngrades: []\nsections: []"),
        ("rule.schema.json", "id: a.b\ntitle: 甲\nseverity: lw\nfind: {词: {keyword: 甲}}\nwhen: 词\nmessage: 甲"),
        ("lexicon.schema.json", "id: a\ntitle: 甲\nwords: [1]"),
        ("pattern.schema.json", "id: a\ntitle: 甲\npatern: 一"),
        ("topics.schema.json", "id: a\ntitle: 甲\nprojects: 一\ngroups: []"),
        ("emotion.schema.json", "id: a\ntitle: 甲\nrole: bot\ngroups: []"),
        ("emotion-modifiers.schema.json", "id: a\ntitle: 甲\nnegation: 不"),
        ("emotion-evaluation.schema.json", "id: a\ntitle: 甲\nneutral: [普通]"),
    ],
)
def test_what_the_loader_refuses_is_marked_red(schema: str, text: str) -> None:
    assert complaints(parse(text, "a.yml").data, SCHEMAS[schema], SCHEMAS[schema])


def test_every_yaml_file_of_the_repository_has_a_schema_in_the_editor() -> None:
    """.vscode/settings.json names schemas that exist, and the templates of `qc init` the same ones."""
    root = packaged("rules").parent
    here = json.loads((root / ".vscode/settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    for schema in here:
        assert json.loads((root / schema).read_text(encoding="utf-8"))["$schema"], schema
    template = root / "qc/commands/init_files/vscode-settings.json"
    there = json.loads(template.read_text(encoding="utf-8"))["yaml.schemas"]
    assert {Path(s).name for s in here} == {Path(s).name for s in there} == set(SCHEMAS)


def test_the_command_writes_what_is_stale_and_checks(tmp_path: Path) -> None:
    def run(*args: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, ["--out", str(tmp_path / "out"), *args])
        return done.exit_code, done.output

    assert run("--check")[0] == 1
    assert run() == (0, f"{tmp_path / 'out'}：写了 {len(SCHEMAS)} 个文件，0 个本来就是最新的。\n")
    assert run("--check") == (0, "都是最新的。\n")
    (tmp_path / "out" / "rule.schema.json").write_bytes(b"\xff")
    code, said = run("--check")
    assert (code, "rule.schema.json 不是最新的" in said) == (1, True)
    assert "写了 1 个文件" in run()[1]
    assert (
        json.loads((tmp_path / "out" / "rule.schema.json").read_text(encoding="utf-8")) == SCHEMAS["rule.schema.json"]
    )


def test_the_same_every_time(tmp_path: Path) -> None:
    assert schema_files() == schema_files()
    assert all(text.endswith("}\n") for text in schema_files().values())
