"""`qc rules ci` in a git workspace, and the CI files of `qc init` run as the CI systems would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from qc.commands.gate_output import detected, say
from qc.commands.init import init_workspace
from qc.commands.rulegates import base_revision
from qc.errors import UsageError
from qc.specs.document import parse, read
from tests.pipeline.batches import ROOT, chats, only_run, qc

RULE = """\
id: service.a
title: 例
severity: low
version: 1.0.0
scope: {speaker: agent}
find:
  a: {keyword: 包赚不赔}
when: a
message: 命中
tests:
  - {name: 一, expect: hit, turns: [{agent: 包赚不赔}]}
  - {name: 二, expect: miss, turns: [{agent: 再见}]}
  - {name: 三, expect: miss, turns: [{customer: 包赚不赔}, {agent: 好}]}
"""
CARD = """\
id: phone
title: 热线
version: 1.0.0
base: 100
pass_mark: 60
grades: [{name: 好, min: 60}, {name: 差, min: 0}]
sections:
  - id: s
    title: 服务
    items:
      - {id: i, title: 例, rules: [service.a], points: 100}
"""
HOSTILE = ["[失败] 例", "::stop-commands::x", "    说\n      ::add-mask::的\n##[error]x ##[group]", "a::b 仍可读"]
OUTSIDE = {"GITHUB_ACTIONS": "", "GITLAB_CI": "", "GITHUB_STEP_SUMMARY": "", "GITHUB_BASE_REF": ""}
OUTSIDE["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = ""


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=质检", "-c", "user.email=qc@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True, env=os.environ
    )
    return done.stdout.strip()


def test_text_of_others_gives_no_commands_to_github(capsys: pytest.CaptureFixture[str]) -> None:
    """The runner obeys `::command` at the start of a line, after spaces too, and `##[command]` anywhere."""
    say(HOSTILE, "github")
    said = capsys.readouterr().out
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    assert "##[" not in said
    assert said.replace("\u200b", "") == "\n".join(HOSTILE) + "\n"
    assert "a::b 仍可读" in said
    say(HOSTILE, None)
    assert capsys.readouterr().out == "\n".join(HOSTILE) + "\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A workspace of one rule and one scorecard on the main branch, everything in order."""
    for name, text in {"qc.yaml": "", "rules/service/a.yml": RULE, "scorecards/phone.yml": CARD}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text or "name: 例\n", encoding="utf-8")
    assert qc("rules", "lock", cwd=tmp_path).returncode == 0
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "初始")
    return tmp_path


def edit(folder: Path, old: str, new: str, name: str = "rules/service/a.yml") -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def ci(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return qc("rules", "ci", *args, cwd=folder, **{**OUTSIDE, **env})


def marks(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    return {line[5 : line.index("：")]: line[1:3] for line in lines}


def test_all_gates_pass_on_an_untouched_branch(repository: Path) -> None:
    done = ci(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    found = marks(done)
    assert list(found) == ["写法检查", "规则测试", "变异测试", "干净语料", "影响比较", "内容版本"]
    assert "失败" not in found.values()
    assert "\x1b" not in done.stdout


def test_every_gate_runs_though_one_fails_and_everything_is_written(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "-q", "-b", "change")
    edit(repository, "keyword: 包赚不赔", "keyword: 保息")
    out = tmp_path / "out"
    done = ci(
        repository,
        *("--junit", str(out / "j.xml"), "--markdown", str(out / "m.md")),
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
    )
    assert done.returncode == 1
    found = marks(done)
    assert (found["规则测试"], found["内容版本"]) == ("失败", "失败")
    assert "::error file=rules/service/a.yml,line=11,col=1,title=测试失败%3A" not in done.stdout
    assert "::error file=rules/service/a.yml,line=11,col=1,title=测试失败：一::应为命中，实为未命中" in done.stdout
    assert "title=版本没有升::service.a 改了" in done.stdout
    markdown = (out / "m.md").read_text(encoding="utf-8")
    assert markdown.startswith("## 规则检查：不通过")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == markdown
    root = ET.parse(out / "j.xml").getroot()
    assert int(str(root.get("failures"))) >= 2
    names = {suite.get("name", "").split(".")[0] for suite in root}
    assert {"lint", "test", "mutate", "baseline", "diff", "lock"} <= names


def test_gitlab_gets_json_on_stdout_and_people_read_stderr(repository: Path) -> None:
    edit(repository, "expect: hit", "expect: miss")
    done = ci(repository, GITLAB_CI="true")
    assert done.returncode == 1
    issues = json.loads(done.stdout)
    assert {"rules/service/a.yml"} == {issue["location"]["path"] for issue in issues if issue["severity"] == "major"}
    assert "[失败] 规则测试" in done.stderr


def test_broken_files_fail_each_gate_and_are_told_once(repository: Path) -> None:
    edit(repository, "severity: low", "severity: 5")
    done = ci(repository)
    assert done.returncode == 1
    assert set(marks(done).values()) <= {"失败", "跳过"}
    assert done.stdout.count("S004") == 1
    assert "见“写法检查”" in done.stdout


@pytest.mark.slow
def test_a_lock_written_anew_in_the_same_branch_does_not_pass(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "change")
    edit(repository, "keyword: 包赚不赔", "keyword: 包赚不赔的")
    edit(repository, "{agent: 包赚不赔}", "{agent: 包赚不赔的}")
    (repository / "rules/rules.lock").unlink()
    assert qc("rules", "lock", cwd=repository).returncode == 0
    git(repository, "commit", "-q", "-a", "-m", "改")
    done = ci(repository)
    assert marks(done)["内容版本"] == "失败"
    assert "1.1.0" in done.stdout
    edit(repository, "version: 1.0.0", "version: 1.1.0")
    assert qc("rules", "lock", cwd=repository).returncode == 0
    assert marks(ci(repository))["内容版本"] == "通过"


def test_without_git_and_runs_the_comparison_says_why_it_is_left_out(repository: Path, tmp_path: Path) -> None:
    edit(repository, "title: 例", "title: 例子")
    done = ci(repository)
    assert "[跳过] 影响比较：没有用 --run" in done.stdout
    (repository / ".git").rename(tmp_path / "elsewhere")
    done = ci(repository, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert "[跳过] 影响比较：不在 git 仓库里" in done.stdout


@pytest.mark.slow
def test_a_rule_leaves_its_trial_only_with_a_comparison(repository: Path, tmp_path: Path) -> None:
    edit(repository, "version: 1.0.0", "version: 1.0.0\nstatus: shadow")
    git(repository, "commit", "-q", "-a", "-m", "试运行")
    edit(repository, "status: shadow", "status: stable")
    done = ci(repository, "--base", "HEAD")
    assert marks(done)["影响比较"] == "失败"
    assert "service.a 转正式" in done.stdout
    inputs = chats(tmp_path / "inputs", 6)
    assert qc("run", inputs, "--run-id", "month", "--quiet", cwd=repository).returncode == 0
    done = ci(repository, "--base", "HEAD", "--run", "runs/month", "--markdown", str(tmp_path / "m.md"))
    assert marks(done)["影响比较"] == "通过"
    assert "状态 试运行 → 正式" in (tmp_path / "m.md").read_text(encoding="utf-8")


def test_the_base_is_where_the_branch_left_main(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")[:12]
    assert base_revision(repository, {}) == first
    git(repository, "checkout", "-q", "-b", "change")
    edit(repository, "title: 例", "title: 例子")
    git(repository, "commit", "-q", "-a", "-m", "改")
    second = git(repository, "rev-parse", "HEAD")[:12]
    assert base_revision(repository, {}) == first
    assert base_revision(repository, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": second}) == second
    with pytest.raises(UsageError) as caught:
        base_revision(repository, {"GITHUB_BASE_REF": "elsewhere"})
    assert "fetch-depth" in caught.value.hint
    assert base_revision(repository, {"GITHUB_BASE_REF": "main"}) == first
    git(repository, "branch", "-q", "-D", "main")
    assert base_revision(repository, {}) == second


@pytest.mark.parametrize(
    ("environment", "found"),
    [({}, "text"), ({"GITHUB_ACTIONS": "true"}, "github"), ({"GITLAB_CI": "true"}, "gitlab")],
)
def test_the_ci_system_is_recognised(environment: dict[str, str], found: str) -> None:
    assert detected(environment) == found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new workspace in git with dialogues to compare over, a change in a branch of its own, and the programs its CI
    calls: qc is ours, pip and gh only note that they were called."""
    folder = tmp_path_factory.mktemp("ci")
    init_workspace(folder / "work")
    programs = folder / "bin"
    programs.mkdir()
    for name, text in {
        "qc": f'exec "{sys.executable}" "{ROOT / "cli.py"}" "$@"',
        "pip": f'echo "pip $*" >> "{folder}/called"',
        "gh": f'echo "gh $*" >> "{folder}/called"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    git(folder / "work", "init", "-q", "-b", "main")
    git(folder / "work", "add", ".")
    git(folder / "work", "commit", "-q", "-m", "初始")
    git(folder / "work", "checkout", "-q", "-b", "change")
    chats(folder / "work/regression", 6)
    edit(folder / "work", "words:\n", "words:\n  - 这是第1个会话\n", "rules/_lexicons/anger_words.yml")
    assert qc("rules", "lock", "--bump", cwd=folder / "work").returncode == 0
    git(folder / "work", "add", ".")
    git(folder / "work", "commit", "-q", "-m", "改")
    return folder


def shell(made: Path, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{made / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | OUTSIDE | {"PATH": path, "QC_PACKAGE": "qc==1.0"} | env
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=made / "work",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_github_workflow_runs(made: Path) -> None:
    steps = read(made / "work/.github/workflows/qc.yml").part(("jobs", "rules", "steps"))
    assert isinstance(steps, list)
    assert steps[0]["with"]["fetch-depth"] == 0
    summary = made / "summary.md"
    for step in steps:
        if "run" in step:
            env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "NUMBER": "7"}
            done = shell(made, step["run"], **env)
            assert done.returncode == 0, (step["run"], done.stdout, done.stderr)
    work = made / "work"
    assert summary.read_text(encoding="utf-8") == (work / "qc-rules.md").read_text(encoding="utf-8")
    assert ET.parse(work / "qc-junit.xml").getroot().get("failures") == "0"
    assert "gh pr comment 7" in (made / "called").read_text(encoding="utf-8")
    assert "6 个会话中新增命中 1、失去命中 0" in (work / "qc-rules.md").read_text(encoding="utf-8")
    kept = steps[-1]["with"]["path"].split()
    assert all((work / name).is_file() for name in kept)


@pytest.mark.slow  # the gates are those of the GitHub workflow
def test_the_gitlab_job_runs(made: Path) -> None:
    job = parse((made / "work/.gitlab-ci.yml").read_text(encoding="utf-8"), "gitlab").part(("质检规则",))
    assert isinstance(job, dict)
    done = shell(made, "\n".join(job["script"]), GITLAB_CI="true")
    assert done.returncode == 0, done.stdout + done.stderr
    reports = job["artifacts"]["reports"]
    assert ET.parse(made / "work" / reports["junit"]).getroot().get("failures") == "0"
    assert isinstance(json.loads((made / "work" / reports["codequality"]).read_text(encoding="utf-8")), list)
    assert "6 个会话中新增命中 1、失去命中 0" in (made / "work/qc-rules.md").read_text(encoding="utf-8")


def test_ci_without_a_package_to_install_says_what_to_do(made: Path) -> None:
    job = read(made / "work/.gitlab-ci.yml").part(("质检规则",))
    assert isinstance(job, dict)
    done = shell(made, "\n".join(job["script"]), QC_PACKAGE="")
    assert done.returncode == 1
    assert "QC_PACKAGE" in done.stdout


@pytest.mark.parametrize("template", ["github.yml", "gitlab-ci.yml"])
def test_the_guide_shows_the_files_that_are_written(template: str) -> None:
    text = (ROOT / "qc/commands/init_files" / template).read_text(encoding="utf-8")
    assert f"```yaml\n{text}```" in (ROOT / "docs/gates.zh-CN.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_over_a_stored_run_the_comparison_tells_what_moves_and_the_budget_decides(
    repository: Path, tmp_path: Path
) -> None:
    inputs = chats(tmp_path / "inputs", 6)
    assert qc("run", inputs, "--out", "runs", "--quiet", cwd=repository).returncode == 0
    run = str(only_run(repository / "runs"))
    git(repository, "checkout", "-q", "-b", "change")
    edit(repository, "keyword: 包赚不赔", "keyword: [包赚不赔, 催办]")
    done = ci(repository, "--run", run, "--markdown", str(tmp_path / "m.md"))
    assert marks(done)["影响比较"] == "通过"
    assert "催办" in (tmp_path / "m.md").read_text(encoding="utf-8")
    (repository / "budget.yml").write_text("max_hits_gained: 0\n", encoding="utf-8")
    done = ci(repository, "--run", run)
    assert marks(done)["影响比较"] == "失败"
    (repository / "budget.yml").write_text("max_hits: 0\n", encoding="utf-8")
    done = ci(repository, "--run", run)
    assert marks(done)["影响比较"] == "失败"
    assert "budget.yml:1:1: S002" in done.stdout
