"""Names, addresses and e-mail addresses of nobody, as typed and as said."""

from __future__ import annotations

from random import Random

from bench.examiner.phrases import WORDS
from bench.examiner.reading import count_words, digit_words
from bench.examiner.values import digits

FIRST = "建志国永文晓玉秀春海雪金明学宏振世子梓雨思佳嘉俊浩宇欣诗梦天启泽沐奕若书以景"
SECOND = "华强军明平峰林生英兰梅芳玲娟霞燕红丽杰涛斌辉鹏飞龙宁涵萱轩怡琪瑶桐然辰阳远航睿妍婷洁"


def name(rng: Random) -> str:
    """A full name: one character or two behind the surname, now and then a compound surname or a dotted name."""
    draw = rng.random()
    if draw < 0.02:
        return rng.choice(WORDS["minority"])
    surname = (
        rng.choice(WORDS["double"])
        if draw < 0.05
        else WORDS["surnames"][min(int(rng.expovariate(1 / 45)), len(WORDS["surnames"]) - 1)]
    )
    given = rng.choice(WORDS["given"]) if rng.random() < 0.7 else rng.choice(FIRST) + rng.choice(SECOND)
    return surname + given


def address(rng: Random, spoken: bool) -> tuple[str, list[str]]:
    """What may stay (province, city, district; may be empty) and the pieces that tell the door."""

    def door(low: int, high: int) -> str:
        value = rng.randint(low, high)
        if not spoken or rng.random() < 0.25:
            return str(value)
        return count_words(value) if value < 100 or rng.random() < 0.3 else digit_words(str(value), rng)

    before = rng.choice(WORDS["cities"]) if rng.random() < 0.65 else ""
    if before and rng.random() < 0.4:
        before = before.replace("省", "").replace("市", "", 1)
    block = rng.choice(("幢", "栋", "号楼", "座", "号楼"))
    road = rng.choice(WORDS["roads"]) + rng.choice(("路", "路", "路", "街", "大道", "巷", "东路", "西街"))
    tower, village = rng.choice(WORDS["towers"]), rng.choice(WORDS["villages"])
    estate = rng.choice(WORDS["estates"]) + rng.choice(WORDS["estate_ends"])
    unit = f"{door(1, 6)}单元" if rng.random() < 0.6 else ""
    end = rng.choice(("室", "", "", "号"))
    shape = rng.random()
    if shape < 0.28:
        pieces = [f"{road}{door(1, 999)}号", f"{estate}{door(1, 40)}{block}{unit}{door(101, 2804)}{end}"]
    elif shape < 0.5:
        pieces = [estate, f"{door(1, 40)}{block}{unit}{door(101, 2804)}{end}"]
    elif shape < 0.58 and not spoken:
        pieces = [f"{estate}{door(1, 40)}-{door(1, 4)}-{door(101, 2804)}"]
    elif shape < 0.72:
        before += rng.choice(WORDS["towns"])
        pieces = [f"{village}村{door(1, 15)}{rng.choice('组队社组')}{door(1, 150)}号"]
    elif shape < 0.82:
        pieces = [
            f"{road}{door(1, 999)}号",
            f"{tower}{rng.choice('ABCD')}座{door(301, 3208)}{end}",
        ]
    elif shape < 0.9:
        pieces = [f"{road}{door(2, 1999)}弄", f"{door(1, 120)}号{door(101, 1804)}室"]
    else:
        pieces = [f"{road}{door(1, 899)}号"]
    return before, pieces


def email(rng: Random) -> tuple[str, str]:
    """Mailbox and host."""
    draw = rng.random()
    if draw < 0.25:
        return rng.choice("123456789") + digits(rng, rng.choice((7, 8, 9))), "qq.com"
    local = rng.choice(WORDS["pinyin"]) + rng.choice(("", "", "_", ".")) + rng.choice(WORDS["pinyin"])
    if draw < 0.7:
        local += rng.choice((digits(rng, 2), str(rng.randint(1960, 2005)), digits(rng, 3), digits(rng, 4)))
    return local, rng.choice(WORDS["hosts"])
