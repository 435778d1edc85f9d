"""scorecards/*.yml → Scorecard, and everything a card may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.conversation import Channel
from qc.domain.finding import Verdict
from qc.domain.rule import ErrorClass
from qc.domain.scorecard import AutoFail, Effect, Per
from qc.errors import SpecError
from qc.paths import packaged
from qc.scoring.score import score
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards

CARD = """\
id: card
title: 评分表
version: 1.0.0
base: 100
pass_mark: 80
scope: {projects: ["95598"], channels: [voice_inbound]}
grades: [{name: 优秀, min: 90}, {name: 合格, min: 80}, {name: 不合格, min: 0}]
bonus_cap: 5
sections:
  - id: service
    title: 服务
    items:
      - {id: greeting, title: 问候, rules: [service.greeting], points: 20, error_class: customer}
      - {id: silence, title: 静音, rules: [service.long_silence], points: 5, per: hit, cap: 20}
      - {id: empathy, title: 共情, rules: [service.empathy], points: 3, effect: award}
  - id: compliance
    title: 合规
    points: 60
    items:
      - {id: secret, title: 索要密码, rules: [privacy.ask_secret, privacy.leak], points: 60, auto_fail: card}
      - {id: tone, title: 语气, rules: [service.tone], points: 20, auto_fail: section}
"""
RULES = {
    "service.greeting",
    "service.long_silence",
    "service.empathy",
    "service.tone",
    "privacy.ask_secret",
    "privacy.leak",
}


def write(folder: Path, text: str, name: str = "card.yml") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def told(folder: Path, old: str, new: str) -> list[tuple[int, int, str, str, str]]:
    assert old in CARD
    with pytest.raises(SpecError) as caught:
        load_scorecards([write(folder, CARD.replace(old, new, 1))], RULES)
    return [(p.line, p.col, p.code, p.message, p.hint) for p in caught.value.problems]


def test_a_card_arrives_whole(tmp_path: Path) -> None:
    (card,) = load_scorecards([write(tmp_path, CARD)], RULES)
    assert (card.id, card.version, card.base, card.pass_mark, card.bonus_cap) == ("card", "1.0.0", 100, 80, 5)
    assert card.scope.projects == {"95598"}
    assert card.scope.channels == {Channel.VOICE_INBOUND}
    assert [(g.name, g.min) for g in card.grades] == [("优秀", 90), ("合格", 80), ("不合格", 0)]
    service, compliance = card.sections
    assert (service.points, compliance.points) == (40, 60)
    greeting, silence, empathy = service.items
    assert greeting.error_class is ErrorClass.CUSTOMER
    assert (silence.per, silence.cap) == (Per.HIT, 20)
    assert empathy.effect is Effect.AWARD
    assert compliance.items[0].rules == ("privacy.ask_secret", "privacy.leak")
    assert compliance.items[0].auto_fail is AutoFail.CARD
    assert not card.fallback
    assert card.path.endswith("card.yml")


def test_conditions_and_metadata(tmp_path: Path) -> None:
    text = CARD.replace("channels: [voice_inbound]", "meta: {region: [北京, 天津], 等级: [5]}")
    text = text.replace("points: 60, auto", "if: service.tone, points: 60, auto").replace(
        "[service.tone]", "[service.x]"
    )
    text = text.replace("points: 20, auto", "if: [service.tone, service.empathy], points: 20, auto")
    (card,) = load_scorecards([write(tmp_path, text)], RULES | {"service.x"})
    assert [(m.field, m.values) for m in card.scope.meta] == [("region", {"北京", "天津"}), ("等级", {"5"})]
    assert [i.conditions for i in card.sections[1].items] == [("service.tone",), ("service.tone", "service.empathy")]


def test_the_digest_follows_the_content_not_the_writing(tmp_path: Path) -> None:
    (first,) = load_scorecards([write(tmp_path / "a", CARD)], RULES)
    (same,) = load_scorecards([write(tmp_path / "b", "# 注释\n" + CARD.replace("base: 100\n", ""))], RULES)
    (other,) = load_scorecards([write(tmp_path / "c", CARD.replace("pass_mark: 80", "pass_mark: 85"))], RULES)
    assert first.digest == same.digest != other.digest


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "message", "hint"),
    [
        ("service.greeting", "service.greting", 13, "C005", "没有规则 service.greting", "service.greeting"),
        ("service.tone", "service.greeting", 21, "C004", "已用在“问候”里", "只能算一次分"),
        ("privacy.leak", "privacy.ask_secret", 20, "C004", "已用在“索要密码”里", "只能算一次分"),
        ("id: tone", "id: greeting", 21, "C003", "编号 greeting 重复", "不能重复"),
        ("id: compliance", "id: service", 16, "C003", "编号 service 重复", "不能重复"),
        ("id: card", "id: other", 1, "C002", "与文件名 card 不同", "other.yml"),
        ("pass_mark: 80", "pass_mark: 120", 5, "C011", "高于满分 100", "改低"),
        ("min: 80", "min: 95", 7, "C012", "“合格”的起分没有低于上一级", "从高到低"),
        ("min: 90", "min: 101", 7, "C012", "高于满分", "改低"),
        ("min: 0", "min: 10", 7, "C012", "最后一级应从 0 分起", "每个分数"),
        ("name: 合格", "name: 优秀", 7, "C013", "等级“优秀”重复", "改名"),
        ("base: 100", "base: 120", 9, "C014", "各部分合计 100 分，满分是 120 分", "合计等于满分"),
        ("points: 20, error", "points: 10, error", 9, "C014", "各部分合计 90 分", "合计等于满分"),
        ("bonus_cap: 5\n", "", 1, "C017", "加不了分", "bonus_cap: 5"),
        ("per: hit, cap: 20", "per: hit, cap: 2", 14, "C020", "cap 小于一处的 5 分", "至少"),
        ("points: 5, per: hit, cap: 20", "points: 20, cap: 20", 14, "C020", "cap 不起作用", "per: hit"),
        ("points: 5, per: hit, cap: 20", "points: 20, per: hit", 14, "C020", "要写 cap", "合计"),
        ("effect: award", "effect: award, auto_fail: card", 15, "C021", "加分项不能一票否决", "auto_fail"),
        ("points: 20, auto_fail: section", "points: 0", 21, "C022", "0 分的评分项不起作用", "auto_fail"),
        ("rules: [service.tone]", "rules: []", 21, "S006", "至少要有 1 项", ""),
        ("version: 1.0.0", "version: 1.0", 3, "S003", "应为文字", '"1.0"'),
        ("effect: award", "effect: awrd", 15, "S004", "awrd", "award"),
        ("points: 3", "points: -3", 15, "S005", "不能小于 0", ""),
        ("points: 20, error", "if: service.angry, points: 20, error", 13, "C005", "没有规则 service.angry", ""),
        ("points: 20, error", "if: [service.greeting], points: 20, error", 13, "C023", "又作条件又扣分", "if"),
        ("points: 20, error", "if: [], points: 20, error", 13, "S006", "至少要有 1 项", ""),
        ('["95598"],', '["95598"], meta: {region: 北京},', 6, "S003", "应为列表", "方括号"),
        ("  - id: compliance", "  - ids: compliance", 16, "S002", "未知字段 ids", "id"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, line: int, code: str, message: str, hint: str) -> None:
    found = [t for t in told(tmp_path, old, new) if t[2] == code]
    assert len(found) == 1
    assert found[0][0] == line
    assert message in found[0][3]
    assert hint in found[0][4]


def test_points_that_cannot_be_lost_or_do_not_fit(tmp_path: Path) -> None:
    big = [t for t in told(tmp_path, "title: 服务", "title: 服务\n    points: 50") if t[2] == "C015"]
    assert [(t[0], t[3]) for t in big] == [(12, "“服务”有 50 分，各项加起来最多扣 40 分")]
    wide = [t for t in told(tmp_path, "points: 60\n", "points: 40\n") if t[2] == "C016"]
    assert [(t[0], t[3]) for t in wide] == [(20, "“索要密码”值 60 分，超过所在部分的 40 分")]


def test_awards_need_a_reason(tmp_path: Path) -> None:
    without = CARD.replace(
        "      - {id: empathy, title: 共情, rules: [service.empathy], points: 3, effect: award}\n", ""
    )
    for text, field in ((without, "bonus_cap"), (without.replace("bonus_cap: 5", "over_base: true"), "over_base")):
        with pytest.raises(SpecError) as caught:
            load_scorecards([write(tmp_path, text)], RULES)
        (problem,) = caught.value.problems
        assert (problem.code, problem.line, problem.col) == ("C017", 8, 1)
        assert field in problem.message


def test_all_files_are_told_of_at_once(tmp_path: Path) -> None:
    write(tmp_path, CARD.replace("service.tone", "service.tune"))
    write(tmp_path, CARD.replace("id: card", "id: b").replace("title: 评分表", "titel: 评分表"), "b.yml")
    write(tmp_path, "id: [", "sub/c.yaml")
    write(tmp_path, "不是评分表", "_draft.yml")
    write(tmp_path, "不是评分表", "readme.txt")
    with pytest.raises(SpecError) as caught:
        load_scorecards([tmp_path], RULES)
    assert [(Path(p.path).name, p.code) for p in caught.value.problems] == [
        ("b.yml", "S001"),
        ("b.yml", "S002"),
        ("card.yml", "C005"),
        ("c.yaml", "Y001"),
    ]


def test_cards_of_several_folders_keep_apart(tmp_path: Path) -> None:
    write(tmp_path / "a", CARD)
    write(tmp_path / "b", CARD.replace("id: card", "id: another"), "another.yml")
    assert [c.id for c in load_scorecards([tmp_path / "a", tmp_path / "b"], None)] == ["another", "card"]
    write(tmp_path / "b", CARD)
    with pytest.raises(SpecError) as caught:
        load_scorecards([tmp_path / "a", tmp_path / "b"], None)
    assert [p.code for p in caught.value.problems] == ["C001"]


def test_no_folder_and_no_card(tmp_path: Path) -> None:
    assert load_scorecards([tmp_path], RULES) == ()
    with pytest.raises(SpecError) as caught:
        load_scorecards([tmp_path / "none"], RULES)
    assert [p.code for p in caught.value.problems] == ["C010"]


def test_the_shipped_cards_are_sound_and_a_perfect_call_earns_everything() -> None:
    cards = load_scorecards([packaged("scorecards")], {r.id for r in load_rules([packaged("rules")]).rules})
    assert {"utility_inbound", "insurance", "ecommerce", "bot", "ticket", "general"} <= {c.id for c in cards}
    for card in cards:
        rules = [r for s in card.sections for i in s.items for r in i.rules]
        deducting = [r for s in card.sections for i in s.items if i.effect is Effect.DEDUCT for r in i.rules]
        perfect = score(card, "c", dict.fromkeys(rules, Verdict.MISS), {})
        assert (perfect.score, perfect.grade, perfect.passed) == (100, card.grades[0].name, True)
        worst = score(card, "c", dict.fromkeys(deducting, Verdict.HIT), dict.fromkeys(rules, 99))
        assert (worst.raw_score, worst.score, worst.grade) == (0, 0, card.grades[-1].name)


def test_every_project_and_channel_of_the_sample_has_one_card() -> None:
    cards = load_scorecards([packaged("scorecards")], None)
    for project in ("95598", "保险", "电商", "默认"):
        for channel in Channel:
            concerned = [
                c.id
                for c in cards
                if (not c.scope.projects or project in c.scope.projects)
                and channel in c.scope.channels
                and not c.fallback
            ]
            fallback = [c.id for c in cards if c.fallback and channel in c.scope.channels]
            assert len(concerned) == 1 or (not concerned and len(fallback) == 1), (project, channel)
