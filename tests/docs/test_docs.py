"""The documents tell the truth: their commands run, their examples pass, their links lead somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.batches import ROOT, command, only_run

READMES = ["README.md", "README.zh-CN.md"]
GIT = {f"GIT_{who}_{what}": "qc@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SAMPLE = ROOT / "docs" / "sample" / "2026-11-20"


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(document: str) -> list[str]:
    lines = "\n".join(blocks(document, "sh")).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


@pytest.mark.parametrize("document", READMES)
def test_make_targets_exist(document: str) -> None:
    targets = [line.split()[1] for line in commands(document) if line.startswith("make ")]
    assert targets == ["demo", "test"]
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_both_readmes_show_the_same_commands() -> None:
    assert commands(READMES[0]) == commands(READMES[1])


@pytest.mark.slow
@pytest.mark.asr
def test_readme_commands_run(tmp_path: Path) -> None:
    """As a newcomer types them, one after the other, in an empty directory."""
    here = tmp_path
    for line in commands(READMES[0]):
        words = shlex.split(line)
        if words[0] in ("make", "."):  # the environment is the one the tests run in
            continue
        if words[0] == "cd":
            here = here / words[1]
            (here / "recordings").mkdir()
            (here / "recordings" / "2026-11-20").symlink_to(SAMPLE)
            continue
        if words[0] == "git":
            subprocess.run(words, cwd=here, env=os.environ | GIT, check=True)
            continue
        assert words[0] == "qc", line
        run = only_run(here / "runs").name if "runs/RUN" in line else ""
        args = [word.replace("RUN", run) for word in words[1:]]
        more = ["--out", "elsewhere"] if args[0] in ("inspect", "transcribe") else []  # RUN stays the only one
        if args[0] == "doctor":  # what it measures would decide which engine the tests after this one hear with
            more = ["--quick"]
        done = subprocess.run(
            command(*args, *more), cwd=here, env=os.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("document", READMES)
def test_the_rule_in_the_readme_passes_its_tests(document: str, tmp_path: Path) -> None:
    (rule,) = blocks(document, "yaml")
    path = tmp_path / "rules" / "service" / "long_silence.yml"
    path.parent.mkdir(parents=True)
    path.write_text(rule, encoding="utf-8")
    done = subprocess.run(
        command("rules", "test", "--rules", tmp_path / "rules"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 个测试：通过 2" in done.stdout


@pytest.mark.parametrize("document", [*READMES, "docs/architecture.md", "CHANGELOG.md"])
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_reference_is_what_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    for name, text in module.pages().items():
        committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
        assert committed == text, f"docs/reference/{name} is stale: run `make docs`"


@pytest.mark.parametrize("document", READMES)
def test_the_query_in_the_readme_runs(document: str, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    import pyarrow.parquet as pq

    from qc.schema.tables import TABLES

    folder = tmp_path / "runs" / "RUN" / "findings"
    folder.mkdir(parents=True)
    pq.write_table(TABLES["findings"].empty_table(), folder / "part-00000.parquet")
    (query,) = blocks(document, "sql")
    assert duckdb.sql(query.replace("runs/", f"{tmp_path}/runs/")).fetchall() == []
