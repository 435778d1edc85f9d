"""`qc explain` and `qc rules explain`, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qc.errors import display_width
from tests.pipeline.batches import only_run, qc

RULE = """id: service.promise
title: 承诺保本
severity: high
version: VERSION
scope: {channels: [chat], speaker: agent}
find:
  promise: {keyword: WORDS}
  sorry: {keyword: 抱歉}
when: promise and not sorry
message: 第 {turn} 轮承诺“{text}”
tests:
  - {name: 承诺, expect: hit, turns: [{agent: 绝对保本。}]}
  - {name: 客户说的, expect: miss, turns: [{customer: 保本吗？}]}
"""
CALLED = """id: service.called
title: 电话里的事
severity: low
scope: {channels: [voice_inbound]}
find: {a: {keyword: 喂}}
when: a
message: 命中
tests: [{name: 一, expect: hit, turns: [{agent: 喂}]}, {name: 二, expect: miss, turns: [{agent: 好}]}]
"""
CHATS = {
    "hit": [("customer", "会亏吗"), ("agent", "这款产品绝对保本，您放心。")],
    "missed": [("customer", "这个保本吗？"), ("agent", "理财有风险，请看清合同。")],
}


def write_rules(folder: Path, version: str = "1.0.0", words: str = "[保本]") -> None:
    (folder / "rules" / "service").mkdir(parents=True, exist_ok=True)
    text = RULE.replace("VERSION", version).replace("WORDS", words)
    (folder / "rules" / "service" / "promise.yml").write_text(text, encoding="utf-8")
    (folder / "rules" / "service" / "called.yml").write_text(CALLED, encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "qc.yaml").write_text('default_project: "95598"\ndefault_channel: chat\n', encoding="utf-8")
    (folder / "scorecards").mkdir()
    write_rules(folder)
    (folder / "in").mkdir()
    lines = [
        json.dumps({"id": name, "turns": [{"role": r, "text": t} for r, t in turns]}, ensure_ascii=False)
        for name, turns in CHATS.items()
    ]
    (folder / "in" / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = qc("run", "in", "--no-report", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def explain(place: Path, *args: object) -> str:
    done = qc("explain", *args, cwd=place)
    assert done.returncode == 0, done.stderr
    assert all(display_width(line) <= 80 for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout
    return done.stdout


def test_a_hit(place: Path) -> None:
    write_rules(place)
    told = explain(place, "latest", "hit", "service.promise")
    assert "判定：违规　版本 1.0.0" in told
    assert "给坐席的话：第 2 轮承诺“保本”" in told
    assert "✓ promise（关键词）：第 2 轮" in told
    assert "✗ sorry（关键词）" in told
    assert "第 2 轮 坐席 第 7–8 字" in told
    assert "这款产品绝对【保本】，您放心。" in told
    assert "批次：当时的规则与现在相同，判定也相同：违规。" in told


def test_a_miss(place: Path) -> None:
    write_rules(place)
    told = explain(place, only_run(place / "runs"), "mis", "service.promise")  # an id may be begun
    assert "判定：达标" in told
    assert "判定也相同：达标" in told
    assert "差在 speaker：只看坐席的话" in told
    assert "· 第 1 轮 客户 第 3–4 字" in told
    assert "这个【保本】吗？" in told


def test_not_applicable(place: Path) -> None:
    write_rules(place)
    told = explain(place, "latest", "hit", "service.called")
    assert "判定：不适用" in told
    assert "只用于渠道 呼入电话，这个会话是在线会话" in told
    assert "判定也相同：不适用" in told


def test_all_rules(place: Path) -> None:
    write_rules(place)
    lines = explain(place, "latest", "hit").splitlines()
    assert lines[2] == "违规     承诺保本（service.promise）"
    assert lines[3] == "         第 2 轮承诺“保本”"
    assert lines[4] == "不适用   电话里的事（service.called）"
    assert lines[-1] == "共 2 条规则：命中 1，无法判定 0，未命中 0，不适用 1。"
    assert "没有命中；最接近：第 1 轮“保本”，但只看坐席的话" in explain(place, "latest", "missed")


def test_a_rule_that_has_changed_since(place: Path) -> None:
    write_rules(place, "1.1.0", "[保息]")
    told = explain(place, "latest", "hit", "service.promise")
    write_rules(place)
    assert "判定：达标　版本 1.1.0" in told
    assert "当时按版本 1.0.0" in told
    assert "判定：违规。规则后来改过" in told.replace("\n      ", "")
    assert "要找的词：保息" in told


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("latest", "nobody"), 2, "没有会话 nobody"),
        (("latest", "hit", "service.promis"), 2, "你是不是想写“service.promise”"),
        (("19990101", "hit"), 2, "runs 下没有批次 19990101"),
        (("in", "hit"), 2, "in"),
    ],
)
def test_what_does_not_exist(place: Path, args: tuple[str, ...], code: int, said: str) -> None:
    write_rules(place)
    done = qc("explain", *args, cwd=place)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tests_of_a_rule(place: Path) -> None:
    write_rules(place)
    done = qc("rules", "explain", "service.promise", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "[通过] 承诺：应为违规，实为违规" in done.stdout
    assert "[通过] 客户说的：应为达标，实为达标" in done.stdout
    one = qc("rules", "explain", "service.promise", "客户说的", cwd=place).stdout
    assert one.startswith("[通过] 客户说的")
    assert "差在 speaker" in one


def test_a_typed_dialogue(place: Path) -> None:
    write_rules(place)
    text = "客户：会亏吗 / 坐席：抱歉，不能说保本。"
    done = qc("rules", "explain", "service.promise", "--text", text, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "判定：达标" in done.stdout
    assert "片段 sorry（关键词）成立，而句子要它不成立" in done.stdout
    (place / "talk.txt").write_bytes("客户：会亏吗\r\n坐席：保本。\r\n".encode("gbk"))
    done = qc("rules", "explain", "service.promise", "--file", "talk.txt", cwd=place)
    assert "判定：违规" in done.stdout


EXCUSED = """id: service.excused
title: 承诺
severity: low
status: draft
find:
  p: {keyword: 保本, unless: {piece: q, where: before, turns: 1}}
  q: {keyword: 请稍等}
  s: {silence: {min_s: 10}}
when: p or s
message: 命中
"""


def test_excused_and_undecided(place: Path) -> None:
    write_rules(place)
    (place / "rules" / "service" / "excused.yml").write_text(EXCUSED, encoding="utf-8")
    told = qc(
        "rules", "explain", "service.excused", "--text", "[0-1] 坐席：请稍等 / [2-3] 坐席：保本", cwd=place
    ).stdout
    unclear = qc("rules", "explain", "service.excused", "--text", "坐席：好", cwd=place).stdout
    (place / "rules" / "service" / "excused.yml").unlink()
    assert "判定：达标" in told
    assert "草稿，批次里不判定" in told
    assert "例外：q（没有它，这条规则就命中了）" in told
    assert "片段 p（关键词）不成立：命中的都是例外" in told
    assert "第 2 轮 00:02.0–00:03.0 坐席 第 1–2 字" in told
    assert "无法判定的原因：会话没有时间信息" in unclear
    assert "? s（静音）" in unclear


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("service.promise", "--text", "你好"), "--text:1:1: T001 看不出是谁说的"),
        (("service.promise", "承诺", "--text", "坐席：好"), "只能写一个"),
        (("service.promise", "没有的"), "没有叫“没有的”的测试"),
        (("service.nothing",), "没有规则 service.nothing"),
    ],
)
def test_bad_requests(place: Path, args: tuple[str, ...], said: str) -> None:
    write_rules(place)
    done = qc("rules", "explain", *args, cwd=place)
    assert done.returncode == 2
    assert said in done.stderr
