"""Entities: what is found, what is not, and where."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.conversation import Entity
from qc.text.entities import ENTITY_TYPES, find_entities, find_in
from qc.text.numbers import classify, id_check_digit, is_mobile, luhn
from qc.text.shard import Shard
from tests.text.shards import conversation, said, shard


def found(text: str) -> list[tuple[str, str]]:
    return [(e.type, text[e.start : e.end]) for e in find_in(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的手机是13812345678谢谢", [("mobile", "13812345678")]),
        ("电话１３８ １２３４ ５６７８", [("mobile", "１３８ １２３４ ５６７８")]),
        ("138-1234-5678", [("mobile", "138-1234-5678")]),
        ("+86 13812345678", [("mobile", "13812345678")]),
        ("8613812345678", [("mobile", "8613812345678")]),
        ("幺三八一二三四五六七八幺三八一二三四五六七八", [("mobile", "幺三八一二三四五六七八")] * 2),
        ("住建国路12号13812345678", [("address", "建国路12号"), ("mobile", "13812345678")]),
        ("手机号幺三八一二三四五六七八", [("mobile", "幺三八一二三四五六七八")]),
        ("一三八，一二三四，五六七八", [("mobile", "一三八，一二三四，五六七八")]),
        ("13812345678 13987654321", [("mobile", "13812345678"), ("mobile", "13987654321")]),
        ("张三13812345678，李四13912345678", [("mobile", "13812345678"), ("mobile", "13912345678")]),
        ("010-62345678", [("landline", "010-62345678")]),
        ("0755 2345 6789", [("landline", "0755 2345 6789")]),
        ("身份证11010519491231002X", [("id_card", "11010519491231002X")]),
        ("卡号6222021234567890128", [("bank_card", "6222021234567890128")]),
        ("邮箱zhang.san@qq.com行吗", [("email", "zhang.san@qq.com")]),
        ("车牌粤B12345", [("plate", "粤B12345")]),
        ("新能源车牌京AD12345", [("plate", "京AD12345")]),
        ("户号是1234567890", [("account", "1234567890")]),
        ("保单号8801234567", [("account", "8801234567")]),
        ("收件人：高雪，电话不变", [("name", "高雪")]),
        ("我住在北京市朝阳区建国路12号楼3单元502室", [("address", "北京市朝阳区建国路12号楼3单元502室")]),
        ("北京路5号12栋12单元1203", [("address", "北京路5号12栋12单元1203")]),
        ("地址是解放路25号院2栋", [("address", "解放路25号院2栋")]),
        ("送到江苏省连云港市海州区浦南镇潘圩村一组", [("address", "江苏省连云港市海州区浦南镇潘圩村一组")]),
        ("一共1280.5元", [("amount", "1280.5元")]),
        ("五十块钱", [("amount", "五十块钱")]),
        ("2026年11月20日", [("date", "2026年11月20日")]),
        ("十一月二十号", [("date", "十一月二十号")]),
    ],
)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "订单号13812345678901234",  # a mobile number inside a longer code
        "运单VB13812345678",
        "订单617703107086070939怎么还没发货",  # passes Luhn, but is no card
        "工单号20261120001",
        "订单6222021234567890123",  # fails Luhn
        "拨打95598",
        "13月40号",
        "3，12，2500，12345",
        "这条路3号",
        "我知道12号",
        "一一二二三三",
        "北京市朝阳区",
        "电话是59683353，67862009",
        "一二三四五六七八九十",
        "京东快递A12345",
        "@所有人",
        "",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []


def test_valid_says_that_the_checksum_holds() -> None:
    right, misheard = "11010519491231002x", "110105194912310021"
    assert [(e.type, e.valid, e.personal) for e in find_in(right)] == [("id_card", True, True)]
    assert [(e.type, e.valid, e.personal) for e in find_in(misheard)] == [("id_card", False, True)]
    assert [(e.type, e.valid) for e in find_in("银行卡6222 0212 3456 7890 123")] == [("bank_card", False)]
    assert [e.personal for e in find_in("12月3号花了五十块钱")] == [False, False]


@given(
    st.integers(0, 10**8 - 1),
    st.sampled_from("3456789"),
    st.sampled_from(["", " ", "-"]),
    st.text("好的嗯，。", max_size=5),
)
def test_every_mobile_number_is_found(rest: int, second: str, gap: str, before: str) -> None:
    digits = f"1{second}{rest:09d}"[:11]
    written = gap.join((digits[:3], digits[3:7], digits[7:]))
    text = f"{before}{written}。"
    assert found(text) == [("mobile", written)]
    spoken = digits.translate(str.maketrans("0123456789", "零幺二三四五六七八九"))
    assert found(f"是{spoken}。") == [("mobile", spoken)]


@given(
    st.integers(1, 28),
    st.integers(1, 12),
    st.integers(1930, 2020),
    st.integers(0, 999),
    st.sampled_from(["11", "44", "65"]),
)
def test_every_identity_card_is_found(day: int, month: int, year: int, serial: int, province: str) -> None:
    body = f"{province}0101{year}{month:02d}{day:02d}{serial:03d}"
    card = body + id_check_digit(body)
    assert [(e.type, e.valid) for e in find_in(f"号码{card}。")] == [("id_card", True)]
    wrong = body + ("0" if card[-1] != "0" else "1")
    assert [(e.type, e.valid) for e in find_in(f"号码{wrong}。")] == [("id_card", False)]


@given(st.integers(0, 10**12 - 1))
def test_a_bank_card_needs_its_check_digit(rest: int) -> None:
    body = f"622{rest:012d}"
    cards = [body + str(d) for d in range(10)]
    assert sum(luhn(c) for c in cards) == 1
    for card in cards:
        assert [e.type for e in find_in(f"是{card}吗")] == (["bank_card"] if luhn(card) else [])
        assert [e.type for e in find_in(f"银行卡是{card}")] == ["bank_card"]


@given(st.text("0123456789x", min_size=1, max_size=24))
def test_any_digits_can_be_classified(digits: str) -> None:
    kind = classify(digits, "")
    assert kind is None or kind[0] in ENTITY_TYPES
    assert kind is None or kind[0] != "mobile" or is_mobile(digits)


def test_a_number_read_out_over_several_turns() -> None:
    made = shard(
        [
            ("agent", "请报一下您的手机号"),
            ("customer", "一三八"),
            ("agent", "一三八"),
            ("customer", "嗯，一二三四"),
            ("agent", "好的"),
            ("customer", "五六七八。"),
        ]
    )
    e = find_entities(made)
    mine = [(t, ENTITY_TYPES[k], s, x) for t, k, s, x in zip(e.turn, e.type, e.start, e.end, strict=True)]
    assert mine == [(1, "mobile", 0, 3), (3, "mobile", 2, 6), (5, "mobile", 0, 4)]


def test_pieces_of_different_conversations_are_not_joined() -> None:
    made = shard([("customer", "一三八")], [("customer", "一二三四"), ("customer", "五六七八")])
    assert len(find_entities(made).turn) == 0


def test_stored_entities_are_taken_as_they_are() -> None:
    plain = conversation("a", [("customer", "138****5678"), ("customer", "手机13912345678")])
    stored = replace(plain.turns[0], entities=(Entity(type="mobile", start=0, end=11),))
    none = replace(plain.turns[1], entities=())
    e = find_entities(Shard([replace(plain, turns=(stored, none))]))
    assert e.by_turn() == {0: stored.entities}
    mixed = find_entities(Shard([replace(plain, turns=(stored, plain.turns[1]))]))
    assert [x.type for x in mixed.of_turn(1)] == ["mobile"]
    assert mixed.of_turn(0) == stored.entities


def test_shard_and_single_text_agree() -> None:
    texts = [
        "我叫王小明，电话13812345678",
        "",
        "😡地址是解放路25号2栋\ud800",
        "臺北市路３號 ＡＢ",
        "身份证11010519491231002X，五十元",
    ]
    e = find_entities(said(*texts))
    assert [e.of_turn(i) for i in range(len(texts))] == [find_in(t) for t in texts]


def test_no_overlaps_and_in_order() -> None:
    draw = random.Random(7)
    pieces = [
        "13812345678",
        "北京市朝阳区建国路12号",
        "五十元",
        "12月3号",
        "户号123456789",
        "a@b.cn",
        "粤B12345",
        "，",
        "的",
        "一三八",
    ]
    for _ in range(200):
        text = "".join(draw.choices(pieces, k=8))
        spans = [(e.start, e.end) for e in find_in(text)]
        assert spans == sorted(spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        assert all(0 <= a < b <= len(text) for a, b in spans)
