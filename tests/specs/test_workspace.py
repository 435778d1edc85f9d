"""qc.yaml → Config."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.config import Config, FolderConfig
from qc.domain.conversation import Channel, Role
from qc.errors import SpecError
from qc.specs.workspace import load_config

FULL = """\
name: 示例客服中心
default_project: "95598"
default_channel: chat
audio:
  roles: [customer, agent]
  projects: {保险: [agent, customer]}
  mono: agent
  max_hours: 1.5
asr: {model: models/base.pt, batch_size: 4, confidence_floor: 0.5}
manifest:
  columns: {agent_id: 工号, customer_id: [客户编号, 户号]}
  encoding: gb18030
  channels: {呼入: voice_inbound}
  satisfaction: {非常满意: 5, 不满意: 2}
folders:
  保险\\回访: {project: 保险, channel: voice_outbound}
run: {workers: 3, allowance: 0.05}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "qc.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_arrives(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, FULL))
    assert config.name == "示例客服中心"
    assert config.default_project == "95598"
    assert config.default_channel is Channel.CHAT
    assert config.audio.roles == (Role.CUSTOMER, Role.AGENT)
    assert config.audio.project_roles == {"保险": (Role.AGENT, Role.CUSTOMER)}
    assert config.audio.mono_role is Role.AGENT
    assert config.audio.max_duration_s == 5400
    assert config.asr.model == str(tmp_path / "models/base.pt")
    assert config.asr.batch_size == 4
    assert config.asr.engine == Config().asr.engine
    assert config.manifest.columns == {"agent_id": ("工号",), "customer_id": ("客户编号", "户号")}
    assert config.manifest.channels == {"呼入": Channel.VOICE_INBOUND}
    assert config.manifest.satisfaction == {"非常满意": 5, "不满意": 2}
    assert config.folders == {"保险/回访": FolderConfig(project="保险", channel=Channel.VOICE_OUTBOUND)}
    assert (config.run.workers, config.run.allowance) == (3, 0.05)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    default = load_config(None)
    assert default.digest
    assert Config(digest=default.digest) == default
    assert load_config(write(tmp_path, "name: ''")) == default


def test_the_digest_follows_what_can_move_a_result(tmp_path: Path) -> None:
    digest = load_config(write(tmp_path, FULL)).digest
    assert load_config(write(tmp_path, "# 注释\n" + FULL)).digest == digest
    assert load_config(write(tmp_path, FULL.replace("workers: 3", "workers: 1"))).digest == digest
    assert load_config(write(tmp_path, FULL.replace("0.5}", "0.6}"))).digest != digest


@pytest.mark.parametrize(
    ("text", "line", "col", "words"),
    [
        ("default_project: 95598", 1, 18, "应为文字"),
        ("audio: {roles: [agent]}", 1, 16, "至少要有 2 项"),
        ("audio: {roles: [agent, custmer]}", 1, 24, "custmer"),
        ("audio: {max_hours: 0}", 1, 20, "应大于 0"),
        ("manifest: {encoding: gbk1}", 1, 22, "gbk1"),
        ("manifest: {satisfaction: {满意: 6}}", 1, 31, "不能大于 5"),
        ("manifest: {channels: {呼入: inbound}}", 1, 27, "inbound"),
        ("manifest: {columns: {agent_id: []}}", 1, 32, "至少要有 1 项"),
        ("folders: {../x: {project: 甲}}", 1, 11, "子目录"),
        ("folders: {a: {projct: 甲}}", 1, 15, "projct"),
        ("run: {allowance: 5}", 1, 18, "不能大于 1"),
        ("rn: {workers: 1}", 1, 1, "未知字段 rn"),
    ],
)
def test_mistakes_are_told_at_their_place(tmp_path: Path, text: str, line: int, col: int, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_config(write(tmp_path, text))
    (problem,) = caught.value.problems
    assert (problem.line, problem.col) == (line, col)
    assert words in problem.message


def test_a_section_whose_lines_are_all_comments_means_its_defaults(tmp_path: Path) -> None:
    text = "audio:\n  # mono: agent\nmanifest:\n  columns:\n    # agent_id: 工号\nfolders:\nrun:\nasr:\n"
    assert load_config(write(tmp_path, text)) == load_config(None)


@pytest.mark.parametrize(
    ("columns", "col", "hint"),
    [
        ("{工号: agent_id}", 13, "是不是写反了：agent_id: [工号]"),
        ("{file: 录音, 班: [组, team]}", 23, "是不是写反了：team: [班]"),
        ("{agentid: 工号}", 13, "你是不是想写“agent_id”？"),
        ("{员工: 工号}", 13, "可以写：conversation_id、file、"),
    ],
)
def test_a_column_must_be_a_field_of_ours(columns: str, col: int, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load_config(write(tmp_path, f"manifest:\n  columns: {columns}\nrun: {{workers: -1}}\n"))
    first, second = caught.value.problems
    assert (first.line, first.col, first.code) == (2, col, "S002")
    assert first.hint.startswith(hint)
    assert (second.line, second.code) == (3, "S005")  # all problems at once
