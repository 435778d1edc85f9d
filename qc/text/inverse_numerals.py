"""Spoken numbers → digits (inverse text normalisation): 一三八零零一三八零零零 → 13800138000, 三点半 → 3点半.

What people write in digits is written so: numbers of two digits and more, amounts, dates, times, percentages, rows of
single digits. What is hardly a number stays as it was said: 万一, 一下, 十分, 两三天, 一点; and so does a single digit
that nothing marks as a figure (一个, 第一次, 三天). Words around a number stay: 二百三十块五 becomes 230.5块, not 元.

A row of digits is divided where `qc.text.numbers` sees a telephone or card number in it, so that personal data is found
in the digits wherever it was found in the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qc.text.changes import Change
from qc.text.digits import TO_ARABIC
from qc.text.numbers import numbers
from qc.text.numerals import arabic

_D = "零〇一二两三四五六七八九"
_N = _D + "十百千万亿"
_START = re.compile(rf"[{_N}幺]")
_RUN = re.compile(rf"[{_N}]+")
_UNIT = re.compile(
    r"[多余来]?(?:小时|点钟|分钟|百分点|厘米|毫米|[A-Za-z%]"
    r"|[个万亿块元角毛分度年月日号天周岁倍折级档路楼层栋室房户台位名人口家件份张笔条次例项种页步排期届秒]"
    r"|[兆瓦安伏升吨米斤公千里克平亩])"
)
"""What is counted or measured; behind it a short number is a figure."""
_DAY_PART = ("上午", "中午", "下午", "早上", "晚上", "凌晨", "傍晚", "夜里", "半夜", "早晨", "今天", "明天", "昨天",
             "后天", "当天", "今晚", "明早", "明晚", "到", "至")  # fmt: skip
_HOUR = rf"(?:二十[一二三四]?|十[一二三四五六七八九]?|[{_D}])"
_MINUTE = r"(?:[二三四五]十[一二三四五六七八九]?|十[一二三四五六七八九]?|[零〇][一二三四五六七八九])"
_SHARE = re.compile(rf"([百千])分之(百(?!分)|[{_N}]+)(?:点([{_D}]+))?(?![{_N}几多])")
_TIME = re.compile(
    rf"({_HOUR})点(?:(半|钟|整|[一三]刻)|({_MINUTE})(分(?!之)|(?![{_N}点块元度倍万]))|([一二三四五六七八九])分(?!之|钟))"
)
_HOURS = re.compile(rf"({_HOUR})点(?![{_N}半])")
_DATE = re.compile(
    r"([一二三四五六七八九]|十[一二]?)月份?([一二三四五六七八九]|十[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十一?)[号日]"
)
_YEAR = re.compile(rf"([{_D}]{{4}}|[零〇九八][{_D}])年(?!级)")
_MONEY = re.compile(rf"([{_N}]+)([块元])([{_D}])(?:毛([{_D}]))?毛?(?=钱|$|[^\w]|[吗啊吧呢了的])")
_DECIMAL = re.compile(rf"([{_N}]+)点([{_D}]+)([万亿]?)(?![{_N}点])")
_ROW = re.compile(r"[零〇洞一幺二两三四五六七拐八九]+(?:[ ，、-]{0,2}[零〇洞一幺二两三四五六七拐八九]+)*")
_LEAST = 3
"""Digits of a row that stands alone."""
_LONG_ROW = 7
"""Digits of a row that is one number although it was read in groups, some of a single digit."""
_PLAIN_ROW = 5
"""Digits from which 两, 洞 and 拐 may be among them."""
_IDIOMS = re.compile(
    "三三两两|七七八八|一五一十|三五成群|十万八千里|九九八十一|二百五(?!十)|不管三七二十一|千千万万|千万|万一|百分百|十万火急|万万|百百"
)
_APPROXIMATE = frozenset("几数好上成近百千")
"""Before a run: 几十, 好几百, 上万."""


def digits(text: str) -> list[Change]:
    """The numbers of a text that are better read in digits, in order, without overlaps.

    >>> [c.text for c in digits("请拨打九五五九八，十一月二十号之前交二百三十块五")]
    ['95598', '11月20号', '230.5块']
    >>> digits("万一有一点问题，我十分着急，等了两三天")
    []
    """
    out: list[Change] = []
    at = 0
    while (found := _START.search(text, at)) is not None:
        start = found.start()
        idiom = _IDIOMS.match(text, start)
        if idiom:
            at = idiom.end()
            continue
        changes = next((made for read in _READERS if (made := list(read(text, start)))), [])
        out += [c for c in changes if text[c.start : c.end] != c.text]
        run = _RUN.match(text, start)
        at = changes[-1].end if changes else max(run.end() if run else 0, start + 1)
    return out


def _share(text: str, start: int) -> Iterator[Change]:
    found = _SHARE.match(text, start)
    if found:
        whole = "100" if found[2] == "百" else _whole(found[2])
        if whole is not None:
            yield Change(start, found.end(), whole + _fraction(found[3]) + ("%" if found[1] == "百" else "‰"))


def _time(text: str, start: int) -> Iterator[Change]:
    found = _TIME.match(text, start)
    if found:
        hour = _whole(found[1])
        named = text[max(0, start - 2) : start].endswith(_DAY_PART)
        if found[3] == "十" and found[1] == "一" and not named:  # 有一点十分奇怪
            return
        minute = found[2] or (_whole(found[3].lstrip("零〇")) or "").rjust(2, "0") + found[4] if not found[5] else ""
        if found[5]:
            minute = f"{_whole(found[5])}分"
        if found[2] in ("一刻", "三刻"):
            minute = found[2]
        yield Change(start, found.end(), f"{hour}点{minute}")
        return
    found = _HOURS.match(text, start)
    if found and text[max(0, start - 2) : start].endswith(_DAY_PART):
        yield Change(start, found.end(), f"{_whole(found[1])}点")


def _date(text: str, start: int) -> Iterator[Change]:
    found = _YEAR.match(text, start)
    if found and (len(found[1]) > 2 or found[1] != "八九"):
        yield Change(start, found.end(), found[1].translate(TO_ARABIC) + "年")
        yield from _date(text, found.end())
        return
    found = _DATE.match(text, start)
    if found:
        month = text[found.start() : found.end()].replace(found[1], "", 1)[: -len(found[2]) - 1]
        yield Change(start, found.end(), f"{_whole(found[1])}{month}{_whole(found[2])}{found[0][-1]}")


def _money(text: str, start: int) -> Iterator[Change]:
    found = _MONEY.match(text, start)
    if found:
        whole = _whole(found[1])
        if whole is not None:
            tenths = (found[3] + (found[4] or "")).translate(TO_ARABIC)
            yield Change(start, found.end(), f"{whole}.{tenths}{found[2]}")


def _decimal(text: str, start: int) -> Iterator[Change]:
    found = _DECIMAL.match(text, start)
    if not found:
        return
    whole = _whole(found[1])
    figure = len(found[2]) > 1 or len(found[1]) > 1 or found[1] in "零〇" or found[3] or _is_counted(text, found.end())
    if whole is not None and figure and found[2] != "两":
        yield Change(start, found.end(), whole + _fraction(found[2]) + found[3])


def _row(text: str, start: int) -> Iterator[Change]:
    """A row of single digits, in groups or not; where a known kind of number stands in it, that alone."""
    found = _ROW.match(text, start)
    if not found:
        return
    if text[found.end() : found.end() + 1] in tuple("十百千万亿点块"):  # its last group belongs to a number of its own
        end = max((found[0].rfind(mark) for mark in " ，、-"), default=-1)
        if end < 0:
            return
        row, stop = found[0][:end].rstrip(" ，、-"), 0
        stop = start + len(row)
    else:
        row, stop = found[0], found.end()
    check = "x" if text[stop : stop + 1] in tuple("xX") else ""  # the last character of an identity card
    known = list(numbers(row + check, text[max(0, start - 12) : start], text[stop + len(check) : stop + 12]))
    if known:
        for number in known:
            for group in re.finditer(r"[^ ，、-]+", row[number.start : number.end]):
                first = start + number.start + group.start()
                yield Change(first, first + len(group[0]), group[0].translate(TO_ARABIC))
        return
    groups = list(re.finditer(r"[^ ，、-]+", row))
    together = sum(len(g[0]) for g in groups) >= _LONG_ROW
    for group in groups:
        odd = any(char in "两洞拐" for char in group[0])
        least = 1 if together else _PLAIN_ROW if odd else _LEAST
        if len(group[0]) >= least:
            yield Change(start + group.start(), start + group.end(), group[0].translate(TO_ARABIC))


def _cardinal(text: str, start: int) -> Iterator[Change]:
    found = _RUN.match(text, start)
    if not found or len(found[0]) == 1:
        return
    run, end = found[0], found.end()
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    if (before in _APPROXIMATE and before) or after[:1] in ("几", "数") or after == "分之" or before == "之":
        return
    value = _whole(run)
    if value is None or not any(char in "十百千万亿" for char in run):
        return
    if len(run) == 2 and not _is_counted(text, end) and before != "第":
        return
    yield Change(start, end, _rounded(run) or value)


_READERS: tuple[Callable[[str, int], Iterator[Change]], ...] = (_share, _time, _date, _money, _decimal, _row, _cardinal)


def _whole(run: str) -> str | None:
    return TO_ARABIC.get(ord(run)) if len(run) == 1 and ord(run) in TO_ARABIC else arabic(run)


def _fraction(run: str | None) -> str:
    return "." + run.translate(TO_ARABIC) if run else ""


def _rounded(run: str) -> str | None:
    """三十万 → 30万: whole ten thousands stay in the unit in which they were said."""
    if run[-1] in "万亿" and len(run) > 1 and not set(run[:-1]) & set("万亿"):
        value = _whole(run[:-1])
        return None if value is None else value + run[-1]
    return None


def _is_counted(text: str, at: int) -> bool:
    return _UNIT.match(text, at) is not None
