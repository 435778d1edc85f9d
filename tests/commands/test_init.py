"""`qc init` makes a workspace that loads, passes its own checks, and is never written over."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.commands.init import command, init_workspace
from qc.domain.config import Config
from qc.errors import UsageError
from qc.paths import find_workspace, packaged
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards
from qc.specs.workspace import load_config


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("init") / "甲" / "质检"
    init_workspace(folder)
    return folder


def test_the_workspace_loads(made: Path) -> None:
    assert find_workspace(made / "rules" / "service") == made
    pack = load_rules([made / "rules"])
    shipped = load_rules([packaged("rules")])
    assert pack.digest == shipped.digest
    assert [r.id for r in pack.rules] == [r.id for r in shipped.rules]
    cards = load_scorecards([made / "scorecards"], {r.id for r in pack.rules})
    assert [c.digest for c in cards] == [c.digest for c in load_scorecards([packaged("scorecards")], None)]


def test_plain_word_lists_are_brought_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = tmp_path / "brought"
    (brought / "_lexicons").mkdir(parents=True)
    (brought / "_lexicons/rude.txt").write_text("自己看\n", encoding="utf-8")
    monkeypatch.setattr("qc.commands.init.packaged", lambda _: brought)
    init_workspace(tmp_path / "ws")
    assert (tmp_path / "ws/rules/_lexicons/rude.txt").read_text(encoding="utf-8") == "自己看\n"


def test_the_configuration_says_the_defaults(made: Path) -> None:
    config = load_config(made / "qc.yaml")
    assert config == Config(digest=config.digest)


def test_what_the_configuration_offers_in_comments_is_valid_too(made: Path, tmp_path: Path) -> None:
    text = (made / "qc.yaml").read_text(encoding="utf-8")
    settings = re.compile(r"^( *)# ( *(?:[\w/]+: |[\w/]+: *$).*)", re.M)
    opened = "\n".join(settings.sub(r"\1\2", line) if "：" not in line else line for line in text.splitlines())
    (tmp_path / "qc.yaml").write_text(opened.replace("字段有", ""), encoding="utf-8")
    config = load_config(tmp_path / "qc.yaml")
    assert config.manifest.columns["agent_id"] == ("工号", "坐席号")
    assert config.manifest.satisfaction["非常不满意"] == 1
    assert config.audio.project_roles
    assert config.folders["保险/回访"].project == "保险"


def test_the_editor_finds_a_schema_for_every_yaml_file(made: Path) -> None:
    settings = json.loads((made / ".vscode/settings.json").read_text(encoding="utf-8"))
    assert json.loads((made / ".vscode/extensions.json").read_text(encoding="utf-8"))["recommendations"]
    for schema in settings["yaml.schemas"]:
        assert json.loads((made / schema).read_text(encoding="utf-8"))["properties"]


def test_results_stay_out_of_git(made: Path) -> None:
    assert "/runs/" in (made / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_existing_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "rules/service").mkdir(parents=True)
    mine = tmp_path / "rules/service/greeting.yml"
    mine.write_text("# 我的规则\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("我的说明\n", encoding="utf-8")
    done = init_workspace(tmp_path)
    assert set(done.kept) == {Path("README.md"), Path("rules/service/greeting.yml")}
    assert mine.read_text(encoding="utf-8") == "# 我的规则\n"
    again = init_workspace(tmp_path)
    assert again.written == ()
    assert len(again.kept) == len(done.written) + 2
    forced = init_workspace(tmp_path, force=True)
    assert forced.kept == ()
    assert mine.read_bytes() == (packaged("rules") / "service/greeting.yml").read_bytes()


def test_the_command_says_what_it_did_and_what_comes_next(tmp_path: Path) -> None:
    target = tmp_path / "质检"
    first = CliRunner().invoke(command, [str(target)])
    assert first.exit_code == 0
    assert "写入 qc.yaml" in first.output
    assert re.search(r"写入 rules/（\d+ 个文件）", first.output)
    assert f"cd {target}" in first.output
    assert "qc doctor" in first.output
    second = CliRunner().invoke(command, [str(target)])
    assert "没有动" in second.output
    assert "--force" in second.output
    assert "写入" not in second.output


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        init_workspace(tmp_path / "a")
    assert caught.value.hint


def test_every_command_the_readme_names_exists(made: Path) -> None:
    readme = (made / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bqc ([a-z]+)", readme))
    assert named
    assert named <= set(cli.list_commands(click.Context(cli)))


def test_a_workspace_inside_a_repository_is_told_where_ci_looks(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    said = CliRunner().invoke(command, [str(tmp_path / "质检")]).output
    assert f"git 仓库的顶层是 {tmp_path.resolve()}" in said
    assert "命令在 质检 里运行" in said
    assert "git 仓库的顶层" not in CliRunner().invoke(command, [str(tmp_path)]).output
