"""Figures that tell nothing about a person, as typed and as said: each gives its text for one slot of a template."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.examiner.phrases import LINES, WORDS
from bench.examiner.reading import count_words, digit_words
from bench.examiner.values import digits


def _speak(value: str, voice: bool, rng: Random, chance: float = 0.6) -> str:
    return digit_words(value, rng) if voice and rng.random() < chance else value


def _count(value: int, voice: bool, rng: Random, chance: float = 0.65) -> str:
    return count_words(value) if voice and rng.random() < chance else str(value)


def order(voice: bool, rng: Random) -> str:
    day = f"202{rng.randint(3, 6)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    value = rng.choice(
        (
            rng.choice("23") + digits(rng, 11),
            day + digits(rng, rng.choice((6, 8, 10))),
            rng.choice("1234") + digits(rng, rng.choice((17, 18))),
            rng.choice(("DD", "NO", "PO", "E")) + day[2:] + digits(rng, 6),
        )
    )
    return _speak(value, voice, rng, 0.4)


def parcel(voice: bool, rng: Random) -> str:
    value = rng.choice(
        (
            "SF" + digits(rng, 13),
            "YT" + digits(rng, 13),
            "JDVA" + digits(rng, 11),
            "7" + digits(rng, 13),
            "77" + digits(rng, 13),
            "43" + digits(rng, 13),
            f"E{rng.choice('ABCS')}{digits(rng, 9)}CN",
        )
    )
    return _speak(value, voice, rng, 0.4)


def work_order(voice: bool, rng: Random) -> str:
    day = f"202{rng.randint(3, 6)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    value = rng.choice(
        (
            day + digits(rng, 8),
            day + digits(rng, 5),
            "GD" + day + digits(rng, 4),
            digits(rng, 8),
            "TS" + digits(rng, 10),
        )
    )
    return _speak(value, voice, rng, 0.4)


def hotline(voice: bool, rng: Random) -> str:
    if rng.random() < 0.3:
        tail = digits(rng, 7)
        if voice:
            return rng.choice(("四零零 ", "四零零", "400")) + _speak(
                tail[:3] + rng.choice(("", " ")) + tail[3:], True, rng
            )
        return rng.choice((f"400-{tail[:3]}-{tail[3:]}", f"400{tail}", f"400 {tail[:3]} {tail[3:]}", f"400-{tail}"))
    return _speak(rng.choice(WORDS["hotlines"]), voice, rng)


def amount(voice: bool, rng: Random) -> str:
    if rng.random() < 0.5:
        value = rng.choice((rng.randint(3, 999), rng.randint(1000, 9999), rng.randint(1, 90) * 1000))
        return _count(value, voice, rng) + rng.choice(("元", "块", "块钱", "块"))
    if rng.random() < 0.15:
        return _count(rng.randint(1, 300), voice, rng) + rng.choice(("万", "万块", "万元"))
    whole, cents = rng.randint(2, 3999), rng.randint(1, 99)
    if voice and rng.random() < 0.6:
        return f"{count_words(whole)}块{count_words(cents // 10 or 5)}"
    text = f"{whole:,}.{cents:02d}" if rng.random() < 0.25 else f"{whole}.{cents:02d}"
    return rng.choice((f"{text}元", f"¥{text}", f"{text}块"))


def date(voice: bool, rng: Random) -> str:
    year, month, day = rng.randint(2019, 2027), rng.randint(1, 12), rng.randint(1, 28)
    if voice and rng.random() < 0.6:
        head = rng.choice((digit_words(str(year), rng, one="一") + "年", "", "今年", ""))
        return f"{head}{count_words(month)}月{count_words(day)}{rng.choice('号日号')}"
    forms = (
        f"{year}年{month}月{day}日",
        f"{month}月{day}号",
        f"{year}-{month:02d}-{day:02d}",
        f"{year}/{month}/{day}",
        f"{year}.{month}.{day}",
        f"{year}年{month}月份",
        f"{month}.{day}",
    )
    return rng.choice(forms[:2] if voice else forms)


def moment(voice: bool, rng: Random) -> str:
    hour, minute = rng.randint(0, 23), rng.randint(0, 59)
    if voice and rng.random() < 0.7:
        half = rng.choice(("上午", "下午", "晚上", ""))
        return f"{half}{count_words(hour % 12 or 12)}点{rng.choice(('半', '', count_words(minute) + '分', '多'))}"
    return rng.choice(
        (f"{hour}:{minute:02d}", f"{hour}点{minute}分", f"{hour:02d}:{minute:02d}:{rng.randint(0, 59):02d}")
    )


def reading(voice: bool, rng: Random) -> str:
    value = rng.randint(120, 99999)
    if voice:
        return rng.choice((count_words(value), digit_words(str(value), rng), str(value)))
    return rng.choice((str(value), f"{value}.{rng.randint(0, 99):02d}", f"0{value}"))


def energy(voice: bool, rng: Random) -> str:
    return _count(rng.randint(12, 4200), voice, rng) + rng.choice(
        ("度", "度电", "千瓦时") if not voice else ("度", "度电")
    )


def agent(voice: bool, rng: Random) -> str:
    return _speak(digits(rng, rng.choice((3, 4, 5, 6, 8))), voice, rng, 0.7)


def percent(voice: bool, rng: Random) -> str:
    value = rng.randint(1, 100)
    if voice and rng.random() < 0.7:
        return "百分之" + count_words(value)
    return rng.choice((f"{value}%", f"{value}.{rng.randint(1, 9)}%", f"{value}％"))


def model(voice: bool, rng: Random) -> str:
    return rng.choice(LINES["models"])


def version(voice: bool, rng: Random) -> str:
    text = ".".join(str(rng.randint(0, 30)) for _ in range(rng.choice((2, 3, 3, 4))))
    return text if not voice else text.replace(".", "点")


def quantity(voice: bool, rng: Random) -> str:
    return _count(rng.randint(2, 60), voice, rng) + rng.choice(
        ["天", "个月", "年", "分钟", "个小时", "小时", "个工作日", "周"]
    )


def pieces(voice: bool, rng: Random) -> str:
    value = rng.choice((rng.randint(2, 30), rng.randint(2, 600)))
    return _count(value, voice, rng) + rng.choice(
        ["台", "件", "个", "箱", "瓶", "次", "遍", "包", "公里", "平米", "斤", "兆", "户"]
    )


def length(voice: bool, rng: Random) -> str:
    """How many figures a number has: 您的身份证是十八位的."""
    return _count(rng.choice((4, 6, 8, 10, 11, 13, 15, 16, 17, 18, 19)), voice, rng) + rng.choice(
        ("位", "位数", "位数字", "位")
    )


def term(voice: bool, rng: Random) -> str:
    return _count(rng.choice((3, 6, 9, 12, 18, 24, 36)), voice, rng) + "期"


def electric(voice: bool, rng: Random) -> str:
    return rng.choice(
        ("220V", "380V", "10kV", "60A", "220伏", "8千瓦", "160kVA", "二百二十伏", "三百八十伏", "315千伏安", "40安")
    )


def tariff(voice: bool, rng: Random) -> str:
    text = f"0.{rng.randint(2000, 9999)}"
    return (text if not voice else text.replace("0.", "零点") if rng.random() < 0.4 else text) + rng.choice(
        ("元", "块", "元/度", "元每度")
    )


def sku(voice: bool, rng: Random) -> str:
    return _speak(rng.choice(("100", "6", "")) + digits(rng, rng.choice((6, 7, 9))), voice, rng, 0.3)


def error(voice: bool, rng: Random) -> str:
    return rng.choice(
        (
            f"E{digits(rng, 1)}",
            f"{rng.choice((4, 5))}0{digits(rng, 1)}",
            f"0x{digits(rng, 4)}",
            f"ERR-{digits(rng, 4)}",
            f"-{digits(rng, 3)}",
        )
    )


def trip(voice: bool, rng: Random) -> str:
    return rng.choice(("CA", "MU", "CZ", "HU", "G", "D", "K", "3U")) + digits(rng, rng.choice((3, 4)))


INNOCENTS: dict[str, Callable[[bool, Random], str]] = {
    "order": order,
    "parcel": parcel,
    "work_order": work_order,
    "hotline": hotline,
    "amount": amount,
    "date": date,
    "moment": moment,
    "reading": reading,
    "energy": energy,
    "agent": agent,
    "percent": percent,
    "model": model,
    "version": version,
    "quantity": quantity,
    "pieces": pieces,
    "length": length,
    "term": term,
    "electric": electric,
    "tariff": tariff,
    "sku": sku,
    "error": error,
    "trip": trip,
}
