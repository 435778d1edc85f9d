"""SCA rules: what arrives, what is told to be lost, and both ways round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qc.commands.rules.export_sca import command as export_command
from qc.commands.rules.import_sca import command as import_command
from qc.domain import sentence
from qc.errors import SpecError
from qc.specs.rules import load_rules, read_rules
from qc.specs.sca.exporting import export_sca
from qc.specs.sca.formula import FormulaError, read_formula, renamed, write_formula
from qc.specs.sca.importing import import_sca

KEYWORDS = {"oid": "1", "name": "词", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["保本", "保息"]}}
UPLOAD = {
    "appKey": "app",
    "conditions": [
        {"cid": "1", "check_range": {"role": "客服"}, "operators": [KEYWORDS], "lambda": "1"},
        {
            "cid": "2",
            "check_range": {"role": "客户", "anchor": {"cid": "1", "location": "AFTER", "hit_time": 1}},
            "operators": [
                {"oid": "1", "type": "REGULAR_EXPRESSION", "param": {"regex": "真的(吗|么)", "in_sentence": True}},
            ],
            "lambda": "1",
        },
        {
            "cid": "3",
            "check_range": {"role": "客服", "range": {"from": 1, "to": 3}, "allSentencesSatisfy": True},
            "operators": [
                {
                    "oid": "7",
                    "type": "INCLUDE_KEYWORDS",
                    "param": {"keywords": ["您好", "工号"], "keywordMatchSize": 2},
                },
                {"oid": "8", "type": "REGULAR_EXPRESSION", "param": {"regex": "稍等"}},
            ],
            "lambda": "7&&!8",
        },
    ],
    "rules": [{"rid": "4", "name": "承诺后客户追问", "lambda": "1&&2&&!3"}],
}


def imported(data: object, tmp_path: Path) -> tuple[list[str], Path]:
    """The lines of what was lost, and a rules folder with the files, sound to the loader."""
    rules = import_sca(json.dumps(data, ensure_ascii=False), "规则.json", "sca")
    (tmp_path / "sca").mkdir(exist_ok=True)
    for rule in rules:
        if rule.text:
            (tmp_path / "sca" / f"{rule.id.removeprefix('sca.')}.yml").write_text(rule.text, encoding="utf-8")
    assert read_rules([tmp_path]).problems == ()
    return [loss.line() for rule in rules for loss in rule.losses], tmp_path


def piece(param: dict[str, object], kind: str, tmp_path: Path, check: dict[str, object] | None = None):
    condition = {"cid": "1", "check_range": check or {}, "operators": [{"oid": "1", "type": kind, "param": param}]}
    data = {"conditions": [{**condition, "lambda": "1"}], "rules": [{"rid": "1", "name": "一", "lambda": "1"}]}
    losses, root = imported(data, tmp_path)
    return load_rules([root]).rules[0].pieces[0], losses


def test_a_rule_arrives_with_its_pieces_frames_and_sentence(tmp_path):
    losses, root = imported(UPLOAD, tmp_path)
    assert losses == []
    [rule] = load_rules([root]).rules
    assert (rule.id, rule.title, rule.when, rule.status) == (
        "sca.r4",
        "承诺后客户追问",
        "c1 and c2 and not c3_7",
        "draft",
    )
    pieces = {p.name: p for p in rule.pieces}
    assert pieces["c1"].operator.words.words == ("保本", "保息")
    assert {p: [str(r) for r in sorted(pieces[p].frame.speaker)] for p in ("c1", "c2")} == {
        "c1": ["agent"],
        "c2": ["customer"],
    }
    [anchor] = pieces["c2"].frame.anchors
    assert (anchor.piece, anchor.relation, anchor.which, anchor.turns) == ("c1", "after", "first", None)
    assert pieces["c2"].frame.in_clause
    greeting = pieces["c3_7"]
    assert (greeting.operator.at_least, greeting.frame.all_turns) == (2, True)
    assert (greeting.frame.range.first, greeting.frame.range.last) == (1, 3)
    assert [(u.piece, u.relation) for u in greeting.frame.unless] == [("c3_8", "same_turn")]


@pytest.mark.parametrize(
    "wrapped",
    [
        {"JsonStr": json.dumps(UPLOAD)},
        {"jsonStrForRule": UPLOAD, "setId": 1},
        {
            "Code": "200",
            "Data": {
                "Conditions": {"ConditionBasicInfo": UPLOAD["conditions"]},
                "Rules": {"RuleBasicInfo": [{"Rid": "4", "Name": "承诺后客户追问", "RuleLambda": "1&&2&&!3"}]},
            },
        },
    ],
)
def test_the_same_rules_in_the_envelopes_of_other_calls(tmp_path, wrapped):
    plain = load_rules([imported(UPLOAD, tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path)[1]])
    (tmp_path / "b").mkdir()
    losses, root = imported(wrapped, tmp_path / "b")
    assert losses == []
    assert load_rules([root]).rules[0].digest == plain.rules[0].digest


@pytest.mark.parametrize(
    ("kind", "param", "key", "values"),
    [
        ("HIT_ANY_KEYWORDS", {"keywords": ["甲"], "threshold": 3}, "keyword", {"mode": "any", "at_least": 1}),
        ("INCLUDE_KEYWORDS", {"keywords": ["甲", "乙"]}, "keyword", {"mode": "all"}),
        ("INCLUDE_KEYWORDS", {"keywords": ["甲", "乙"], "keywordMatchSize": 0}, "keyword", {"mode": "none"}),
        ("INCLUDE_KEYWORDS", {"keywords": ["甲", "乙"], "keywordMatchSize": 2}, "keyword", {"at_least": 2}),
        ("REGULAR_EXPRESSION", {"regex": "甲+"}, "regex", {"pattern": "甲+", "exclude": None}),
        ("INTERVAL_GREATER", {"interval": 2500}, "silence", {"min_s": 2.5, "between": "any"}),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 280, "minWordSize": 4}, "speed", {"max": 280, "min_chars": 4}),
        ("SIMILAR_MATCH", {"similarlySentences": ["请您放心"], "score": 80}, "similar", {"min_score": 0.8}),
        (
            "ADVANCED_REPEAT_DETECT",
            {"from": 4, "similarity_threshold": 0.6, "hit_time": 2, "threshold": 5, "excludes": ["您好"]},
            "repeat",
            {"previous": 4, "score": 0.6, "times": 3, "min_chars": 5},
        ),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 80, "compareOperator": "lt", "average": True}, "speed", {"min": 80}),
    ],
)
def test_operators(tmp_path, kind, param, key, values):
    made, losses = piece(param, kind, tmp_path)
    # another product measures likeness otherwise: told, and carried over
    assert [line[:2] for line in losses] == (["近似"] if key in ("similar", "repeat") else [])
    assert made.operator.key == key
    assert {name: getattr(made.operator, name) for name in values} == values
    assert made.frame.count_min == (param.get("threshold", 1) if key == "keyword" else 1)


def test_a_silence_between_different_speakers_is_broken_by_the_role(tmp_path):
    made, losses = piece({"interval": 3000, "different_role": True}, "INTERVAL_GREATER", tmp_path, {"role": "客服"})
    assert (made.operator.between, losses) == ("customer_agent", [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "ENERGY", "param": {"checkType": 1}}, "没有对应的算子"),
        ({"type": "INTERVAL_GREATER", "param": {"interval": 1, "compareOperator": "lt"}}, "没有“短于”"),
        ({"type": "HIT_ANY_KEYWORDS", "param": {"keywords": []}}, "没有关键词"),
        ({"type": "INCLUDE_KEYWORDS", "param": {"keywords": ["甲"], "keywordMatchSize": 4}}, "只有 1 个"),
        ({"type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["甲"], "keywordExtension": True}}, "keywordExtension"),
        ({"type": "REGULAR_EXPRESSION", "param": {"regex": "甲", "notRegex": "乙"}}, "排除整句"),
    ],
)
def test_what_is_lost_is_told_with_its_place_and_written_into_the_file(tmp_path, change, said):
    data = json.loads(json.dumps(UPLOAD))
    data["conditions"][0]["operators"][0] = {"oid": "1", **change}
    losses, root = imported(data, tmp_path)
    told = [line for line in losses if said in line]
    assert told and all("conditions[0].operators[0]" in line for line in told)
    text = (root / "sca" / "r4.yml").read_text(encoding="utf-8")
    assert all(line in text for line in told)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"rid": "1", "lambda": "9"}, "没有这个条件"),
        ({"rid": "1", "lambda": "1&&"}, "没有写完"),
        ({"rid": "1", "lambda": "(1"}, "少了右括号"),
        ({"rid": "1", "lambda": "||1"}, "前面少了编号"),
        ({"rid": "1", "lambda": "1", "businesses": ["保险"]}, "businesses"),
    ],
)
def test_rules_that_cannot_be_carried(tmp_path, rule, said):
    losses, _ = imported(UPLOAD | {"rules": [rule]}, tmp_path)
    assert any(said in line and "rules[0]" in line for line in losses)


@pytest.mark.parametrize(
    ("anchor", "span", "relation", "expected", "told"),
    [
        ({"location": "BEFORE", "hit_time": -1}, None, "before", ("any", None, None), False),
        ({"location": "AFTER", "hit_time": 0}, {"from": 1, "to": 2}, "after", ("each", None, 2), True),
        ({"location": "AROUND", "hit_time": 3}, {"from": -2, "to": 2}, "around", ("nth", 3, 2), True),
        ({"location": "CURRENT", "hit_time": 1}, None, "same_turn", ("first", None, None), False),
        ({"location": "AFTER", "hit_time": 1}, {"from": 2, "to": 4}, "after", ("first", None, 4), True),
    ],
)
def test_anchors(tmp_path, anchor, span, relation, expected, told):
    data = json.loads(json.dumps(UPLOAD))
    data["conditions"][1]["check_range"] = {"role": "客户", "anchor": {"cid": "1", **anchor}, "range": span}
    losses, root = imported(data, tmp_path)
    made = {p.name: p for p in load_rules([root]).rules[0].pieces}["c2"].frame.anchors[0]
    assert (made.relation, (made.which, made.nth, made.turns), bool(losses)) == (relation, expected, told)


@pytest.mark.parametrize(
    ("text", "line", "col"), [("{", 1, 2), ("[]", 1, 1), ('{"rules": []}', 1, 1), ("[" * 100_000, 1, 1), ("", 1, 1)]
)
def test_what_is_no_rule_json(text, line, col):
    with pytest.raises(SpecError) as caught:
        import_sca(text, "a.json", "sca")
    [problem] = caught.value.problems
    assert (problem.path, problem.line, problem.col, bool(problem.hint)) == ("a.json", line, col, True)


def test_hostile_values_do_no_harm(tmp_path):
    data = json.loads(json.dumps(UPLOAD))
    data["rules"][0]["name"] = '恶意\n"{x}"\x00 #: - [!!python/object]'
    data["conditions"][0]["operators"][0]["param"]["keywords"] = ["a: b", "- c", "no", "12:30", "#", "*x"]
    data["conditions"][1]["check_range"] = "不是对象"
    _, root = imported(data, tmp_path)
    [rule] = load_rules([root]).rules
    assert rule.pieces[0].operator.words.words == ("a: b", "- c", "no", "12:30", "#", "*x")


RULES = {
    "a": "{keyword: [投诉, 举报], speaker: customer, count: {min: 2}}",
    "b": "{keyword: {all: [您好, 工号]}, speaker: agent, range: '1..2', in_clause: true}",
    "c": "{regex: {pattern: '退.{0,3}款', except: 不退}, joined: true, speaker: customer}",
    "d": "{silence: {min_s: 12.5, between: customer_agent}, speaker: agent}",
    "e": "{speed: {max: 320, min_chars: 10, over: average}, speaker: agent}",
    "f": "{keyword: {none: [抱歉]}, speaker: agent, after: {piece: d, which: first, turns: 2}}",
    "g": "{keyword: {lexicon: sorry, at_least: 2}, speaker: agent, before: {piece: a, nth: 3}}",
}
RULES |= {
    "h": "{similar: {sentences: [请您放心，我马上处理, 我来帮您办理], min_score: 0.75}, speaker: agent}",
    "i": "{repeat: {previous: 5, min_chars: 8, times: 3, score: 0.85, except: [您好]}, speaker: agent}",
}
WHEN = "a and not (b or c) and 2 of (d, e, f) or g and h or i"


def rules_folder(root: Path, find: str, when: str) -> Path:
    (root / "x").mkdir(parents=True)
    (root / "_lexicons").mkdir()
    (root / "_lexicons" / "sorry.yml").write_text("id: sorry\ntitle: 一\nwords: [抱歉, 不好意思]\n", encoding="utf-8")
    text = f"id: x.y\ntitle: 一\nseverity: low\nfind:\n{find}\nwhen: {when}\nmessage: 甲\n"
    (root / "x" / "y.yml").write_text(text, encoding="utf-8")
    return root


def test_out_and_in_again_means_the_same(tmp_path):
    find = "\n".join(f"  {name}: {value}" for name, value in RULES.items())
    pack = load_rules([rules_folder(tmp_path / "ours", find, WHEN)])
    exported = export_sca(pack.rules, pack.lexicons)
    assert exported.rules == ("x.y",)
    (tmp_path / "theirs").mkdir()
    _, root = imported(json.loads(exported.text), tmp_path / "theirs")
    [before], [after] = pack.rules, load_rules([root]).rules
    ids = {c["name"]: f"c{c['cid']}" for c in json.loads(exported.text)["conditions"]}
    pieces = {p.name: p for p in after.pieces}
    for p in before.pieces:
        twin = pieces[ids[p.name]]
        if p.name != "g":  # the words of its lexicon stand in the piece now
            assert twin.operator == p.operator, p.name
        frame = twin.frame
        assert (frame.range, frame.joined, frame.in_clause, frame.count_min) == (
            p.frame.range,
            p.frame.joined,
            p.frame.in_clause,
            p.frame.count_min,
        )
        moved = [(a.relation, ids[a.piece], a.which, a.nth, a.turns) for a in p.frame.anchors]
        assert [(a.relation, a.piece, a.which, a.nth, a.turns) for a in frame.anchors] == moved
        if p.operator.key != "silence":
            assert frame.speaker == p.frame.speaker
    assert pieces[ids["g"]].operator.words.words == ("抱歉", "不好意思")
    again = export_sca([after], ())
    first, second = json.loads(exported.text), json.loads(again.text)
    strip = [
        [{k: v for k, v in c.items() if k in ("check_range", "lambda")} for c in d["conditions"]]
        for d in (first, second)
    ]
    assert sorted(map(str, strip[0])) == sorted(map(str, strip[1]))


@pytest.mark.parametrize(
    ("piece", "why"),
    [
        ("{turn_count: {min: 1}}", "没有与 turn_count"),
        ("{keyword: 甲, window: {first_s: 30}}", "时间窗"),
        ("{keyword: 甲, speaker: bot}", "角色"),
        ("{keyword: 甲, after: {piece: q, seconds: 9}}", "秒数"),
        ("{keyword: 甲, after: {piece: q, which: last}}", "最后一处"),
        ("{keyword: 甲, count: {max: 3}}", "上限"),
        ("{regex: 甲, count: {min: 3}}", "处数"),
        ("{keyword: 甲, unless: q}", "unless"),
        ("{silence: {total_s: 9}}", "合计"),
        ("{speed: {min: 9, max: 99}}", "上限或下限"),
    ],
)
def test_a_rule_that_sca_cannot_say_is_left_out_and_told(tmp_path, piece, why):
    pack = load_rules([rules_folder(tmp_path, f"  p: {piece}\n  q: {{keyword: 乙}}", "p and q")])
    exported = export_sca(pack.rules, pack.lexicons)
    assert (exported.rules, json.loads(exported.text)["rules"]) == ((), [])
    [loss] = exported.losses
    assert loss.where == "x.y" and why in loss.why and "片段 p" in loss.why


NAMES = st.sampled_from(["1", "2", "a3"])
FORMULAS = st.recursive(
    st.builds(sentence.Name, NAMES),
    lambda inner: st.one_of(
        st.builds(sentence.Not, inner),
        st.builds(lambda a: sentence.And(tuple(a)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda a: sentence.Or(tuple(a)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


def truth(formula: sentence.Sentence, values: dict[str, bool]) -> bool:
    match formula:
        case sentence.Name(name):
            return values[name]
        case sentence.Not(inside):
            return not truth(inside, values)
        case sentence.And(parts):
            return all(truth(p, values) for p in parts)
        case sentence.Or(parts):
            return any(truth(p, values) for p in parts)
        case sentence.AtLeast(count, parts):
            return sum(truth(p, values) for p in parts) >= count


ROWS = [dict(zip(("1", "2", "a3"), (n & 1 > 0, n & 2 > 0, n & 4 > 0), strict=True)) for n in range(8)]


@given(FORMULAS)
def test_formulas_mean_the_same_written_and_read(formula):
    again = read_formula(write_formula(formula, {n: n for n in ("1", "2", "a3")}))
    assert [truth(again, row) for row in ROWS] == [truth(formula, row) for row in ROWS]


def test_n_of_is_spelt_out_until_it_is_too_long():
    parts = tuple(sentence.Name(n) for n in ("1", "2", "a3"))
    two = sentence.AtLeast(2, parts)
    written = write_formula(two, {n: n for n in ("1", "2", "a3")})
    assert [truth(read_formula(written), row) for row in ROWS] == [truth(two, row) for row in ROWS]
    many = tuple(sentence.Name(str(n)) for n in range(30))
    with pytest.raises(FormulaError):
        write_formula(sentence.AtLeast(15, many), {str(n): str(n) for n in range(30)})
    assert renamed(two, {n: sentence.Name("x" + n) for n in ("1", "2", "a3")}).parts[0].name == "x1"


def test_the_commands(tmp_path):
    (tmp_path / "规则.json").write_text(json.dumps(UPLOAD), encoding="utf-8")
    rules, out = tmp_path / "rules", tmp_path / "rules" / "sca"
    rules.mkdir()
    run = CliRunner().invoke
    args = [str(tmp_path / "规则.json"), "--out", str(out), "--rules", str(rules)]
    done = run(import_command, args)
    assert (done.exit_code, "写了 1 条，没有照原样导入的有 0 处" in done.output) == (0, True)
    assert run(import_command, args).exception.hint.startswith("换一个")  # type: ignore[union-attr]
    assert run(import_command, [*args, "--force"]).exit_code == 0
    assert "rules/sca" in run(import_command, [args[0], "--out", str(rules), "--rules", str(rules)]).exception.hint  # type: ignore[union-attr]
    target = tmp_path / "out.json"
    done = run(export_command, ["sca.r4", "--out", str(target), "--rules", str(rules)])
    assert done.exit_code == 1 and "unless" in done.output  # 7&&!8 became an exception, which SCA says otherwise
    assert "sca.r9" in str(run(export_command, ["sca.r9", "--out", str(target), "--rules", str(rules)]).exception)


def test_what_bears_the_number_of_another_is_told(tmp_path):
    twin = UPLOAD["conditions"][1] | {"cid": "1"}
    again = {"oid": "8", "type": "REGULAR_EXPRESSION", "param": {"regex": "再见"}}
    third = UPLOAD["conditions"][2]
    third = third | {"operators": [*third["operators"], again]}
    told, _ = imported(UPLOAD | {"conditions": [*UPLOAD["conditions"][:2], third, twin]}, tmp_path)
    assert any("conditions[3]" in line and "同号" in line for line in told), told
    assert any("operators[2]" in line and "同号" in line for line in told), told
