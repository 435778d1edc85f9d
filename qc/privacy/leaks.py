"""Whether personal data survived in what was written: a second opinion that shares nothing with the masking.

Plain expressions over the text as it stands (mobile numbers, landlines, identity cards and bank cards whose check
digit holds, e-mail addresses, digits spoken in a row), and any of the values somebody says must not be there, in any
spelling: with spaces or dashes, full-width, in Chinese digits, in pieces over several turns.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qc.errors import UsageError
from qc.ingest.grid import CSV_SUFFIXES, XLSX_SUFFIXES, GridError, read_grid
from qc.ingest.text_file import lines as lines_of
from qc.privacy.contents import Lines, Skipped, contents
from qc.text.automaton import Automaton

_SPOKEN = str.maketrans("零〇洞一幺二两三四五六七拐八九勾壹贰叁肆伍陆柒捌玖", "0001122345677899123456789")
_TIMES = re.compile("([2-9])个([0-9])")
"""三个八, once its numerals are figures."""
_MARK = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\u20e3\ufeff\u00ad]")
_JOIN = "[ \\-–—.]?"
_SAID = "(?:[二两三四五六七八九]个)?[零〇洞一幺二两三四五六七拐八九勾]"
"""One digit, or several of the same."""
_PATTERNS = re.compile(
    rf"(?<![0-9A-Za-z.])(?P<mobile>(?:\+?86{_JOIN})?1[3-9][0-9]{_JOIN}[0-9]{{4}}{_JOIN}[0-9]{{4}})(?![0-9A-Za-z*])"
    rf"|(?<![0-9A-Za-z.])(?P<id_card>[1-9][0-9]{{5}}{_JOIN}[0-9]{{8}}{_JOIN}[0-9]{{3}}[0-9Xx])(?![0-9A-Za-z*])"
    rf"|(?<![0-9A-Za-z.])(?P<bank_card>(?:62|[345][0-9])[0-9]{{2}}(?:[ \-]?[0-9]{{3,5}}){{3,4}})(?![0-9A-Za-z*.])"
    r"|(?<![0-9A-Za-z.])(?P<landline>0[0-9]{2,3}[-)][2-8][0-9]{6,7})(?![0-9A-Za-z*.])"
    r"|(?<![0-9A-Za-z*._%+\-])(?P<email>[A-Za-z0-9][A-Za-z0-9._%+\-]*[A-Za-z0-9]@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)"
    r"|(?<![0-9A-Za-z.])(?!(?i:sf|jd|yt|zt|st|jt|yd|dp|lp|ems|rmb))[A-Za-z]{1,12}"  # no parcel, no amount
    r"(?P<glued>1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z*])"
    rf"|(?P<spoken>{_SAID}(?:[ ,，、]?{_SAID}){{5,}})"
)
_INNOCENT = re.compile(
    r"(?:订单|单号|运单|快递|物流|工单|流水|序列|条码|批次|编码|型号|受理)(?:(?!电话|手机|联系|身份|银行|[人员])[^，。；]){0,10}$"
)
TYPES = {
    "mobile": "手机号",
    "id_card": "身份证号",
    "bank_card": "银行卡号",
    "landline": "固定电话",
    "email": "电子邮箱",
    "spoken": "念出的号码",
    "known": "已知的值",
}
_MOBILE_SIZE = 11
_LEAST_KNOWN_DIGITS = 6
_BOUNDED = 8
"""A known number of fewer digits counts only where no other digit touches it."""
_LEAST_KNOWN_TEXT = 2
_NOT_DIGITS = re.compile(r"[ \-–—.，、,。·~_()（）]")
_FEW_WORDS = 24
"""A turn of at most so many characters, most of them digits, can be a piece of a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Personal data in `file`, `where` number `number` (a line, a row of a column). `excerpt` shows little of it."""

    file: str
    where: str
    number: int
    type: str
    excerpt: str


class Known:
    """Values that must not stand anywhere: telephone numbers, card numbers, names, in any spelling.

    Raises UsageError when none is long enough to be looked for.
    """

    def __init__(self, values: Iterable[str]) -> None:
        digits, texts = set(), set()
        for value in values:
            number = _digit_stream(_plain(value))
            letters = sum(c.isalpha() for c in _plain(value).translate(_SPOKEN))
            if len(number) >= _LEAST_KNOWN_DIGITS and letters <= 1:
                digits.add(number)
            elif len(value.strip()) >= _LEAST_KNOWN_TEXT and letters:
                texts.add(_plain(value).casefold().replace(" ", ""))
        if not digits and not texts:
            raise UsageError("已知值的文件里没有可查的值", "每行一个值；号码至少六位，文字至少两个字。")
        self.digits = tuple(sorted(digits))
        self.texts = tuple(sorted(texts))
        self._digits, self._texts = Automaton(self.digits), Automaton(self.texts)

    def in_digits(self, stream: str) -> Iterator[tuple[int, int]]:
        """Where in `stream` a known number stands."""
        found = self._digits.scan(stream.encode())
        for pattern, start, end in zip(*(column.tolist() for column in found), strict=True):
            alone = not (stream[start - 1 : start].isdigit() or stream[end : end + 1].isdigit())
            if alone or len(self.digits[pattern]) >= _BOUNDED:
                yield start, end

    def in_text(self, text: str) -> Iterator[str]:
        """The known texts in `text`."""
        found = self._texts.scan(text.encode("utf-8", "replace"))
        yield from (self.texts[i] for i in sorted(set(found.pattern.tolist())))


def read_known(path: Path, column: str | None) -> Known:
    """The values of a file: one a line, or a column of a table: whatever can be a manifest, in any encoding.

    Raises UsageError when there is no such column, none is named where there are several, or there is nothing to look
    for.
    """
    try:
        if column is not None or path.suffix.lower() in _TABLES:
            return Known(_column(path, column))
        return Known(_readable(line.text).rstrip("\r\n") for line in lines_of(path))
    except GridError as error:
        raise UsageError(f"{path} 读不了：{error}") from error


_TABLES = CSV_SUFFIXES | XLSX_SUFFIXES | {".parquet"}


def _column(path: Path, column: str | None) -> Iterator[str]:
    def is_header(cells: Sequence[str]) -> bool:
        return column in cells

    grid = read_grid(path, is_header)
    if column is None and len(grid.headers) == 1:
        yield grid.headers[0]  # a list without a header
    elif column is None:
        raise UsageError(
            f"{path} 有 {len(grid.headers)} 列，没有说取哪一列", f"--column 写明：{'、'.join(grid.headers)}"
        )
    elif column not in grid.headers:
        raise UsageError(f"{path} 里没有“{column}”这一列", f"有：{'、'.join(grid.headers)}。")
    at = 0 if column is None else grid.headers.index(column)
    yield from (_readable(str(row.cells[at] or "")) for row in grid.rows() if len(row.cells) > at)


def _readable(text: str) -> str:
    """Without the lone surrogates that stand for bytes nobody could decode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def leaks(paths: Sequence[Path], known: Known | None = None) -> Iterator[Leak | Skipped]:
    """Everything personal in `paths`, and the files that could not be looked into."""
    for path in paths:
        for part in contents(path):
            yield from [part] if isinstance(part, Skipped) else _in_lines(part, known)


def _in_lines(part: Lines, known: Known | None) -> Iterator[Leak]:
    text = _plain("\n".join(part.lines))
    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def leak(at: int, kind: str, value: str) -> Leak:
        number = part.first + bisect_right(starts, at) - 1
        excerpt = value[:2] + "*" * min(len(value) - 2, 12)
        return Leak(file=_hidden(part.file), where=part.where, number=number, type=kind, excerpt=excerpt)

    for found in _PATTERNS.finditer(text):
        group = found.lastgroup or ""
        value, at = found[group], found.start(group)
        kind = group if group != "glued" else "mobile" if len(value) == _MOBILE_SIZE else "id_card"
        if _is_personal(kind, value) and not _innocent(kind, text, at):
            yield leak(at, kind, value)
    if known is not None:
        yield from (leak(at, "known", value) for at, value in _known(text, part, known))


def _known(text: str, part: Lines, known: Known) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    at = 0
    pieces, first = "", 0
    for line in lines:
        stream = _digit_stream(line)
        digits = sum(c.isdigit() for c in stream)
        whole = False
        for start, end in known.in_digits(stream) if digits >= _LEAST_KNOWN_DIGITS else ():
            whole = True
            yield at, stream[start:end]
        for value in known.in_text(line.casefold().replace(" ", "")) if known.texts else ():
            yield at, value
        if (
            part.where.startswith("text")
            and not whole
            and 2 * digits >= len(line.strip()) > 0
            and len(line) <= _FEW_WORDS
        ):
            first = first if pieces else at
            pieces += "".join(c for c in stream if c.isdigit())
            for start, end in known.in_digits(pieces):
                yield first, pieces[start:end]
                pieces = ""
                break
        elif len(line) > _FEW_WORDS:
            pieces = ""
        at += len(line) + 1


def _plain(text: str) -> str:
    """Full-width, circled and mathematical digits as plain ones; what cannot be seen is left out."""
    return unicodedata.normalize("NFKC", _MARK.sub("", text)).replace("⓪", "0")


def _figures(text: str) -> str:
    """Said digits as figures: 幺三八三个零 → 138000."""
    return _TIMES.sub(lambda found: found[2] * int(found[1]), text.translate(_SPOKEN))


def _digit_stream(text: str) -> str:
    """Digits joined over what people put between them; anything else parts them."""
    joined = _NOT_DIGITS.sub("", _figures(text))
    return re.sub(r"[^0-9\n]+", "|", joined).strip("|")


def _is_personal(kind: str, value: str) -> bool:
    digits = re.sub("[^0-9Xx]", "", _figures(value)).upper()
    if kind == "id_card":
        return _identity(digits)
    if kind == "bank_card":
        return 15 <= len(digits) <= 19 and _luhn(digits)
    if kind == "spoken":
        eleven = re.search("1[3-9][0-9]{9}", digits)
        return bool(eleven) or any(_identity(digits[i : i + 18]) for i in range(len(digits) - 17))
    return True


def _innocent(kind: str, text: str, at: int) -> bool:
    """An order number may look like anything; an address of an example company is nobody's."""
    line = text[max(text.rfind("\n", 0, at) + 1, at - 16) : at]
    return kind != "email" and _INNOCENT.search(line) is not None


def _identity(digits: str) -> bool:
    """GB 11643: a birthday that exists and the check character."""
    if len(digits) != 18 or not digits[:17].isdecimal() or not "1900" <= digits[6:10] <= "2100":
        return False
    if not ("01" <= digits[10:12] <= "12" and "01" <= digits[12:14] <= "31"):
        return False
    return "10X98765432"[sum(int(c) * 2 ** (17 - i) for i, c in enumerate(digits[:17])) % 11] == digits[17]


def _luhn(digits: str) -> bool:
    return sum(sum(divmod(int(c) * (1 + i % 2), 10)) for i, c in enumerate(reversed(digits))) % 10 == 0


def _hidden(file: str) -> str:
    """The file's name without digits that may be the leak itself."""
    return re.sub("[0-9]{11,}", lambda m: m[0][:3] + "*" * (len(m[0]) - 3), file)
