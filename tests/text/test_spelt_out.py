"""Personal data as it is said aloud: codes, e-mail addresses, repeated digits, corrections, numbers over turns."""

from __future__ import annotations

import pytest

from qc.text.codes import is_credit_code, spelt
from qc.text.entities import find_entities, find_in
from qc.text.masking import mask, mask_turns
from tests.text.shards import shard


def found(text: str) -> list[tuple[str, str]]:
    return [(e.type, text[e.start : e.end]) for e in find_in(text) if e.personal]


def masked(*turns: tuple[str, str]) -> list[str]:
    made = shard(list(turns))
    return mask_turns(made, find_entities(made))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的号幺三八零零幺三四个八", [("mobile", "幺三八零零幺三四个八")]),
        ("电话洞拐五五八八三三幺勾两", [("landline", "洞拐五五八八三三幺勾两")]),
        ("身份证三七零幺零二幺九六六零九二二五五五艾克斯", [("id_card", "三七零幺零二幺九六六零九二二五五五艾克斯")]),
        ("税号九幺二幺零幺零二maad九qhx五t", [("credit_code", "九幺二幺零幺零二maad九qhx五t")]),
        ("护照号 E 幺二三四 五六七八", [("passport", "E 幺二三四 五六七八")]),
        ("用护照EK8819917买的", [("passport", "EK8819917")]),
        ("车牌粤B，嗯，零零七九八", [("plate", "粤B，嗯，零零七九八")]),
        ("车牌苏A D幺二三四五", [("plate", "苏A D幺二三四五")]),
        ("邮箱zhang下划线wei八八 艾特 幺六三 点 com", [("email", "zhang下划线wei八八 艾特 幺六三 点 com")]),
        ("发到 li.na @ 163.com", [("email", "li.na @ 163.com")]),
        ("你们打82330673这个固话", [("landline", "82330673")]),
        ("查一下3012345678这个户", [("account", "3012345678")]),
        ("我是欧阳建国的女儿", [("name", "欧阳建国")]),
        ("收货人周月娥能不能改", [("name", "周月娥")]),
        ("查一下司徒健名下的保单", [("name", "司徒健")]),
        ("我姓名弓长张 建设的建", [("name", "弓长张 建设的建")]),
        ("机主阿依古丽·肉孜", [("name", "阿依古丽·肉孜")]),
        ("她叫阿依古丽·肉孜，点在中间", [("name", "阿依古丽·肉孜")]),
        ("我在阳光花园 嗯 三幢二单元五零幺", [("address", "阳光花园 嗯 三幢二单元五零幺")]),
        ("我住翡翠公馆6-2-1101", [("address", "翡翠公馆6-2-1101")]),
        ("李家湾村四社十八号", [("address", "李家湾村四社十八号")]),
    ],
)
def test_said_aloud(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "网址是whatsapp.com和chat.cn",
        "订单号E2026428831439482，四个工作日",
        "航班CZ1006，2026-07-13出发",
        "买了三个八百块的",
        "新A4纸三百张",
        "3栋2024年交房",
        "一座二百二十千伏变电站",
        "平安保险和白金卡",
        "我朋友方便的时候来",
        "这个单人双人夏凉被",
    ],
)
def test_said_innocently(text: str) -> None:
    assert found(text) == []


def test_codes_keep_their_place_in_the_text() -> None:
    told = spelt("ma三个八，x")
    assert told.symbols == "ma888x"
    assert [told.at[0], told.at[4], told.at[5]] == [0, 4, 6]
    assert is_credit_code("91330106ma28xxxxxx") is False


def test_passports_and_codes_told_over_turns_are_hidden_with_their_echo() -> None:
    out = masked(
        ("agent", "护照号码报一下"),
        ("customer", "嗯 E 幺二"),
        ("agent", "E幺二，好的，您继续"),
        ("customer", "三四五六七八，去年换的"),
    )
    assert out == ["护照号码报一下", "嗯 ****", "***，好的，您继续", "******，去年换的"]


def test_the_last_piece_of_a_number_may_go_on_with_words() -> None:
    out = masked(("customer", "麻烦打1358888"), ("agent", "您说"), ("customer", "6137，别打另一个"))
    assert out == ["麻烦打*******", "您说", "****，别打另一个"]


def test_a_company_s_number_is_no_answer() -> None:
    turns = [
        ("customer", "你们投诉电话多少"),
        ("agent", "95588"),
        ("agent", "有问题随时打4002782867"),
    ]
    assert masked(*turns) == [text for _, text in turns]


def test_a_number_put_right_is_of_the_kind_of_the_one_before() -> None:
    out = masked(("customer", "户号9663657077"), ("customer", "念错了，应该是608 910 7321，查电费"))
    assert out[1].startswith("念错了，应该是") and "7321" not in out[1]
    free = masked(("customer", "户号9663657077"), ("customer", "不对，我说的是工单，单号6089107321"))
    assert free[1] == "不对，我说的是工单，单号6089107321"


def test_an_address_in_two_turns_is_hidden_in_both() -> None:
    out = masked(("customer", "你到名士家园"), ("agent", "您说"), ("customer", "1号楼1单元734室来"))
    assert out == ["你到****", "您说", "**********来"]


def test_what_was_said_of_an_e_mail_address_goes_whole_and_full_width_too() -> None:
    assert mask("ｚｗ８＠ｑｑ．ｃｏｍ", find_in("ｚｗ８＠ｑｑ．ｃｏｍ")) == "ｚ**＠ｑｑ．ｃｏｍ"
    said = "zw八 艾特 qq 点 com"
    assert mask(said, find_in(said)) == "z" + "*" * (len(said) - 1)
