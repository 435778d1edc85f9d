"""Sides of a comparison: git revisions, folders, the packaged rules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from qc.errors import SpecError, UsageError
from qc.pipeline.revisions import read_state
from qc.pipeline.specs import folders
from tests.backtest.stored import Centre, centre


@pytest.fixture
def repo(tmp_path: Path) -> Centre:
    """A workspace in a sub-folder of a repository, with one commit."""
    top = tmp_path / "仓库"
    made = centre(top / "质检 工作区")
    git(top, "init", "-q")
    commit(top, "first")
    return made


def git(folder: Path, *arguments: str) -> None:
    who = {f"GIT_{x}_{y}": "t" for x in ("AUTHOR", "COMMITTER") for y in ("NAME", "EMAIL")}
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, env={**os.environ, **who})


def commit(top: Path, name: str) -> None:
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", name)
    git(top, "tag", name)


def words(made: Centre, name: str | None) -> tuple[str, ...]:
    state = read_state(name, made.home, made.where)
    (lexicon,) = state.specs.pack.lexicons
    return tuple(word.text for word in lexicon.words)


def test_a_revision_is_what_was_committed(repo: Centre) -> None:
    repo.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[自己看]")
    assert words(repo, "HEAD") == ("不知道",)
    assert words(repo, None) == ("自己看",)
    commit(repo.home.parent, "second")
    assert words(repo, "HEAD") == ("自己看",)
    assert words(repo, "HEAD~1") == words(repo, "first") == ("不知道",)
    state = read_state("first", repo.home, repo.where)
    assert state.label.startswith("first（")
    assert state.specs.pack.rules[0].path == "rules/mood/angry.yml"
    assert [card.id for card in state.specs.cards] == ["card"]


def test_a_revision_has_its_plain_word_lists(repo: Centre) -> None:
    (repo.home / "rules/_lexicons/rude_words.yml").unlink()
    (repo.home / "rules/_lexicons/rude_words.txt").write_text("# 禁语\n自己看\n", encoding="utf-8")
    commit(repo.home.parent, "second")
    assert words(repo, "second") == words(repo, None) == ("自己看",)
    assert words(repo, "first") == ("不知道",)


def test_folders_and_packaged_rules(repo: Centre, tmp_path: Path) -> None:
    assert words(repo, str(repo.home)) == ("不知道",)
    rules = read_state(str(repo.home / "rules"), repo.home, repo.where)
    assert len(rules.specs.pack.rules) == 4
    assert len(read_state("packaged", repo.home, repo.where).specs.pack.rules) > 40
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="没有规则文件"):
        read_state(str(tmp_path / "empty"), repo.home, repo.where)


@pytest.mark.parametrize("name", ["nothing", "--output=x", "-h", "HEAD; rm -rf x", "HEAD:rules", "", "a\nb", "../../x"])
def test_what_is_no_revision(repo: Centre, name: str) -> None:
    with pytest.raises(UsageError, match="也没有这个 git 版本"):
        read_state(name, repo.home, repo.where)


def test_no_repository(tmp_path: Path) -> None:
    made = centre(tmp_path / "ws")
    with pytest.raises(UsageError, match="不在 git 仓库里"):
        read_state("HEAD", made.home, made.where)


def test_a_revision_before_there_were_rules(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("x")
    git(tmp_path, "init", "-q")
    commit(tmp_path, "first")
    made = centre(tmp_path / "ws")
    with pytest.raises(UsageError, match="还没有"):
        read_state("first", made.home, made.where)
    (made.home / "rules").rename(tmp_path / "later")
    commit(tmp_path, "second")
    with pytest.raises(UsageError, match="没有 rules/ 目录"):
        read_state("second", made.home, folders(None))


def test_broken_rules_are_told_at_their_revision(repo: Centre) -> None:
    repo.edit("rules/tone/rude.yml", "when: said", "when: sayd")
    commit(repo.home.parent, "broken")
    repo.edit("rules/tone/rude.yml", "when: sayd", "when: said")
    with pytest.raises(SpecError) as caught:
        read_state("broken", repo.home, repo.where)
    assert caught.value.problems[0].path == "broken:rules/tone/rude.yml"


def test_links_in_a_revision_lead_nowhere(repo: Centre, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("id: x", encoding="utf-8")
    (repo.home / "rules/tone/link.yml").symlink_to(tmp_path / "secret.yml")
    (repo.home / "rules/away").symlink_to(tmp_path)
    commit(repo.home.parent, "links")
    assert len(read_state("links", repo.home, repo.where).specs.pack.rules) == 4


def test_nothing_of_a_foreign_repository_is_executed(repo: Centre, tmp_path: Path) -> None:
    """Who sends a repository sends its configuration, too: filters, hooks and helpers in it would be programs."""
    top, trap = repo.home.parent, tmp_path / "executed"
    (top / ".gitattributes").write_text("* filter=evil diff=evil text=auto eol=crlf export-subst\n", "utf-8")
    commit(top, "second")
    harm = f"touch {trap}; cat"
    for name in ("filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "core.fsmonitor", "core.pager"):
        git(top, "config", name, harm)
    for name in ("tar.tar.command", "core.sshCommand", "core.alternateRefsCommand", "uploadpack.packObjectsHook"):
        git(top, "config", name, harm)
    hook = top / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {trap}\n", "utf-8")
    hook.chmod(0o755)
    assert words(repo, "HEAD") == ("不知道",)
    assert not trap.exists()


def test_links_of_a_revision_are_not_followed(repo: Centre, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("id: secret\ntitle: 秘密\nwords: [密码]\n", "utf-8")
    (repo.home / "rules" / "_lexicons" / "secret.yml").symlink_to(tmp_path / "secret.yml")
    commit(repo.home.parent, "second")
    assert words(repo, "HEAD") == ("不知道",)
