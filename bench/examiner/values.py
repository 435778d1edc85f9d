"""Made-up personal numbers whose check digits hold, with the groups people break them into.

Sources: GB 11643 (ID card, ISO 7064 mod 11-2), GB 32100 and GB 11714 (unified social credit code), ISO/IEC 7812
(Luhn), GA 36 (plates).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bench.examiner.phrases import WORDS

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A personal number: its ``symbols`` (digits, letters, a province's character) and the sizes of its groups."""

    kind: str
    symbols: str
    groups: tuple[int, ...]


def digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def mobile(rng: Random) -> Number:
    if rng.random() < 0.15:  # the numbers people like: a digit three or four times over
        liked = rng.choice("6890512347") * rng.choice((3, 4))
        tail = (digits(rng, 8 - len(liked)) + liked) if rng.random() < 0.7 else (liked + digits(rng, 8 - len(liked)))
    else:
        tail = digits(rng, 8)
    groups = rng.choice(((3, 4, 4), (3, 4, 4), (3, 4, 4), (4, 4, 3), (3, 3, 5), (3, 2, 2, 2, 2), (3, 8), (4, 3, 4)))
    return Number(kind="mobile", symbols=rng.choice(WORDS["mobiles"]) + tail, groups=groups)


def landline(rng: Random) -> Number:
    eight = rng.random() < 0.7
    area = rng.choice(WORDS["areas_8"] if eight else WORDS["areas_7"])
    local = rng.choice("2345678") + digits(rng, 7 if eight else 6)
    split = rng.choice(((4, 4), (4, 4), (8,), (3, 5), (2, 2, 2, 2)) if eight else ((3, 4), (7,), (4, 3)))
    if rng.random() < 0.25:
        return Number(kind="landline", symbols=local, groups=split)
    return Number(kind="landline", symbols=area + local, groups=(len(area), *split))


def id_card(rng: Random) -> Number:
    region = rng.choice(WORDS["regions"])
    year, month, day = rng.randint(1938, 2012), rng.randint(1, 12), rng.randint(1, 28)
    if rng.random() < 0.015:
        old = f"{region}{year % 100:02d}{month:02d}{day:02d}{digits(rng, 3)}"
        return Number(kind="id_card", symbols=old, groups=(6, 6, 3))
    body = f"{region}{year}{month:02d}{day:02d}{digits(rng, 3)}"
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body))
    groups = rng.choice(((6, 8, 4), (6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4), (6, 4, 2, 2, 4), (4, 4, 4, 4, 2)))
    return Number(kind="id_card", symbols=body + "10X98765432"[total % 11], groups=groups)


def luhn(body: str) -> str:
    """``body`` with the Luhn digit behind it."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def bank_card(rng: Random) -> Number:
    if rng.random() < 0.65:
        symbols = luhn(rng.choice(WORDS["bins_19"]) + digits(rng, 12))
        long = ((4, 4, 4, 4, 3), (4, 4, 4, 4, 3), (6, 4, 4, 5), (3, 4, 4, 4, 4), (6, 13))
        return Number(kind="bank_card", symbols=symbols, groups=rng.choice(long))
    symbols = luhn(rng.choice(WORDS["bins_16"]) + digits(rng, 9))
    return Number(kind="bank_card", symbols=symbols, groups=rng.choice(((4, 4, 4, 4), (4, 4, 4, 4), (6, 6, 4))))


def account(rng: Random) -> Number:
    length = rng.choice((10, 10, 10, 13, 13, 9, 12, 8))
    symbols = rng.choice("0123456789") + digits(rng, length - 1)
    split = {8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4), 12: (4, 4, 4), 13: (4, 4, 5)}[length]
    groups = rng.choice((split, split, (4,) * (length // 4) + ((length % 4,) if length % 4 else ())))
    return Number(kind="account", symbols=symbols, groups=groups)


def bank_account(rng: Random) -> Number:
    """A company's or a passbook's account at a bank: no check digit that outsiders know."""
    length = rng.choice((15, 17, 18, 19, 20))
    symbols = rng.choice("1234578") + digits(rng, length - 1)
    return Number(kind="account", symbols=symbols, groups=(4,) * (length // 4) + ((length % 4,) if length % 4 else ()))


def plate(rng: Random) -> Number:
    head = rng.choice(PROVINCES) + rng.choice(PLATE_LETTERS[:14])
    shape = rng.random()
    if shape < 0.3:
        tail = rng.choice("DF") + digits(rng, 5)
    elif shape < 0.35:
        tail = digits(rng, 4) + rng.choice("学警挂")
    else:
        tail = "".join(rng.choice(PLATE_LETTERS) if rng.random() < 0.22 else digits(rng, 1) for _ in range(5))
        tail = tail if sum(symbol.isdigit() for symbol in tail) >= 3 else digits(rng, 5)
    return Number(kind="plate", symbols=head + tail, groups=rng.choice(((2, len(tail)), (2, 2, len(tail) - 2))))


def passport(rng: Random) -> Number:
    if rng.random() < 0.45:
        symbols = "E" + rng.choice("ABCDEFGHJKLMN") + digits(rng, 7)
        return Number(kind="passport", symbols=symbols, groups=rng.choice(((2, 7), (2, 3, 4))))
    symbols = rng.choice("EEEG") + digits(rng, 8)
    return Number(kind="passport", symbols=symbols, groups=rng.choice(((1, 8), (1, 4, 4), (5, 4))))


def credit_code(rng: Random) -> Number:
    shape = digits(rng, 8) if rng.random() < 0.4 else "MA" + "".join(rng.choice(CREDIT) for _ in range(6))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    marks = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    left = 11 - sum(weight * marks.index(mark) for weight, mark in zip(weights, shape, strict=True)) % 11
    body = (
        rng.choice(("91", "91", "92", "93", "12", "52")) + rng.choice(WORDS["regions"]) + shape + "0123456789X0"[left]
    )
    total = sum(CREDIT.index(mark) * 3**place for place, mark in enumerate(body))
    groups = rng.choice(((2, 6, 9, 1), (4, 4, 4, 4, 2), (8, 10), (6, 6, 6)))
    return Number(kind="credit_code", symbols=body + CREDIT[-total % 31], groups=groups)
