"""Values to plant: personal data that could be somebody's, and numbers that are nobody's. All are invented."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from qc.text.identifiers import id_check_digit


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words that names and addresses are made of; the files share none of the rarer ones."""

    surnames: str
    given: str
    cities: tuple[str, ...]
    roads: tuple[str, ...]
    estates: tuple[str, ...]
    latin: tuple[str, ...]


_DEVELOP = Words(
    surnames="王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    given="伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂",
    cities=("广东省深圳市南山区", "江苏省南京市鼓楼区", "浙江省杭州市西湖区", "北京市朝阳区", "四川省成都市武侯区", ""),
    roads=("科技路", "建国路", "中山一路", "人民南路", "学府大道", "解放街", "长江路"),
    estates=("幸福小区", "阳光花园", "翠苑小区", "绿地公寓"),
    latin=("zhang", "wei", "lily", "happy", "sun", "liu"),
)
_HELD_OUT = Words(
    surnames="殷施洪翟安倪牟温芦章鲁葛柳岳齐梅庄辛管祝左涂谷祁舒耿卜詹关苗凌费纪靳童欧甄项曲成游裴席卫查鲍位霍翁王李张刘陈",
    given="建军志远爱华丽娟晓燕雪梅国栋海涛思琪子涵雨泽博文佳怡俊熙诗雅一诺浩宇梦瑶天佑欣妍少峰卫东秀兰桂芳振华",
    cities=(
        *(
            "福建省泉州市丰泽区",
            "广东省东莞市南城街道",
            "江苏省苏州市姑苏区",
            "吉林省长春市朝阳区",
            "海南省海口市龙华区",
        ),
        *("甘肃省兰州市城关区", "内蒙古呼和浩特市赛罕区", "四川省绵阳市涪城区", "宁波市鄞州区", "北京市海淀区", ""),
    ),
    roads=(
        *("田安路", "鸿福路", "人民路", "红旗街", "国贸大道", "东岗西路", "新华东街", "临园路", "天童南路", "知春路"),
        *("文化巷", "幸福东路"),
    ),
    estates=("万达华府", "世纪城", "锦绣花园", "阳光水岸", "紫金小区", "华润公寓", "翡翠湾", "和平新村"),
    latin=("meimei", "kevin", "xiaofeng", "leo", "panda", "tianya"),
)
_WORDS = {"develop": _DEVELOP, "held_out": _HELD_OUT}


def words_of(phrasing: str) -> Words:
    """The words for the phrasings of that name."""
    return _WORDS[phrasing]


Draw = random.Random


def _digits(draw: Draw, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def _mobile(draw: Draw, _: Words) -> str:
    return "1" + draw.choice("3456789") + _digits(draw, 9)


def _landline(draw: Draw, _: Words) -> str:
    area, size = draw.choice((("010", 8), ("021", 8), ("0755", 8), ("0512", 8), ("0716", 7), ("0898", 8), ("0931", 7)))
    return area + draw.choice("2345678") + _digits(draw, size - 1)


_REGIONS = ("110105", "320106", "440305", "510107", "330106", "610113", "420111", "370203")


def _id_card(draw: Draw, _: Words) -> str:
    body = f"{draw.choice(_REGIONS)}{draw.randrange(1940, 2012)}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
    body += _digits(draw, 3)
    return body + id_check_digit(body).upper()


def _id15(draw: Draw, _: Words) -> str:
    day = f"{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
    return f"{draw.choice(_REGIONS)}{draw.randrange(30, 99)}{day}{_digits(draw, 3)}"


_BINS = ("622202", "621700", "622848", "621661", "622588", "621483", "625912")


def _bank_card(draw: Draw, _: Words) -> str:
    body = draw.choice(_BINS) + _digits(draw, draw.choice((9, 12)))
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def _account(draw: Draw, _: Words) -> str:
    return draw.choice("01235689") + _digits(draw, draw.choice((9, 9, 12, 8)))


def _plate(draw: Draw, _: Words) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    head = draw.choice("京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂粤川") + draw.choice("ABCDEFGHJKLMN")
    if draw.random() < 0.3:
        return head + draw.choice("DF") + _digits(draw, 5)
    return head + draw.choice(("", "·")) + _digits(draw, 2) + draw.choice(letters) + _digits(draw, 2)


def _passport(draw: Draw, _: Words) -> str:
    return draw.choice(("E", "G", "EA", "EJ", "ED")).ljust(2, draw.choice("0123456789")) + _digits(draw, 7)


def _permit(draw: Draw, _: Words) -> str:
    return draw.choice(("C" + _digits(draw, 8), "CA" + _digits(draw, 7), _digits(draw, 8), "H" + _digits(draw, 10)))


_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def _credit_code(draw: Draw, _: Words) -> str:
    body = (
        draw.choice(("91", "92", "93"))
        + draw.choice(_REGIONS)
        + "MA"
        + "".join(draw.choice(_ALPHABET) for _ in "1234567")
    )
    return body + _ALPHABET[-sum(w * _ALPHABET.index(c) for w, c in zip(_WEIGHTS, body, strict=True)) % 31]


def _email(draw: Draw, words: Words) -> str:
    name = draw.choice(words.latin) + draw.choice((".", "_", "")) + _digits(draw, draw.choice((2, 4, 8)))
    return f"{name}@{draw.choice(('qq.com', '163.com', 'gmail.com', 'mail.sina.com.cn', 'example.org'))}"


def _address(draw: Draw, words: Words) -> str:
    city = draw.choice(words.cities)
    road = f"{draw.choice(words.roads)}{draw.randrange(1, 400)}号"
    flat = f"{draw.randrange(1, 30)}栋{draw.randrange(1, 5)}单元{draw.randrange(1, 30)}0{draw.randrange(1, 5)}"
    if draw.random() < 0.4:
        return city + draw.choice(words.estates) + flat + draw.choice(("室", ""))
    return city + road + draw.choice(("", draw.choice(words.estates) + flat, flat + "室"))


def _name(draw: Draw, words: Words) -> str:
    return draw.choice(words.surnames) + "".join(draw.sample(words.given, draw.choice((1, 2, 2))))


def _wechat(draw: Draw, words: Words) -> str:
    return draw.choice(words.latin) + draw.choice(("_", "-", "")) + _digits(draw, draw.choice((4, 6)))


def _qq(draw: Draw, _: Words) -> str:
    return draw.choice("123456789") + _digits(draw, draw.choice((7, 8, 9)))


def _birthday(draw: Draw, _: Words) -> str:
    y, m, d = draw.randrange(1940, 2012), draw.randrange(1, 13), draw.randrange(1, 29)
    return draw.choice((f"{y}年{m}月{d}日", f"{y}-{m:02d}-{d:02d}", f"{y}{m:02d}{d:02d}", f"{y % 100:02d}年{m}月{d}号"))


def _secret(draw: Draw, _: Words) -> str:
    return _digits(draw, draw.choice((4, 6, 6)))


PERSONAL: dict[str, Callable[[Draw, Words], str]] = {
    "mobile": _mobile,
    "landline": _landline,
    "id_card": _id_card,
    "id15": _id15,
    "bank_card": _bank_card,
    "account": _account,
    "plate": _plate,
    "passport": _passport,
    "permit": _permit,
    "credit_code": _credit_code,
    "email": _email,
    "address": _address,
    "name": _name,
    "wechat": _wechat,
    "qq": _qq,
    "birthday": _birthday,
    "secret": _secret,
}

_CHINESE_COUNT = ("五十六", "一百二十八", "三千四百", "一万二", "两百零五", "八十")


def _one_of(*made: Callable[[Draw], str]) -> Callable[[Draw], str]:
    return lambda draw: draw.choice(made)(draw)


def _date(draw: Draw) -> str:
    y, m, d = draw.randrange(2023, 2028), draw.randrange(1, 13), draw.randrange(1, 29)
    return draw.choice(
        (f"{y}年{m}月{d}日", f"{m}月{d}号", f"{y}-{m:02d}-{d:02d}", f"{y}/{m}/{d}", f"{y}{m:02d}{d:02d}", f"{d}号")
    )


INNOCENT: dict[str, Callable[[Draw], str]] = {
    "kwh": _one_of(
        lambda r: f"{r.randrange(20, 9999)}度",
        lambda r: f"{r.randrange(20, 99999)}千瓦时",
        lambda r: f"{r.choice(_CHINESE_COUNT)}度电",
        lambda r: f"{r.randrange(10, 999)}.{r.randrange(10, 99)}kWh",
    ),
    "amount": _one_of(
        lambda r: f"{r.randrange(1, 9999)}元",
        lambda r: f"{r.randrange(1, 99)},{r.randrange(100, 999)}.{r.randrange(10, 99)}元",
        lambda r: f"{r.choice(_CHINESE_COUNT)}块钱",
        lambda r: f"¥{r.randrange(10, 999999)}.00",
        lambda r: f"{r.randrange(100000, 9999999)}元",
    ),
    "price": _one_of(lambda r: f"0.{r.randrange(4000, 9999)}元每度", lambda r: f"{r.randrange(20, 48)}元每千伏安"),
    "date": _date,
    "time": _one_of(
        lambda r: f"{r.randrange(0, 24)}:{r.randrange(60):02d}",
        lambda r: f"{r.randrange(1, 13)}点{r.randrange(60):02d}",
        lambda r: f"下午{r.choice('一二三四五六')}点半",
        lambda r: f"{r.randrange(10, 24)}:{r.randrange(60):02d}:{r.randrange(60):02d}",
    ),
    "ticket": _one_of(
        lambda r: f"20261120{_digits(r, 6)}",
        lambda r: f"2611{_digits(r, 8)}",
        lambda r: f"GD{_digits(r, 10)}",
        lambda r: _digits(r, 8),
    ),
    "order": _one_of(
        lambda r: f"6177{_digits(r, 14)}",
        lambda r: f"26{_digits(r, 10)}",
        lambda r: f"3{_digits(r, 11)}",
        lambda r: f"E2026{_digits(r, 12)}",
    ),
    "tracking": _one_of(
        lambda r: f"SF{_digits(r, 13)}",
        lambda r: f"JD{_digits(r, 12)}",
        lambda r: f"7730{_digits(r, 11)}",
        lambda r: f"YT{_digits(r, 13)}",
    ),
    "reading": _one_of(
        lambda r: _digits(r, 6),
        lambda r: f"{r.randrange(1000, 99999)}",
        lambda r: f"{r.randrange(1000, 99999)}.{r.randrange(10, 99)}",
    ),
    "voltage": _one_of(lambda r: r.choice(("220伏", "380V", "10千伏", "35kV", "二百二十伏"))),
    "capacity": _one_of(lambda r: r.choice(("315kVA", "630千伏安", "8千瓦", "100千瓦"))),
    "flight": _one_of(lambda r: f"{r.choice(('CA', 'MU', 'CZ', 'HU'))}{_digits(r, 4)}"),
    "hotline": _one_of(
        lambda r: r.choice(("95598", "10086", "12398", "12345", "4008208820", "400-820-8820", "800-810-8888", "96315")),
        lambda r: f"400 {_digits(r, 3)} {_digits(r, 4)}",
    ),
    "staff": _one_of(lambda r: _digits(r, 4), lambda r: _digits(r, 5)),
    "year": _one_of(lambda r: f"{r.randrange(1998, 2027)}年"),
    "quantity": _one_of(
        lambda r: f"{r.randrange(2, 99)}台", lambda r: f"{r.randrange(2, 9)}天", lambda r: f"{r.choice('两三四五')}个"
    ),
    "percent": _one_of(lambda r: f"{r.randrange(1, 99)}%", lambda r: f"百分之{r.choice('二三四五')}十"),
    "model": _one_of(
        lambda r: f"KFR-{r.randrange(26, 72)}GW", lambda r: f"DDZY{_digits(r, 4)}", lambda r: f"BCD-{_digits(r, 3)}W"
    ),
    "menu": _one_of(lambda r: r.choice("0123456789")),
}
