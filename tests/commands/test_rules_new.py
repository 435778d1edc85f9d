"""`qc rules new`: by options, and by questions on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from tests.pipeline.batches import command, qc


def workspace(folder: Path) -> Path:
    (folder / "rules").mkdir()
    (folder / "scorecards").mkdir()
    (folder / "qc.yaml").write_text("name: 例\n", encoding="utf-8")
    return folder


def test_by_options(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    words = [
        "--title",
        "过度承诺",
        "--words",
        "保证，绝对",
        "--words",
        "一定",
        "--kind",
        "signal",
        "--severity",
        "high",
    ]
    done = qc("rules", "new", "--id", "service.over", *words, cwd=here)
    assert done.returncode == 0, done.stderr
    text = (here / "rules/service/over.yml").read_text(encoding="utf-8")
    assert "keyword: [保证, 绝对, 一定]" in text
    assert "kind: signal" in text
    assert "status: draft" in text
    assert qc("rules", "lint", cwd=here).returncode == 0
    assert qc("rules", "test", cwd=here).returncode == 0
    again = qc("rules", "new", "--id", "service.over", "--words", "别的", cwd=here)
    assert again.returncode == 2
    assert "已经有" in again.stderr
    assert (here / "rules/service/over.yml").read_text(encoding="utf-8") == text


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    answers = [
        "无效",
        "service.over",
        "过度承诺",
        "agent",
        "keyword",
        "保证，绝对",
        "n",
        "",
        "high",
        "我保证没问题",
        "",
    ]
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command("rules", "new"),
        cwd=here,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    os.close(slave)
    os.write(master, ("\n".join(answers) + "\n").encode())
    out, _ = process.communicate(timeout=300)
    os.close(master)
    said = out.decode()
    assert process.returncode == 0, said
    assert "编号 无效 不对" in said
    assert "看谁说的话" in said
    text = (here / "rules/service/over.yml").read_text(encoding="utf-8")
    assert "severity: high" in text
    assert "{agent: 我保证没问题}" in text


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    for args, said in (([], "--id"), (["--id", "service"], "类别.名称"), (["--id", "service.a"], "--words")):
        done = qc("rules", "new", *args, cwd=here)
        assert done.returncode == 2
        assert said in done.stderr
    assert list((here / "rules").iterdir()) == []
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (here / "qc.yaml").unlink()
    done = qc("rules", "new", "--id", "service.a", "--words", "词", cwd=outside)
    assert done.returncode == 2
    assert "qc init" in done.stderr


def test_a_folder_of_word_lists_is_no_category(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    for name in ("_lexicons.rude", "service._hidden", "../x.y", "service"):
        done = qc("rules", "new", "--id", name, "--words", "保证", cwd=here)
        assert done.returncode == 2
        assert "不以下划线开头" in done.stderr
    (here / "rules/service").write_text("", encoding="utf-8")
    done = qc("rules", "new", "--id", "service.over", "--words", "保证", cwd=here)
    assert done.returncode == 2
    assert "写不了" in done.stderr
