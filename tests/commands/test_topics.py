"""`qc topics suggest` and `qc topics new-words` over a stored run that keeps personal data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qc.commands import main
from qc.specs.taxonomy import load_taxonomies
from tests.pipeline.batches import only_run, qc

THEMES = {
    "疫苗": ["小狗什么时候打疫苗", "疫苗要打几针", "狂犬疫苗多少钱", "打完疫苗能洗澡吗", "疫苗本丢了"],
    "绝育": ["猫咪绝育要预约吗", "绝育手术多久恢复", "绝育要禁食吗", "母猫绝育贵吗", "绝育伤口发炎"],
    "洗护": ["洗护套餐包括什么", "洗护多长时间", "洗护要预约吗", "大狗洗护怎么收费", "洗护会不会剪毛"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen chats of a project without a taxonomy, personal data kept."""
    home = tmp_path_factory.mktemp("topics")
    (home / "in").mkdir()
    (home / "qc.yaml").write_text("default_project: 宠物\ndefault_channel: chat\n", encoding="utf-8")
    texts = [text for listed in THEMES.values() for text in listed]
    lines = [
        {
            "id": f"C{i}",
            "turns": [{"role": "customer", "text": f"{text}，我的电话13812345678"}, {"role": "agent", "text": "好"}],
        }
        for i, text in enumerate(texts)
    ]
    chats = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (home / "in" / "chats.jsonl").write_text(chats, encoding="utf-8")
    done = qc("run", "in", "--no-report", "--workers", "1", "--keep-personal-data", cwd=home)
    assert done.returncode == 0, done.stderr
    return only_run(home / "runs")


def _qc(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


def test_suggest(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, yaml, said = _qc(capsys, "topics", "suggest", run, "-k", 3)
    assert code == 0
    assert "15 个会话，15 个没有话题" in said
    (tmp_path / "pets.yml").write_text(yaml, encoding="utf-8")
    (taxonomy,) = load_taxonomies(tmp_path)
    assert {topic.title for topic in taxonomy.topics} == set(THEMES)
    assert "1381" not in yaml, "a digit of a customer's number"
    assert _qc(capsys, "topics", "suggest", run, run, "-k", 3)[1] == yaml, "a run named twice counts once"
    assert _qc(capsys, "topics", "suggest", run, tmp_path, "-k", 3)[1] == yaml, "runs/* names the folder of alerts too"


def test_suggest_writes_new_files_only(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "new.yml"
    assert _qc(capsys, "topics", "suggest", run, "-k", 3, "--out", out)[0] == 0
    written = out.read_text("utf-8")
    code, _, said = _qc(capsys, "topics", "suggest", run, "-k", 3, "--out", out)
    assert (code, out.read_text("utf-8")) == (2, written)
    assert "已有文件" in said
    assert out.stat().st_mode & 0o777 == 0o600, "it quotes customers"
    rules = tmp_path / "rules"
    rules.mkdir()
    code, _, said = _qc(capsys, "topics", "suggest", run, "-k", 3, "--rules", rules, "--out", rules / "x.yml")
    assert code == 2
    assert "规则目录" in said
    assert not list(rules.iterdir())


def test_nothing_to_suggest(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert _qc(capsys, "topics", "suggest", run, "-p", "别的")[0] == 2
    topics = tmp_path / "rules" / "_topics"
    topics.mkdir(parents=True)
    code, yaml, said = _qc(capsys, "topics", "suggest", run, "--min-size", 14)
    assert (code, yaml) == (0, "")
    assert "没有找到成类的说法" in said
    code, _, said = _qc(capsys, "topics", "suggest", tmp_path)
    assert code == 2
    assert "不是批次目录" in said


def test_new_words(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "words.yml"
    code, table, said = _qc(capsys, "topics", "new-words", run, "--min-count", 2, "--out", out)
    assert code == 0
    assert "洗护" in table
    assert "洗护" in out.read_text("utf-8")
    assert "1381" not in table
    assert "rules/_speech/words/" in said
    code, table, said = _qc(capsys, "topics", "new-words", run, "--min-count", 500)
    assert (code, table) == (0, "")
    assert "没有找到新词" in said
    assert _qc(capsys, "topics", "new-words", run, "-p", "别的")[0] == 2
