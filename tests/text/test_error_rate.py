"""Character error rate: what counts as an error, what only as spelling, and where errors stand."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.text.error_rate import Errors, align, errors, spoken

SAME = [
    ("二零零三年六本木T C U B E大楼", "2003年六本木TCUBE大樓"),
    ("两千零三个", "2003个"),
    ("打八零零电话", "打800电话"),
    ("他给了两百块", "她给了200块。"),
    ("幺三八幺二三四五六七八", "13812345678"),
    ("一共一千二百", "一共1,200"),
    ("涨了百分之三点五", "涨了３.５％"),
    ("早上七点半到九点", "早上7:30到9:00"),
    ("九点零五分", "9:05"),
    ("哪里，您说。", "那里您说"),
    ("3", "三"),
]


@pytest.mark.parametrize(("reference", "hypothesis"), SAME)
def test_spelling_is_not_hearing(reference: str, hypothesis: str) -> None:
    assert errors(reference, hypothesis).total == 0
    assert errors(hypothesis, reference).total == 0


def test_a_number_misheard_is_an_error() -> None:
    assert errors("交二百五十元", "交250元").total == 0
    assert errors("交二百五十元", "交260元").total == 1


def test_kinds_of_errors() -> None:
    found = errors("请核实一下用户号", "请何时一下用户号码")
    assert found == Errors(characters=8, substitutions=2, insertions=1, deletions=0, syllable_errors=1)
    assert found.rate == 3 / 8
    assert found.homophone_share == pytest.approx(2 / 3)
    assert errors("您好再见", "您好") == Errors(characters=4, deletions=2, syllable_errors=2)


def test_errors_add_up() -> None:
    total = errors("核实", "何时") + errors("您好", "您好吗")
    assert (total.characters, total.substitutions, total.insertions) == (4, 2, 1)


def test_nothing_said() -> None:
    assert errors("", "").rate == 0.0
    assert errors("。", "谢谢观看").rate == 1.0
    assert errors("您好", "").rate == 1.0


def test_where_the_errors_are() -> None:
    found = align("我要退保，谢谢", "我要推 保。")
    assert [(p.reference, p.hypothesis) for p in found.pieces] == [
        ("我要", "我要"),
        ("退", "推"),
        ("保", "保"),
        ("谢谢", ""),
    ]
    assert found.pieces[1].written == (2, 3)
    assert found.pieces[3].said == (5, 7)
    assert found.right == (True, True, False, None, True, None)


def test_digits_are_right_or_wrong_as_they_are_heard() -> None:
    assert align("电话一二三四五", "电话12395").right == (True, True, True, True, True, False, True)


def test_spoken() -> None:
    assert spoken("她們，WiFi ２４小时") == "他们wifi二十四小时"


def test_what_no_text_should_hold() -> None:
    assert errors("您好\ud800", "您好\udfff").total == 0
    assert errors("㍿", "株式会社").total == 0


TEXTS = st.text(alphabet="一二两三十百零年月点她哪abA019,.:% 。，台臺", max_size=24)


@given(TEXTS, TEXTS)
def test_what_always_holds(reference: str, hypothesis: str) -> None:
    found = align(reference, hypothesis)
    assert errors(reference, reference).total == 0
    assert len(found.right) == len(hypothesis)
    assert sum(len(p.reference) for p in found.pieces) == found.errors.characters
    assert found.errors.syllable_errors <= found.errors.total
    assert all(a.is_equal != b.is_equal or not a.is_equal for a, b in pairwise(found.pieces))
    assert all(len(p.reference) == len(p.hypothesis) for p in found.pieces if p.reference and p.hypothesis)


@pytest.mark.parametrize("piece", ["1", "1,", "13 ", "1:30", "一", "a"])
def test_hostile_texts_take_no_time(piece: str) -> None:
    begun = time.process_time()
    align(piece * (10_000 // len(piece)), "你" * 10_000)
    assert time.process_time() - begun < 2
