"""Masking keeps lengths and non-personal text, hides the rest, and can be repeated."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.text.entities import find_entities, find_in
from qc.text.masking import mask, mask_turns, mask_value
from qc.text.shard import Shard
from tests.text.shards import said


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的手机13812345678", "我的手机138****5678"),
        ("138 1234 5678", "138 **** 5678"),
        ("幺三八一二三四五六七八", "幺三八****五六七八"),
        ("身份证11010519491231002X", "身份证110105********002X"),
        ("卡号6222021234567890128", "卡号6222***********0128"),
        ("邮箱zhang@qq.com", "邮箱z****@qq.com"),
        ("车牌粤B12345", "车牌粤B****5"),
        ("固话010-62345678", "固话010-6*****78"),
        ("户号1234567890", "户号12******90"),
        ("户号1234567", "户号*******"),
        ("电话是138、0013、800", "电话是***、****、***"),
        ("联系电话是138，0013800", "联系电话是***，*******"),
        ("手机138001380001", "手机138*****0001"),
        ("密码是62889", "密码是*****"),
        ("密码是123456，验证码 8842", "密码是******，验证码 ****"),
        ("密码是六六二八零九", "密码是******"),
        ("收件人：林晓。", "收件人：林*。"),
        ("住在广东省深圳市南山区科技路12号3栋", "住在广东省深圳市***********"),
        ("12月3号花了五十块钱", "12月3号花了五十块钱"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert mask(text, find_in(text)) == masked


PIECES = st.sampled_from(
    [
        "13812345678",
        "幺三八一二三四五六七八",
        "11010519491231002X",
        "卡号6222021234567890128",
        "邮箱zhang@qq.com",
        "０１０－６２３４５６７８",
        "解放路25号院2栋",
        "收件人：林晓。",
        "粤B12345",
        "五十元",
        "电话是138、0013、800",
        "身份证",
        "卡号",
        "密码是62889",
        "验证码八八四二",
        "手机号",
        *"，的 😡\ud800\n",
    ]
)


@given(st.lists(PIECES, max_size=8).map("，".join))
def test_same_length_and_repeatable(text: str) -> None:
    entities = find_in(text)
    once = mask(text, entities)
    assert len(once) == len(text)
    assert mask(once, entities) == once
    assert mask(once, find_in(once)) == once
    assert not [
        secret
        for secret in ("13812345678", "11010519491231002", "zhang@", "25号院", "62889", "八八四二", "0013")
        if secret in once
    ]
    outside = set(range(len(text))) - {i for e in entities for i in range(e.start, e.end)}
    assert all(once[i] == text[i] for i in outside)


def test_turns_and_a_stored_run_read_back() -> None:
    made = said("手机13812345678", "电话138、0013、800", "密码是62889", "好的", "一三八", "一二三四", "五六七八")
    entities = find_entities(made)
    texts = mask_turns(made, entities)
    assert texts == ["手机138****5678", "电话***、****、***", "密码是*****", "好的", "***", "****", "****"]
    by_turn = entities.by_turn()
    conversation = made.conversations[0]
    stored = tuple(
        replace(turn, text=text, entities=by_turn.get(i, ()))
        for i, (turn, text) in enumerate(zip(conversation.turns, texts, strict=True))
    )
    again = Shard([replace(conversation, turns=stored)])
    assert find_entities(again).by_turn() == by_turn
    assert mask_turns(again, find_entities(again)) == texts


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("calls/20261120_13812345678_001.wav", "calls/20261120_138****5678_001.wav"),
        ("13812345678", "138****5678"),
        ("13812345678_20261120.wav", "138****5678_20261120.wav"),
        ("01062345678", "0106*****78"),
        ("010-62345678.mp3", "010-6*****78.mp3"),
        ("户号123456", "户号******"),
        ("户号12345678", "户号12****78"),
        ("粤B12345", "粤B****5"),
        ("000123", "000123"),
        ("20261120_000123.wav", "20261120_000123.wav"),
        ("A001.wav", "A001.wav"),
        ("C-10086", "C-10086"),
        ("华东一区", "华东一区"),
        ("zhang@qq.com", "z****@qq.com"),
        ("广东省深圳市南山区科技路12号", "广东省深圳市*********"),
        ("", ""),
    ],
)
def test_values(value: str, masked: str) -> None:
    assert mask_value(value) == masked


VALUES = st.one_of(
    st.text(max_size=40),
    st.text("0123456789一三八-_ .x@户号粤b密码手机", max_size=24),
    st.from_regex(r"[a-c]{0,2}_?[0-9]{4,19}x?[_ -]?[0-9]{0,8}(\.wav)?", fullmatch=True),
)


@settings(max_examples=500)
@given(VALUES)
def test_a_value_passed_over_at_a_glance_holds_nothing(value: str) -> None:
    assert mask_value(value) == mask(value, find_in(value))


def test_short_numbers_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qc.text.masking.find_in", lambda _: pytest.fail("ten thousand of them cost a second"))
    for value in ("000123", "95598/2026-11-20/000123.wav", "20261120_000123_1029.wav", "C-10086", "华东一区"):
        assert mask_value(value) == value
