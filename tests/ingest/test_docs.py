"""docs/inputs.zh-CN.md says what the code does: its examples are read, its headers are known, its failures exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qc.domain.config import FolderConfig, ManifestConfig
from qc.domain.conversation import Channel, Role
from qc.ingest.columns import CALL, columns
from qc.specs.workspace import load_config

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "inputs.zh-CN.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


def table(heading: str) -> list[list[str]]:
    """The rows of the first table whose head row starts with `heading`."""
    body = TEXT.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def test_every_example_is_named():
    assert len(BLOCKS) == TEXT.count("\n```") // 2


def test_the_examples_are_read(inputs):
    for name, body in BLOCKS.items():
        if name != "qc.yaml":
            inputs.put(name, body)
    inputs.put("A001.wav", b"RIFF")
    inputs.put("回访/B001.wav", b"RIFF")
    result = inputs.read("calls.csv")
    assert not result.failures
    assert not result.batch.notes
    found = {c.id: c for c in result.conversations}
    chats, tickets = ["D001", "D002", "D003", "D004", "E001", "K001"], ["T001", "T002"]
    assert sorted(found) == sorted(chats + tickets + [f"call{n}" for n in range(1, 7)])
    formats = [found[f"call{n}"].source.format for n in range(1, 7)]
    assert formats == ["whisper", "whisperx", "funasr", "sca", "contact_lens", "tencent"]
    assert found["E001"].channel is Channel.BOT_TEXT
    assert [t.role for t in found["D002"].turns] == [Role.CUSTOMER, Role.AGENT]
    assert [t.role for t in found["K001"].turns] == [Role.AGENT, Role.CUSTOMER]
    assert "联系方式" not in found["T002"].meta.extra
    calls = {r.conversation_id: r for r in result.batch.recordings}
    assert calls["A001"].meta.extra == {"线路": "L1"}
    assert (calls["B001"].channel, calls["B001"].meta.duration_ms) == (Channel.VOICE_OUTBOUND, 250_000)


def test_the_configuration_is_valid(tmp_path):
    (tmp_path / "qc.yaml").write_text(BLOCKS["qc.yaml"], "utf-8")
    config = load_config(tmp_path / "qc.yaml")
    assert config.folders == {"回访": FolderConfig(project="保险", channel=Channel.VOICE_OUTBOUND)}
    assert columns(CALL, config.manifest.columns).field_of("语音档案") == "file"


@pytest.mark.parametrize("row", table("字段"), ids=lambda row: row[0])
def test_the_headers_are_known(row):
    field, _, headers = row
    known = columns(CALL, ManifestConfig().columns)
    assert {known.field_of(h) for h in headers.split("、")} == {field}


def test_every_field_is_explained():
    assert [row[0] for row in table("字段")] == list(CALL)


def test_every_failure_kind_is_explained():
    code = "".join(p.read_text("utf-8") for p in sorted((ROOT / "qc" / "ingest").glob("*.py")))
    said = {kind for row in table("代码") for kind in row[0].split(" / ")}
    raised = set(re.findall(r'(?:ShapeError|_RowError)\(\s*"(\w+)"', code))
    raised |= set(re.findall(r'(?:failed|_fail|row_failure)\([^"\n]*"(\w+)"', code))
    assert raised <= said
    everywhere = "".join(p.read_text("utf-8") for p in sorted((ROOT / "qc").rglob("*.py")))
    assert all(f'"{kind}"' in everywhere for kind in said)
