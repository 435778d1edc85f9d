"""The command line itself: light, Chinese, and with the promised exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qc.commands import main
from tests.pipeline.batches import qc

HEAVY = ("torch", "whisper", "jieba", "snownlp", "numpy", "pyarrow", "opencc", "pydantic")


def _modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    code = "from qc.commands import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    assert not _modules_after(code) & set(HEAVY)


def test_rule_tests_on_keyword_rules_load_no_model(tmp_path: Path) -> None:
    rule = tmp_path / "rules" / "service" / "a.yml"
    rule.parent.mkdir(parents=True)
    rule.write_text(
        "id: service.a\ntitle: 例\nseverity: low\nfind:\n  a: {keyword: 保本}\nwhen: a\nmessage: 命中\ntests:\n"
        "  - {name: 一, expect: hit, turns: [{agent: 保本}]}\n  - {name: 二, expect: miss, turns: [{agent: 再见}]}\n",
        encoding="utf-8",
    )
    code = (
        "from qc.commands import main\ntry:\n"
        f"    main(['rules', 'test', '--rules', {str(tmp_path / 'rules')!r}])\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code"
    )
    assert not _modules_after(code) & {"torch", "whisper", "jieba", "snownlp"}


@pytest.mark.parametrize(
    "command", ["run", "transcribe", "inspect", "report", "show", "rules", "asr", "diff-asr", "init", "doctor"]
)
def test_every_command_explains_itself_in_chinese(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert text.startswith("用法：")
    assert "选项" in text


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nonsense"], 2, "没有命令 nonsense"),
        (["run"], 2, "缺少参数"),
        (["run", "/does/not/exist"], 2, "不存在"),
        (["report", "."], 2, "不是批次目录"),
        (["run", ".", "--bogus"], 2, "没有选项 --bogus"),
    ],
)
def test_usage_errors(args: list[str], code: int, words: str, tmp_path: Path) -> None:
    done = qc(*args, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_on_a_good_and_a_broken_workspace(tmp_path: Path) -> None:
    assert qc("doctor", "--quick", cwd=tmp_path).returncode == 0
    (tmp_path / "qc.yaml").write_text("run:\n  shard_size: many\n", encoding="utf-8")
    broken = qc("doctor", "--quick", cwd=tmp_path)
    assert broken.returncode == 1
    assert "qc.yaml:2" in broken.stdout
