"""Emotion lexicon and taxonomies from YAML: every problem, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.conversation import Role
from qc.errors import SpecError
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.taxonomy import load_taxonomies

CUSTOMER = """\
id: emotion.customer
title: 客户
role: customer
groups:
  - component: anger
    level: 3
    phrases: [生气, 火大]
"""
TAXONOMY = """\
id: shop
title: 商店
projects: [商店]
groups:
  - title: 物流
    topics:
      - id: parcel
        title: 包裹
        keywords: [包裹, {text: 快递, weight: 2}]
tests:
  - {text: 包裹没到, topic: parcel}
"""


def problems(folder: Path, load: object) -> list[tuple[str, str, int]]:
    with pytest.raises(SpecError) as caught:
        load(folder, "rules/x")  # type: ignore[operator]
    return [(Path(p.path).name, p.code, p.line) for p in caught.value.problems]


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return folder


def test_lexicon(tmp_path: Path) -> None:
    write(tmp_path, customer=CUSTOMER, modifiers="id: m\ntitle: 修饰\nnegation: [不]\n")
    lexicon = load_emotion_lexicon(tmp_path)
    assert [g.phrases for g in lexicon.groups[Role.CUSTOMER]] == [("生气", "火大")]
    assert lexicon.modifiers.negation == ("不",)


def test_digest_moves_with_meaning_only(tmp_path: Path) -> None:
    first = load_emotion_lexicon(write(tmp_path, customer=CUSTOMER)).digest
    assert load_emotion_lexicon(write(tmp_path, customer="# 注释\n" + CUSTOMER)).digest == first
    assert load_emotion_lexicon(write(tmp_path, customer=CUSTOMER.replace("3", "4"))).digest != first
    one = load_taxonomies(_only(tmp_path, TAXONOMY))[0].digest
    assert load_taxonomies(_only(tmp_path, TAXONOMY.replace("包裹没到", "包裹呢")))[0].digest == one
    assert load_taxonomies(_only(tmp_path, TAXONOMY.replace("weight: 2", "weight: 3")))[0].digest != one


def _only(folder: Path, text: str) -> Path:
    inner = folder / "topics"
    inner.mkdir(exist_ok=True)
    return write(inner, shop=text)


def test_words_of_praise_and_tests(tmp_path: Path) -> None:
    evaluation = (
        "id: e\ntitle: 褒贬\npositive: [精美]\nnegative: [粗糙]\ntests:\n  - {text: 不粗糙, polarity: positive}\n"
    )
    tests = "tests:\n  - {text: 火大, label: negative, component: anger, level: 3}\n"
    lexicon = load_emotion_lexicon(write(tmp_path, customer=CUSTOMER + tests, evaluation=evaluation))
    assert lexicon.evaluation.negative == ("粗糙",)
    assert [(t.text, t.role, t.label, t.level, t.polarity, t.line) for t in lexicon.tests] == [
        ("火大", Role.CUSTOMER, -1, 3, None, 9),
        ("不粗糙", Role.CUSTOMER, None, None, 1, 6),
    ]
    without = load_emotion_lexicon(write(tmp_path, customer=CUSTOMER))
    assert without.digest == lexicon.digest
    worse = load_emotion_lexicon(write(tmp_path, evaluation=evaluation.replace("[粗糙]", "[粗糙, 简陋]")))
    assert worse.digest != lexicon.digest


def test_a_word_of_praise_that_finds_fault_and_a_test_that_asks_nothing(tmp_path: Path) -> None:
    write(tmp_path, evaluation="id: e\ntitle: 褒贬\npositive: [老实]\nnegative: [老实]\ntests:\n  - {text: 老实}\n")
    assert problems(tmp_path, load_emotion_lexicon) == [("evaluation.yml", "E002", 4), ("evaluation.yml", "E003", 6)]


def test_no_folder_is_an_empty_lexicon(tmp_path: Path) -> None:
    assert load_emotion_lexicon(tmp_path / "none").groups == {}
    assert load_taxonomies(tmp_path / "none") == ()


def test_all_lexicon_problems_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        agent=CUSTOMER.replace("role: customer", "role: boss"),
        customer=CUSTOMER.replace("火大", "生气"),
        customer2=CUSTOMER,
        modifiers="id: m\ntitle: 修饰\nnegations: [不]\n",
        zzz=CUSTOMER.replace("level: 3", "level: 9").replace("anger", "angry"),
    )
    assert sorted((f, line) for f, _, line in problems(tmp_path, load_emotion_lexicon)) == [
        ("agent.yml", 3),
        ("customer.yml", 7),
        ("customer2.yml", 3),
        ("modifiers.yml", 3),
        ("zzz.yml", 5),
        ("zzz.yml", 6),
    ]


def test_all_taxonomy_problems_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        a=TAXONOMY.replace("topic: parcel}", "topic: parcels}").replace("[包裹,", "[快递,"),
        b=TAXONOMY,
        c=TAXONOMY.replace("keywords: [包裹, {text: 快递, weight: 2}]", "keywords: []"),
    )
    assert sorted((f, line) for f, _, line in problems(tmp_path, load_taxonomies)) == [
        ("a.yml", 9),
        ("a.yml", 11),
        ("b.yml", 1),
        ("b.yml", 3),
        ("c.yml", 9),
    ]


def test_a_topic_id_twice_and_a_reserved_one(tmp_path: Path) -> None:
    topic = (
        "      - {id: parcel, title: 又一个, keywords: [信件]}\n      - {id: unknown, title: 未知, keywords: [啥]}\n"
    )
    write(tmp_path, a=TAXONOMY.replace("tests:\n", topic + "tests:\n"))
    assert [p[1:] for p in problems(tmp_path, load_taxonomies)] == [("T001", 10), ("T001", 11)]


def test_the_shipped_files() -> None:
    lexicon = load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")
    assert set(lexicon.groups) == {Role.CUSTOMER, Role.AGENT}
    assert sum(len(g.phrases) for g in lexicon.groups[Role.CUSTOMER]) > 500
    taxonomies = load_taxonomies(packaged("rules") / "_topics")
    assert [t.id for t in taxonomies] == ["ecommerce", "finance", "insurance", "property", "utility"]
    assert [p for t in taxonomies for p in t.projects if p in ("95598", "保险", "电商")] == ["电商", "保险", "95598"]
