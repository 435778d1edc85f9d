"""Rule and lexicon files: what is read, and what is refused at which place."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.conversation import Channel, Role
from qc.domain.finding import Verdict
from qc.domain.operators import Keyword, Mode, Regex, Silence, Words
from qc.domain.rule import AnchorRelation, OnEmpty, TurnRange
from qc.errors import SpecError
from qc.specs.rules import load_rules, read_rules

RULE = """\
id: service.silence
title: 静音
severity: medium
scope: {projects: ["95598"], channels: [voice_inbound], speaker: agent}
given: angry
find:
  angry: {keyword: [生气, 投诉], speaker: customer}
  silent: {silence: {min_s: 15}}
  sorry: {keyword: {lexicon: sorry}, range: "1..-2", on_empty: na, after: {piece: silent, turns: 2}}
  promise: {regex: {pattern: 保本, except: 不保本}, window: {first_s: 30}, count: {min: 2, max: 3}}
when: silent and not (sorry or promise)
message: 静音 {value} 秒
tests:
  - name: 一
    expect: hit
    channel: chat
    meta: {ring_count: 6, 工单号: A1}
    turns: [{customer: 投诉, at: 0, to: 1.5, confidence: 0.5}, {agent: 好, at: 20}]
  - {name: 二, expect: na, turns: []}
"""
LEXICON = "id: sorry\ntitle: 致歉\nwords: [抱歉, {text: 对不起, category: 道歉, level: 2}]\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    write(tmp_path, "service/silence.yml", RULE)
    write(tmp_path, "_lexicons/sorry.yml", LEXICON)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def problems(root: Path) -> list[tuple[str, int, int, str]]:
    return [(p.code, p.line, p.col, p.message) for p in read_rules([root]).problems]


def test_a_rule_is_read(rules):
    [rule] = load_rules([rules]).rules
    pieces = {piece.name: piece for piece in rule.pieces}
    assert pieces["angry"].operator == Keyword(words=Words(words=("生气", "投诉")))
    assert pieces["angry"].frame.speaker == {Role.CUSTOMER}
    assert pieces["silent"].operator == Silence(min_s=15)
    assert pieces["silent"].frame.speaker is None  # a silence is nobody's by default
    assert pieces["sorry"].operator == Keyword(words=Words(lexicons=("sorry",)), mode=Mode.ANY)
    frame = pieces["sorry"].frame
    assert (frame.speaker, frame.range, frame.on_empty) == ({Role.AGENT}, TurnRange(first=1, last=-2), OnEmpty.NA)
    [anchor] = frame.anchors
    assert (anchor.relation, anchor.piece, anchor.turns, anchor.seconds) == (AnchorRelation.AFTER, "silent", 2, None)
    assert pieces["promise"].operator == Regex(pattern="保本", exclude="不保本")
    assert (pieces["promise"].frame.count_min, pieces["promise"].frame.count_max) == (2, 3)
    assert pieces["promise"].line == 10
    assert (rule.when, rule.given) == ("silent and not (sorry or promise)", "angry")
    assert rule.scope.channels == {Channel.VOICE_INBOUND}


def test_tests_are_read(rules):
    first, second = load_rules([rules]).rules[0].tests
    assert (first.expect, first.channel, first.meta.ring_count) == (Verdict.HIT, Channel.CHAT, 6)
    assert first.meta.extra == {"工单号": "A1"}
    assert [(t.role, t.start_ms, t.end_ms, t.confidence) for t in first.turns] == [
        (Role.CUSTOMER, 0, 1500, 0.5),
        (Role.AGENT, 20000, 20000, None),
    ]
    assert (second.expect, second.turns, second.line) == (Verdict.NOT_APPLICABLE, (), 19)


def test_lexicons_are_read(rules):
    [lexicon] = load_rules([rules]).lexicons
    assert [(w.text, w.category, w.level) for w in lexicon.words] == [("抱歉", None, None), ("对不起", "道歉", 2)]


PIECE = "  promise: {regex: {pattern: 保本, except: 不保本}, window: {first_s: 30}, count: {min: 2, max: 3}}"
WRONG = [
    # (what is replaced, by what, with ‸ at the place that must be shown; code; part of the message)
    ("id: service.silence", "id: ‸service.other", "R001", "与文件位置不符"),
    ("when: silent and", "when: silent ‸nd", "R003", "写的是“nd”"),
    ("when: silent and", "when: ‸silnt and", "R004", "没有片段 silnt"),
    ("given: angry", "given: ‸angy", "R004", "没有片段 angy"),
    ("piece: silent", "piece: ‸silence", "R004", "没有片段 silence"),
    ("min_s: 15}", "min_s: 15}, after: {piece: ‸sorry}", "R005", "圈"),
    ("{keyword: {lexicon: sorry}", "{keyword: {lexicon: ‸sory}", "R014", "找不到词表 sory"),
    ("promise: {", "‸and: {", "R002", "不能叫 and"),
    (PIECE, "  promise: ‸{speaker: agent}", "R020", "没有算子"),
    (PIECE, "  promise: {keyword: 好, regex: ‸好}", "R020", "只能有一个算子"),
    (PIECE, "  promise: {keyword: {any: 好, all: ‸[好]}}", "R021", "只能写一个"),
    (PIECE, "  promise: {keyword: {at_least: ‸3, any: [好, 坏]}}", "R021", "只有 2 个词"),
    (PIECE, "  promise: {keyword: {all: [好, 坏], at_least: ‸2}}", "R021", "只能与 any"),
    (PIECE, "  promise: {keyword: {all: [好], lexicon: ‸sorry}}", "R021", "all 不能与 lexicon"),
    (PIECE, "  promise: {keyword: ‸{at_least: 2}}", "R021", "没有写词"),
    (PIECE, "  promise: {near: {a: 好, b: ‸{}, within: 3}}", "R021", "没有写词"),
    (PIECE, "  promise: {silence: ‸{between: any}}", "R022", "要写一个"),
    (PIECE, "  promise: {silence: ‸{min_s: 1, total_s: 2}}", "R022", "只能写一个"),
    (PIECE, "  promise: {speed: ‸{over: turn}}", "R022", "至少写一个"),
    (PIECE, "  promise: {speed: {max: 100, min: ‸200}}", "R023", "下限 200 大于上限 100"),
    (PIECE, "  promise: {turn_count: ‸{min: 3, max: 2}}", "R023", "下限 3 大于上限 2"),
    (PIECE, "  promise: {talk_ratio: ‸{}}", "R022", "至少写一个"),
    (PIECE, "  promise: {talk_ratio: ‸{min: 60, max: 40}}", "R023", "下限 60 大于上限 40"),
    (PIECE, "  promise: {hold: ‸{announce: [稍等]}}", "R022", "要写一个"),
    (PIECE, "  promise: {hold: ‸{min_s: 3, total_s: 9}}", "R022", "只能写一个"),
    (PIECE, "  promise: {response_time: ‸{of: first}}", "S001", "缺少字段 max_s"),
    (PIECE, "  promise: {hangup_gap: ‸{}}", "R022", "至少写一个"),
    (PIECE, "  promise: {answer_gap: ‸{min_s: 5, max_s: 3}}", "R023", "下限 5 大于上限 3"),
    (PIECE, "  promise: {energy: ‸{}}", "R022", "要写一种"),
    (PIECE, "  promise: {energy: ‸{rise_db: 3, min_db: -20}}", "R022", "只能写一种"),
    (PIECE, "  promise: {energy: ‸{min_db: -10, max_db: -20}}", "R023", "下限 -10 大于上限 -20"),
    (PIECE, "  promise: {energy: {min_db: ‸20}}", "S005", "不能大于 0"),
    (PIECE, "  promise: {meta: ‸{field: team}}", "R022", "没有写条件"),
    (PIECE, "  promise: {meta: {field: 金额, between: ‸[2, 1]}}", "R023", "大于第二个"),
    (PIECE, "  promise: {meta: {field: team, between: ‸[一, 1]}}", "R029", "team 按文字比较，between 写成了 1"),
    (PIECE, "  promise: {emotion: ‸{at: worst}}", "R022", "没有写条件"),
    (PIECE, "  promise: ‸{emotion: {label: negative, at: end}, speaker: any}", "R024", "谁的"),
    (PIECE, "  promise: {keyword: 好, joined: true, in_clause: ‸true}", "R024", "不能合用"),
    (PIECE, "  promise: {silence: {min_s: 3}, joined: ‸true}", "R024", "joined 只用于"),
    (PIECE, "  promise: {keyword: 好, all_turns: true, count: ‸{min: 2}}", "R024", "不能合用"),
    (PIECE, "  promise: {keyword: 好, all_turns: true, after: {piece: sorry, which: ‸each}}", "R024", "不能合用"),
    (PIECE, "  promise: ‸{talk_ratio: {min: 50}, speaker: any}", "R024", "谁的"),
    (PIECE, "  promise: {meta: {field: team, eq: 一组}, speaker: ‸agent}", "R024", "不能写 speaker"),
    (PIECE, "  promise: {topic: {any: a}, window: ‸{first_s: 3}}", "R024", "不能写 window"),
    (PIECE, "  promise: {meta: {field: team, eq: 一组}, on_empty: ‸na}", "R024", "不能写 on_empty"),
    (PIECE, "  promise: {call_duration: {min_s: 3}, after: ‸{piece: sorry}}", "R024", "整通"),
    (PIECE, '  promise: {keyword: 好, range: ‸"3..1"}', "R025", "一轮也没有"),
    (PIECE, '  promise: {keyword: 好, range: ‸"0..1"}', "R025", "第 0 轮"),
    (PIECE, "  promise: {keyword: 好, range: ‸一到三}", "R025", "看不懂"),
    (PIECE, "  promise: {keyword: 好, window: ‸{}}", "R025", "要写一种"),
    (PIECE, "  promise: {keyword: 好, window: ‸{first_s: 5, last_s: 5}}", "R025", "只能写一种"),
    (PIECE, "  promise: {keyword: 好, window: ‸{from_s: 5, to_s: 5}}", "R025", "没有长度"),
    ("count: {min: 2, max: 3}", "count: ‸{min: 3, max: 2}", "R023", "下限 3 大于上限 2"),
    ("{agent: 好, at: 20}", "‸{agent: 好, customer: 好}", "R030", "只能有一个角色"),
    ("{agent: 好, at: 20}", "‸{at: 20}", "R030", "写明一个角色"),
    ("{customer: 投诉, at: 0, to: 1.5", "‸{customer: 投诉, at: 2, to: 1.5", "R031", "早于开始"),
    ("{customer: 投诉, at: 0, to: 1.5", "‸{customer: 投诉, to: 1.5", "R031", "没有 at"),
    ("ring_count: 6", "ring_count: ‸六", "R032", "整数"),
    ("severity: medium", "‸severty: medium", "S002", "未知字段 severty"),
    ("severity: medium", "severity: ‸serious", "S004", "serious"),
    ("keyword: [生气, 投诉]", "keyword: [‸12398]", "S003", "文字"),
    ("min_s: 15", "min_s: ‸-1", "S005", "-1"),
]


@pytest.mark.parametrize(("old", "new", "code", "said"), WRONG)
def test_what_is_wrong_is_shown_at_its_place(rules, old, new, code, said):
    assert old in RULE
    marked = RULE.replace(old, new)
    before = marked[: marked.index("‸")]
    line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
    write(rules, "service/silence.yml", marked.replace("‸", ""))
    found = read_rules([rules]).problems
    assert (code, line, col) in [(p.code, p.line, p.col) for p in found]
    assert any(said in p.message for p in found if p.code == code)
    with pytest.raises(SpecError):
        load_rules([rules])


def test_all_problems_of_all_files_come_at_once_and_sound_rules_survive(rules):
    write(rules, "service/a.yml", "id: service.a\ntitel: 一\n")
    write(rules, "service/b.yml", "title: [\n")
    write(rules, "_lexicons/c.yml", "id: d\ntitle: 一\nwords: []\n")
    files = read_rules([rules])
    assert {Path(p.path).name for p in files.problems} == {"a.yml", "b.yml", "c.yml"}
    assert [rule.id for rule in files.pack.rules] == ["service.silence"]
    with pytest.raises(SpecError) as raised:
        load_rules([rules])
    assert raised.value.problems == files.problems
    assert "你是不是想写“title”" in raised.value.render()


def test_ids_are_unique_across_roots(rules, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write(other, "service/silence.yml", RULE)
    write(other, "_lexicons/sorry.yml", LEXICON)
    found = read_rules([rules, other]).problems
    assert sorted(p.code for p in found) == ["R011", "R013"]
    assert all(str(rules) in p.message for p in found)


def test_lexicons_may_come_from_elsewhere(rules, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write(other, "service/silence.yml", RULE)
    assert [p.code for p in read_rules([other]).problems] == ["R014"]
    assert len(load_rules([other], lexicon_roots=[rules / "_lexicons"]).rules) == 1


def test_folders(rules):
    write(rules, "_drafts/x.yml", "nonsense")
    write(rules, ".git/x.yml", "nonsense")
    write(rules, "service/readme.md", "nonsense")
    write(rules, "service/deep/x.yaml", RULE.replace("service.silence", "service.deep.x"))
    assert [r.id for r in load_rules([rules]).rules] == ["service.deep.x", "service.silence"]
    assert [p.code for p in read_rules([rules / "no such"]).problems] == ["R010"]


def test_an_encoding_that_is_not_utf8_is_named(rules):
    (rules / "service/gbk.yml").write_bytes(RULE.encode("gbk"))
    assert any("UTF-8" in message for *_, message in problems(rules))


SAME = [
    ("title: 静音", "title: 长静音   # 注释"),
    ("severity: medium", "severity: low"),
    ("when: silent and not (sorry or promise)", "when: silent and (not (sorry or promise))"),
    ("  - {name: 二, expect: na, turns: []}\n", ""),
]
OTHER = [
    ("min_s: 15", "min_s: 16"),
    ("speaker: agent}\ngiven", "speaker: customer}\ngiven"),
    ("silent and not", "silent or not"),
    ("given: angry\n", ""),
    ('["95598"]', "[保险]"),
    ("turns: 2", "turns: 3"),
    ("不保本", "非保本"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_the_digest_stays_with_what_cannot_move_a_verdict(rules, old, new):
    before = load_rules([rules]).rules[0].digest
    write(rules, "service/silence.yml", RULE.replace(old, new))
    assert load_rules([rules]).rules[0].digest == before


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_the_digest_moves_with_what_can(rules, old, new):
    before = load_rules([rules])
    assert old in RULE
    write(rules, "service/silence.yml", RULE.replace(old, new))
    after = load_rules([rules])
    assert after.rules[0].digest != before.rules[0].digest
    assert after.digest != before.digest


def test_a_lexicon_moves_the_digest_of_the_rules_that_use_it(rules):
    before = load_rules([rules])
    write(rules, "_lexicons/sorry.yml", LEXICON.replace("level: 2", "level: 3"))
    after = load_rules([rules])
    assert after.rules[0].digest != before.rules[0].digest
    assert after.digest != before.digest


ALL_FIELDS = "可以写：advice、basis、error_class、exceptions、find、given、id、kind、message、owner、scope、severity、"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("silence: {min_s: 15}", "regx: 退保", "没有算子 regx", "你是不是想写“regex”？"),
        ("silence: {min_s: 15}", "keywrod: [退保]", "没有算子 keywrod", "你是不是想写“keyword”？"),
        ("silence: {min_s: 15}", "关键词: [退保]", "没有算子 关键词", "你是不是想写“keyword”？"),
        ("silence: {min_s: 15}", "包含: [退保]", "没有算子 包含", "可以写：keyword、"),
        ("silence: {min_s: 15}", "speeker: agent", "未知字段 speeker", "你是不是想写“speaker”？"),
        ("silence: {min_s: 15}", "silence: {min_s: 15}, 谁: agent", "未知字段 谁", "可以写：after、all_turns、"),
        ("severity: medium", "严重程度: medium", "未知字段 严重程度", "你是不是想写“severity”？"),
        ("severity: medium", "级: medium", "未知字段 级", ALL_FIELDS),
    ],
)
def test_an_unknown_key_is_told_what_it_may_be(rules, old, new, message, hint):
    write(rules, "service/silence.yml", RULE.replace(old, new))
    [found] = [p for p in read_rules([rules]).problems if p.code == "S002"]
    assert found.message == message
    assert found.hint.startswith(hint)


BROKEN = RULE.replace("severity: medium", "severity: 5").replace("silent and", "silant and")


def test_a_file_of_the_wrong_shape_is_told_its_unknown_pieces_too(rules):
    write(rules, "service/silence.yml", BROKEN)
    assert [(code, line) for code, line, _, _ in problems(rules)] == [("S004", 3), ("R004", 11)]


def test_a_broken_lexicon_is_told_once_and_its_rules_stay(rules):
    write(rules, "_lexicons/sorry.yml", LEXICON.replace("title: 致歉", "titel: 致歉"))
    files = read_rules([rules])
    assert [Path(p.path).name for p in files.problems] == ["sorry.yml"] * 2  # titel, and no title
    assert [rule.id for rule in files.pack.rules] == ["service.silence"]
    with pytest.raises(SpecError):
        load_rules([rules])


@pytest.mark.parametrize(
    ("when", "code", "hint"),
    [
        ("silent 且 sorry", "R003", "且 and、或 or、非 not"),
        ("非 silent", "R003", "且 and、或 or、非 not"),
        ("silent或sorry", "R004", "且 and、或 or、非 not"),
        ("silent and (sorry", "R003", "写作 甲 and not (乙 or 丙)"),
        ("silent and sory", "R004", "你是不是想写“sorry”？"),
    ],
)
def test_a_sentence_that_does_not_read_gets_a_hint(rules, when, code, hint):
    write(rules, "service/silence.yml", RULE.replace("when: silent and not (sorry or promise)", f"when: {when}"))
    found = read_rules([rules]).problems
    assert {p.code for p in found} == {code}
    assert hint in found[0].hint


@pytest.mark.parametrize("name", ["service/closing.yml.txt", "service/a.YML", "_lexicons/sorry.yaml.bak"])
def test_a_file_with_the_wrong_ending_is_not_passed_over_in_silence(rules, name):
    write(rules, name, RULE)
    [found] = read_rules([rules]).problems
    assert (found.code, found.level, found.path) == ("R015", "warning", str(rules / name))
    assert f"{Path(name).name.split('.')[0]}.yml" in found.hint
    assert len(load_rules([rules]).rules) == 1


def test_other_files_may_lie_about(rules):
    for name in ("README.md", "service/notes.txt", "service/.silence.yml.swp", "service/silence.yml~"):
        write(rules, name, "x")
    assert read_rules([rules]).problems == ()
