"""Reference texts: every format, every problem at its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qc.domain.conversation import Role
from qc.errors import SpecError, UsageError
from qc.ingest.references import read_references


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def test_a_table_with_everything(tmp_path: Path) -> None:
    text = "文件,声道,角色,说话人,开始,结束(毫秒),文本,项目\na/1.wav,0,坐席,小王,1.5,3000,您好,保险\n"
    (one,) = read_references(written(tmp_path, "r.csv", text, "gb18030"))
    assert (one.file, one.text, one.line, one.project) == ("a/1.wav", "您好", 2, "保险")
    assert (one.channel, one.role, one.speaker, one.start_ms, one.end_ms) == (0, Role.AGENT, "小王", 1500, 3000)


def test_the_least_a_table_must_have(tmp_path: Path) -> None:
    found = read_references(written(tmp_path, "r.tsv", "path\ttext\nb\\2.wav\t再见\n2.wav\t\n"))
    assert [(r.file, r.text, r.line) for r in found] == [("b/2.wav", "再见", 2), ("2.wav", "", 3)]


def test_lines_of_json_and_conversations(tmp_path: Path) -> None:
    rows = [
        {"file": "1.wav", "text": "您好", "begin_ms": 1200},
        {
            "file": "2.wav",
            "turns": [{"role": "agent", "text": "您好", "start": 0.5}, {"role": "customer", "text": "喂"}],
        },
    ]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    found = read_references(written(tmp_path, "r.jsonl", text + "\n"))
    assert [(r.file, r.role, r.text, r.start_ms, r.line) for r in found] == [
        ("1.wav", None, "您好", 1200, 1),
        ("2.wav", Role.AGENT, "您好", 500, 2),
        ("2.wav", Role.CUSTOMER, "喂", None, 2),
    ]


PROBLEMS = [
    ("file,text\n,您好\n", 2, "没有写录音文件"),
    ("file,text,role\n1.wav,您好,小王\n", 2, "不认识的角色"),
    ("file,text,channel\n1.wav,您好,左\n", 2, "声道"),
    ("file,text,begin\n1.wav,您好,一点\n", 2, "开始时间应是秒数"),
    ("file,text,begin,end\n1.wav,您好,5,4\n", 2, "结束早于开始"),
    ("file,text,role\n1.wav,您好,坐席\n1.wav,喂,\n", 3, "要么都写"),
    ("name,words\n1.wav,您好\n", 1, "没有录音文件、文本一列"),
    ('file,text\n1.wav,"您好\n2.wav,喂\n', 2, "引号没有闭合"),
]


@pytest.mark.parametrize(("text", "line", "message"), PROBLEMS)
def test_problems_of_a_table(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(SpecError) as error:
        read_references(written(tmp_path, "r.csv", text))
    assert [(p.line, message in p.message) for p in error.value.problems] == [(line, True)]


@pytest.mark.parametrize("line", ["{", "[]", '{"file": "1.wav"}', '{"file": "1.wav", "turns": [3]}', "\udc80"])
def test_problems_of_json(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f'{{"file": "1.wav", "text": "好"}}\n{line}\n', encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SpecError) as error:
        read_references(path)
    assert [p.line for p in error.value.problems] == [2]


def test_all_problems_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        read_references(written(tmp_path, "r.csv", "file,text,role\n,好,坐席\n1.wav,好,谁\n"))
    assert [p.line for p in error.value.problems] == [2, 3]


@pytest.mark.parametrize(("name", "text"), [("r.csv", ""), ("r.csv", "file,text\n"), ("r.pdf", "x"), ("r.jsonl", "")])
def test_files_that_hold_nothing(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError):
        read_references(written(tmp_path, name, text))
