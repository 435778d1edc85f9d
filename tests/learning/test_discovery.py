"""Groups of what no topic caught, and new words: found where they were put, the same every time."""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

import pytest

from qc.errors import UsageError
from qc.learning.clusters import MIN_TEXTS, cluster, number_of_clusters
from qc.learning.new_words import LONGEST, MIN_ENTROPY, MIN_PMI, new_words, says
from qc.learning.proposal import proposal, usable
from qc.learning.suggest import Statement, quote, suggest, telling
from qc.specs.taxonomy import load_taxonomies
from qc.text.normalise import normalise
from qc.text.words import segmenter

THEMES = {
    "疫苗": [
        "小狗什么时候打疫苗",
        "疫苗要打几针",
        "狂犬疫苗多少钱",
        "打完疫苗能洗澡吗",
        "疫苗本丢了",
    ],
    "绝育": ["猫咪绝育要预约吗", "绝育手术多久恢复", "绝育要禁食吗", "母猫绝育贵吗", "绝育伤口发炎"],
    "寄养": [
        "过年可以寄养吗",
        "寄养一天怎么收费",
        "寄养要带猫粮吗",
        "寄养能看监控吗",
        "长期寄养打折吗",
    ],
}


def _statements() -> list[Statement]:
    texts = [text for column in zip(*THEMES.values(), strict=True) for text in column]
    return [Statement(conversation=str(i), text=text) for i, text in enumerate(texts)]


def test_groups_are_the_themes() -> None:
    found = suggest(_statements(), clusters=3, min_size=3)
    assert {group.label[0] for group in found.groups} == set(THEMES)
    assert sum(group.size for group in found.groups) + found.scattered == found.statements == 15
    for group in found.groups:
        theme = group.label[0]
        assert group.keywords[0].text == theme
        assert group.keywords[0].statements >= 4
        assert group.size == 5
        assert set(group.quotes) <= set(THEMES[theme])


def test_the_same_every_time() -> None:
    assert suggest(_statements(), clusters=3) == suggest(_statements(), clusters=3)


def test_words_usual_where_topics_are_known_are_no_keywords() -> None:
    elsewhere = [Statement(conversation=f"c{i}", text="疫苗的发票怎么开") for i in range(20)]
    found = suggest(_statements(), elsewhere, clusters=3, min_size=3)
    keywords = {keyword.text for group in found.groups for keyword in group.keywords}
    assert "绝育" in keywords
    assert "疫苗" not in keywords


def test_few_or_equal_statements() -> None:
    with pytest.raises(UsageError, match="只有 1 段话"):
        suggest(_statements()[:1])
    same = [Statement(conversation=str(i), text="疫苗") for i in range(MIN_TEXTS)]
    found = suggest(same)
    assert [group.size for group in found.groups] == [MIN_TEXTS]
    hostile = ["", "😊😊", "12345", "ok ok", "a" * 5000, "唔該", "，，", "\x00", "好", "?"]
    assert cluster(hostile).of_text.shape == (10,)


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(UsageError, match="scikit-learn") as raised:
        suggest(_statements())
    assert "qc[learn]" in raised.value.hint


def test_number_of_clusters() -> None:
    assert [number_of_clusters(n) for n in (1, 100, 10_000)] == [2, 10, 60]


def test_a_proposal_is_a_taxonomy(tmp_path: Path) -> None:
    found = suggest(_statements(), clusters=3, min_size=3)
    (tmp_path / "new.yml").write_text(proposal(found, '宠物"医院', None), encoding="utf-8")
    (taxonomy,) = load_taxonomies(tmp_path)
    assert taxonomy.projects == ('宠物"医院',)
    assert {topic.title for topic in taxonomy.topics} == set(THEMES)


def test_a_proposal_goes_into_a_taxonomy(tmp_path: Path) -> None:
    found = suggest(_statements(), clusters=3, min_size=3)
    path = tmp_path / "pets.yml"
    own = "id: pets\ntitle: 宠物\nprojects: [宠物]\ngroups:\n"
    path.write_text(
        own + "  - title: 洗护\n    topics:\n      - {id: new_1, title: 洗澡, keywords: [洗澡]}\n", encoding="utf-8"
    )
    (before,) = load_taxonomies(tmp_path)
    path.write_text(path.read_text("utf-8") + proposal(found, "宠物", before), encoding="utf-8")
    (after,) = load_taxonomies(tmp_path)
    assert [topic.id for topic in after.topics] == ["pets.new_1", "pets.new_2", "pets.new_3", "pets.new_4"]


def test_nothing_to_propose() -> None:
    assert not usable(suggest([Statement(conversation=str(i), text="嗯嗯") for i in range(MIN_TEXTS)]))


def test_telling() -> None:
    words = segmenter(())
    assert telling("我要打疫苗", words)
    assert not telling("好的，谢谢", words)
    assert not telling("[图片] 13800001111 http://x.cn", words)


def test_quotes_show_no_digits() -> None:
    assert quote("卡号\n6222 尾号12") == "卡号 **** 尾号**"
    assert len(quote("疫" * 100)) == 61


SAID = [f"{before}价保券{after}" for before in "我用领送改退" for after in "怎么用行吗在哪没了过期"]
TALK = [*SAID, *(chr(0x8000 + i) + chr(0x7000 + i) for i in range(1500))]


def test_new_words_hold_together_and_stand_free() -> None:
    found = {word.text: word for word in new_words([*TALK, *["今天天气不错"] * 30])}
    assert "价保券" in found
    assert found["价保券"].count == len(SAID)
    assert "价保" not in found, "a piece of a longer new word"
    assert "天气" not in found, "in jieba's dictionary"
    assert "价保券" in TALK[found["价保券"].example]
    assert "价保券" not in {word.text for word in new_words(TALK, known={"价保券"})}


def test_pmi_and_entropy_by_definition() -> None:
    """The columns against counts made one by one."""
    found = next(word for word in new_words(TALK) if word.text == "价保券")
    joined = normalise("\n".join(TALK))
    han = [c for c in joined if "一" <= c < "\ua000"]
    p = {s: joined.count(s) / len(han) for s in ("价", "价保", "价保券", "保券", "券")}
    pmi = min(math.log(p["价保券"] / (p["价"] * p["保券"])), math.log(p["价保券"] / (p["价保"] * p["券"])))
    sides = [Counter(t[t.index("价保券") - 1] for t in SAID), Counter(t[t.index("价保券") + 3] for t in SAID)]
    entropy = min(-sum(n / len(SAID) * math.log(n / len(SAID)) for n in side.values()) for side in sides)
    assert found.pmi == pytest.approx(pmi, abs=0.01)
    assert pmi >= MIN_PMI
    assert found.entropy == pytest.approx(entropy, abs=0.01)
    assert entropy >= MIN_ENTROPY


@pytest.mark.parametrize("texts", [[], [""], ["好"], ["13812345678"] * 9, ["😊"] * 9, ["价" * 30_000]])
def test_no_new_words(texts: list[str]) -> None:
    assert new_words(texts) == ()


def test_numbers_are_no_words() -> None:
    assert not says("幺三八零")
    assert not says("我的卡")
    assert says("价保券")
    assert all(len(word.text) <= LONGEST for word in new_words(TALK, min_count=2))
