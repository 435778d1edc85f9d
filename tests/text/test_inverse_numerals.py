from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.text.changes import changed
from qc.text.entities import find_in
from qc.text.inverse_numerals import digits
from qc.text.masking import mask


def _written(text: str) -> str:
    return changed(text, digits(text))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("一三八零零一三八零零零", "13800138000"),
        ("我的电话是一三八，零零一三，八零零零", "我的电话是138，0013，8000"),
        ("张三一三八零零一三八零零零", "张三13800138000"),
        ("请拨打九五五九八", "请拨打95598"),
        ("二百三十块五", "230.5块"),
        ("一共三块五毛钱", "一共3.5块钱"),
        ("三十四块一毛九", "34.19块"),
        ("一点二万块", "1.2万块"),
        ("一千二百度", "1200度"),
        ("三十五万", "35万"),
        ("一万二千块", "12000块"),
        ("二零二六年十一月二十号", "2026年11月20号"),
        ("三月五号", "3月5号"),
        ("二零零八年", "2008年"),
        ("百分之五", "5%"),
        ("百分之零点五", "0.5%"),
        ("百分之百", "100%"),
        ("千分之三", "3‰"),
        ("三点半", "3点半"),
        ("下午三点二十", "下午3点20"),
        ("三点零五分", "3点05分"),
        ("明天上午九点到十二点", "明天上午9点到12点"),
        ("三点五个百分点", "3.5个百分点"),
        ("三百二十八万一千一百三十八点四八", "3281138.48"),
        ("三号楼五零二室", "三号楼502室"),
        ("二十多天", "20多天"),
        ("二十四小时", "24小时"),
        ("第十二条", "第12条"),
        ("密码是一二三四五六", "密码是123456"),
        ("户号是三三零一二三四五六七", "户号是3301234567"),
    ],
)
def test_numbers_are_written_in_digits(said: str, written: str) -> None:
    assert _written(said) == written
    assert _written(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "一下",
        "有一点问题",
        "万一",
        "三心二意",
        "一起",
        "千万别",
        "十分满意",
        "第一次",
        "一个两个",
        "等了两三天",
        "三四十个人",
        "几十块",
        "十几个",
        "二百五",
        "十一长假",
        "四分之三",
        "有一点十分重要",
        "一块五个人",
        "一块儿去",
        "七七八八",
        "一五一十",
        "十万火急",
        "上百人",
        "星期三",
        "三天",
    ],
)
def test_what_is_hardly_a_number_stays_as_it_was_said(text: str) -> None:
    assert digits(text) == []


_SPOKEN = "零一二三四五六七八九十百千万亿幺两点块元毛月号年日分之半，的我张到下午电话密码是第几多138"


@given(st.text(alphabet=_SPOKEN, max_size=40))
def test_changes_are_in_order_apart_and_write_nothing_but_figures(text: str) -> None:
    at = 0
    for change in digits(text):
        assert at <= change.start < change.end <= len(text)
        assert any(c in "0123456789" for c in change.text)
        at = change.end
    assert _written(_written(text)) == _written(text)


_SAID = str.maketrans("0123456789", "零幺二三四五六七八九")


@given(
    st.sampled_from(["我的电话是", "张三", "好的，", "身份证号", "", "卡号是"]),
    st.sampled_from(["13800138000", "11010519491231002X", "01088889999", "6222021234567890128", "3301234567"]),
    st.sampled_from(["", "三位", "，谢谢", "对吗"]),
    st.booleans(),
)
def test_personal_numbers_are_masked_in_digits_as_they_were_in_words(
    before: str, number: str, after: str, groups: bool
) -> None:
    said = number.translate(_SAID)
    said = said if not groups else f"{said[:3]}，{said[3:7]}，{said[7:]}"
    text = before + said + after
    written = _written(text)
    if "*" in mask(text, find_in(text)):
        assert mask(written, find_in(written)).count("*") >= 4


def test_time_grows_with_the_length() -> None:
    text = "一三八零零一三八零零零，二百三十块五，" * 2000
    assert len(digits(text)) == 4000
