"""Numbers that are what they are by themselves: their length, their first digits and their check digit.

Telephone numbers (numbering plan of the mainland), identity cards (GB 11643, GB/T 2260), bank cards (ISO/IEC 7812).
"""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10x98765432"
PROVINCES = frozenset(
    str(code)
    for codes in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 83))
    for code in range(*codes)
)
MOBILE_SIZE = 11
IDENTITY_SIZE = 18
CARD_SIZES = range(15, 20)
UNIONPAY_SIZES = (16, 19)


def telling_type(digits: str) -> str | None:
    """The type of digits that hardly any others have the shape of: a mobile number, or what holds its check digit."""
    if is_mobile(digits):
        return "mobile"
    if is_identity(digits):
        return "id_card" if id_check_digit(digits) == digits[17] else None
    return "bank_card" if digits.isdecimal() and is_card(digits) else None


def is_mobile(digits: str) -> bool:
    """A mainland mobile number, with or without 86."""
    core = digits.removeprefix("00").removeprefix("86") if len(digits) in (13, 15) else digits
    return len(core) == MOBILE_SIZE and core[0] == "1" and core[1] in "3456789"


def is_landline(digits: str) -> bool:
    """An area code (010, 02x, 03xx–09xx) and a number of seven or eight digits that can exist."""
    if not digits.startswith("0") or len(digits) < 10:
        return False
    area = 3 if digits[1] in "12" else 4
    rest = digits[area:]
    return digits[1] != "0" and len(rest) in ((8,) if area == 3 else (7, 8)) and rest[0] in "2345678"


def is_identity(digits: str) -> bool:
    """Whether region and birthday are those of an identity card; its check digit may be wrong."""
    return len(digits) == IDENTITY_SIZE and "x" not in digits[:17] and is_dated(digits[:6], digits[6:14])


def id_check_digit(digits: str) -> str:
    """The last character an identity card number must have (GB 11643): 0–9 or x."""
    return _CHECK[sum(w * int(d) for w, d in zip(_WEIGHTS, digits[:17], strict=True)) % 11]


def is_dated(region: str, birthday: str) -> bool:
    """Whether the first digits of an identity card are a province and a day on which a living person can be born."""
    if region[:2] not in PROVINCES or "x" in birthday:
        return False
    try:
        return 1900 <= date(int(birthday[:4]), int(birthday[4:6]), int(birthday[6:])).year <= 2100
    except ValueError:
        return False


def is_prefecture(code: str) -> bool:
    """Whether third and fourth digit of an identity card can name a prefecture (GB/T 2260)."""
    return code in ("00", "40", "42", "43", "90") or "01" <= code <= "34" or "51" <= code <= "53"


def is_card(digits: str) -> bool:
    """Whether length, first digits (of UnionPay, Visa, Mastercard, JCB and American Express) and check digit are those
    of a bank card."""
    issued = digits.startswith("62") or (len(digits) == 16 and digits[0] in "345")
    return issued and len(digits) in CARD_SIZES and luhn(digits)


def luhn(digits: str) -> bool:
    """The check digit of bank cards (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
