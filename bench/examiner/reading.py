"""How Chinese speech reads figures: digit by digit, or as a count."""

from __future__ import annotations

from random import Random

PLAIN = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def digit_words(text: str, rng: Random, *, one: str = "") -> str:
    """``text`` with every digit read by itself; ``one`` is 幺 or 一, drawn once when empty."""
    said = PLAIN | {"1": one or rng.choice("幺幺一")}
    return "".join(said.get(symbol, symbol) for symbol in text)


def count_words(value: int) -> str:
    """``value`` (0 to 99,999,999) read as a count: 205 is 两百零五."""
    if value >= 10000:
        high, low = divmod(value, 10000)
        gap = "零" if 0 < low < 1000 else ""
        return count_words(high) + "万" + gap + (count_words(low) if low else "")
    words, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            words += "零" if zero and words else ""
            words += ("两" if digit == 2 and unit >= 100 else PLAIN[str(digit)]) + name
            zero = False
        else:
            zero = True
    if words.startswith("一十"):
        words = words[1:]
    return words or "零"
