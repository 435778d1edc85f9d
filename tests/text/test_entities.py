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
from qc.text.identifiers import id_check_digit, is_mobile, luhn
from qc.text.masking import mask
from qc.text.number_types import classify
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
        (
            "张三13812345678，李四13912345678",
            [("name", "张三"), ("mobile", "13812345678"), ("name", "李四"), ("mobile", "13912345678")],
        ),
        ("010-62345678", [("landline", "010-62345678")]),
        ("0755 2345 6789", [("landline", "0755 2345 6789")]),
        ("身份证11010519491231002X", [("id_card", "11010519491231002X")]),
        ("卡号6222021234567890128", [("bank_card", "6222021234567890128")]),
        ("邮箱zhang.san@qq.com行吗", [("email", "zhang.san@qq.com")]),
        ("车牌粤B12345", [("plate", "粤B12345")]),
        ("新能源车牌京AD12345", [("plate", "京AD12345")]),
        ("户号是1234567890", [("account", "1234567890")]),
        ("保单号8801234567", [("account", "8801234567")]),
        ("收件人：林晓，电话不变", [("name", "林晓")]),
        ("我住在北京市朝阳区建国路12号楼3单元502室", [("address", "北京市朝阳区建国路12号楼3单元502室")]),
        ("北京路5号12栋12单元1203", [("address", "北京路5号12栋12单元1203")]),
        ("地址是解放路25号院2栋", [("address", "解放路25号院2栋")]),
        ("送到江苏省盐城市亭湖区青墩镇柳树村一组", [("address", "江苏省盐城市亭湖区青墩镇柳树村一组")]),
        (
            "张三13812345678广东省佛山市沿江路5号",
            [("name", "张三"), ("mobile", "13812345678"), ("address", "广东省佛山市沿江路5号")],
        ),
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
        "一二三四五六七八九十",
        "京东快递A12345",
        "@所有人",
        "",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "address",
    [
        "建设路26号",
        "建设路，26号",
        "幸福小区八号楼",
        "阳光小区，3号楼",
        "阳光花园3栋2单元",
        "翠苑小区12幢301室",
        "江湾城3栋",
        "牡丹里19号楼",
        "朝阳区海棠里26号",
        "李家村二组",
        "前进村3组",
        "柳林镇王家庄村三组",
        "中山一路12号",
        "长江一村56号402",
        "北街118号",
        "沪东公路1234号",
        "江南大厦18层",
        "成都市武侯区人民南路四段12号",
        "解放斜街乙18号",
        "云南省昆明市官渡区关上街道",
        "浙江省 金华市 义乌市 江东街道 新园六区67号",
        "重庆市沙坪坝区，学府大道",
        "乌鲁木齐市天山区新华北路",
        "长沙市岳麓区银杏路学府超市301室",
        "天河区珠江街道奥体南路",
        "幸福小区",
        "王家村",
    ],
)
def test_an_address_from_its_first_character_to_its_last(address: str) -> None:
    assert found(f"改一下吧，地址是{address}，谢谢") == [("address", address)]
    if any(c.isdigit() for c in address) and "，" not in address:
        assert found(f"就是我家{address}停电") == [("address", address)]


@pytest.mark.parametrize(
    "text",
    [
        "您好，小鹿商城客服5011号为您服务",
        "小鹿商城客服五零一一号为您服务",
        "您好，快乐商城，5023号为您服务。请问有什么可以帮您？",
        "您好快乐商城三零二二号很高兴为您服务",
        "云好，电力公司95598 1016号为您服务",
        "95598，五零一一号位您服务",
        "欢迎致电江湾城，1016号客服为您服务",
        "人民路1016号为您服务",
        "阳光社区1016号竭诚为您服务",
        "苏宁广场101号坐席为您服务",
        "工号五零一一号",
        "营业厅在人民路，1号窗口办理",
        "世纪大道2号线停运",
        "坐到人民广场1号口",
        "高速公路3号出口",
        "建设路12号杆倒了",
        "就在幸福小区，3号上门",
        "我们小区3号停电",
        "快乐商城3号发货",
        "上街3号买的",
        "打算回村3号到",
        "回家乡3号回来",
        "分12期3号还款",
        "这个月里3号",
        "二十三号文要求，三十号再见",
        "幸福村12户停电",
        "阳光小区两层楼都没电",
        "小区里三栋都停电",
        "老小区3号楼停电",
        "万达广场三楼吃饭",
        "医院里三楼",
        "本学期三门课",
        "我在深圳市南山区上班走路",
        "北京市朝阳区附近的路",
        "广州市天河区停电了吗那条路",
        "市区停电小区线路",
        "住在这个小区，送到隔壁小区，家住农村，寄到县城",
        "正在发往我们站点的路上，原路退回",
        "地址改成哪里",
    ],
)
def test_no_address(text: str) -> None:
    assert [f for f in found(text) if f[0] == "address"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的电话是138、0013、800，对的", [("mobile", "138、0013、800")]),
        ("联系电话是138，0013800", [("mobile", "138，0013800")]),
        ("手机号码：１３８ ００１３ ８００", [("mobile", "１３８ ００１３ ８００")]),
        ("手机幺三八，零零幺三，八零", [("mobile", "幺三八，零零幺三，八零")]),
        ("号码是1380013800", [("mobile", "1380013800")]),
        ("电话是59683353，67862009", [("landline", "59683353"), ("landline", "67862009")]),
        ("电话是68582233-2200", [("landline", "68582233-2200")]),
        ("电话89994768、4006662000", [("landline", "89994768")]),
        ("电话是1380013800，6号楼", [("mobile", "1380013800")]),
        ("身份证号是1101，0519，4912", [("id_card", "1101，0519，4912")]),
        ("银行卡62，22，0212", [("bank_card", "62，22，0212")]),
        ("护号是六零，一二，三四", [("account", "六零，一二，三四")]),
        ("库号六零一二，三四五六七八", [("account", "六零一二，三四五六七八")]),
        ("密码是62889", [("secret", "62889")]),
        ("密码是123456，验证码 8842", [("secret", "123456"), ("secret", "8842")]),
        ("账号的密码是123456", [("secret", "123456")]),
        ("验证马是六六、二八、零九", [("secret", "六六、二八、零九")]),
        ("验证码我告诉你，是六六二八零九。", [("secret", "六六二八零九")]),
        ("密码1234，5678，90", [("secret", "1234，5678")]),
        ("密码是13812345678", [("secret", "13812345678")]),
        ("密码是1234567890123", [("secret", "1234567890123")]),
        ("密码我设的是八八六六二一，怎么不对", [("secret", "八八六六二一")]),
        ("密码改成了 8866", [("secret", "8866")]),
        ("CVV是 123，有效期 09/27", [("secret", "123")]),
        ("安全码幺二三", [("secret", "幺二三")]),
        ("卡背面的后三位数字是，嗯，六八九", [("secret", "六八九")]),
        ("密码输了123次", []),
        ("宽带账号hf62839901", [("account", "62839901")]),
        ("宽带密码abc12345", [("secret", "12345")]),
    ],
)
def test_a_label_makes_a_number_of_what_was_misheard(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected
    assert not any(e.valid for e in find_in(text))
    assert all(e.personal for e in find_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "拨打客服电话4006065500",
        "投诉电话12398、12345",
        "电话95598，95598",
        "密码，10086",
        "手机300000块",
        "电话，2026-11-20打的",
        "手机2304129pn",
        "仓库号123456",
        "发票号码是12345678",
        "工单号码是12345678",
        "验证码是123",
        "验证码1分钟内有效，5分钟失效",
        "密码错了三次",
        "电话是12345",
        "密码我用了三四年了",
        "密码改了三四五次都不行",
        "密码忘了，一共1234条",
        "电话我没有，密码要到123456号柜台改",
    ],
)
def test_a_label_alone_is_not_enough(text: str) -> None:
    assert {kind for kind, _ in found(text)} <= {"amount", "date"}


def test_a_label_changes_nothing_of_what_is_certain() -> None:
    assert [(e.type, e.end - e.start, e.valid) for e in find_in("电话13812345678，6")] == [("mobile", 11, True)]
    fragment = find_in("身份证是110105，194912，31002")
    assert [(e.type, e.valid) for e in fragment] == [("id_card", False), ("mobile", True)]


def test_a_secret_is_no_part_of_a_card() -> None:
    text = "密码是62889，010-62345678，010"
    assert luhn("6288901062345678010")
    assert found(text)[0][0] == "secret"
    assert not any(c.isdigit() for c in mask(text, find_in(text)))


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
    repeated = (2, "mobile", 0, 3)  # by the agent
    assert mine == [(1, "mobile", 0, 3), repeated, (3, "mobile", 2, 6), (5, "mobile", 0, 4)]


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
        "电话138、0013、800",
        "密码是1234",
        "身份证",
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
