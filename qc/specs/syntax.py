"""What libyaml says of broken YAML, in Chinese and with the usual cause."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

_FULL_WIDTH_KEY = re.compile(r"\s*(?:- +)*[\w.\"']+：")
_FULL_WIDTH_INSIDE = re.compile(r"[{,]\s*[\w.]+：")
_NO_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_]\w*):(?=[^\s:/])")
_FULL_WIDTH_QUOTE = re.compile(r":\s+[“”‘’]")
FULL_WIDTH_BRACKET = re.compile(r"[｛｝［］【】]")
_AFTER_CLOSED = re.compile(r"""\s*(?:- +)*[\w.]+: +(?:"[^"]*"|'[^']*'|\{[^{}]*\}|\[[^][]*\]) *(?=[^\s#])""")
_NO_DASH_SPACE = re.compile(r"\s*-(?=[^\s\-\d.])")
_NO_KEY = re.compile(r"\s*(?:- +)*:(?:\s|$)")

_UNCLOSED = (
    "found unexpected end of stream",
    "found unexpected document indicator",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
)
_COLONLESS = ("could not find expected ':'", "mapping values are not allowed in this context")
_QUOTE = "值里有冒号、#、引号或括号时，请把整个值用引号括起来。"
_INDENT = "请检查缩进：同一层的键要左对齐，只用空格。"
_REASONS: dict[str, tuple[str, str]] = {
    "found character that cannot start any token": ("这个字符不能放在值的开头", _QUOTE),
    "found a tab character that violates indentation": ("缩进用了制表符（Tab）", "请改用空格缩进。"),
    "mapping values are not allowed in this context": ("这里多了一个冒号，或缩进不对", _QUOTE + _INDENT),
    "could not find expected ':'": ("键的后面缺少冒号", "键后面要写半角冒号和一个空格，例如 title: 标题。"),
    "found unexpected ':'": ("冒号后面缺少空格", "键后面要写半角冒号和一个空格，例如 {title: 标题}。"),
    "did not find expected key": ("这里应是一个键", _INDENT + "也请检查引号、括号是否成对。"),
    "did not find expected '-' indicator": ("列表的每一项要以“- ”开头", _INDENT),
    "block sequence entries are not allowed in this context": ("列表不能从这里开始", "请把“- ”写到下一行并缩进。"),
    "did not find expected ',' or ']'": ("方括号没有配对，或少了逗号", "列表写作 [甲, 乙]，用半角逗号分隔。"),
    "did not find expected ',' or '}'": ("花括号没有配对，或少了逗号", "写作 {键: 值, 键: 值}，用半角逗号分隔。"),
    "did not find expected node content": ("这里缺少内容", "请补上值，或删掉多余的逗号、括号。"),
    "found unexpected end of stream": ("引号没有配对", "请补上结尾的引号。"),
    "found unexpected document indicator": ("引号没有配对", "请补上结尾的引号。"),
    "found unknown escape character": ("双引号里的反斜杠写法不对", "正则请用单引号括起来，或把 \\ 写成 \\\\。"),
    "did not find expected <document start>": ("这里的内容不属于上面的结构", _INDENT),
    "found a tab character where an indentation space is expected": ("缩进用了制表符（Tab）", "请改用空格缩进。"),
    "found an indentation indicator equal to 0": ("| 或 > 后面的数字不能是 0", "去掉数字就好。"),
    "found undefined tag handle": ("不支持类型标签（!）", "请去掉它；值以 ! 开头时请加引号。"),
}
# where the parser was, for the reasons that are too rare to name
_CONTEXTS: dict[str, tuple[str, str]] = {
    "while scanning a directive": ("不支持以 % 开头的指令", "请去掉这一行；值以 % 开头时请加引号。"),
    "while scanning a %YAML directive": ("不支持以 % 开头的指令", "请去掉这一行。"),
    "while scanning a tag": ("不支持类型标签（!）", "请去掉它；值以 ! 开头时请加引号。"),
    "while parsing a tag": ("不支持类型标签（!）", "请去掉它；值以 ! 开头时请加引号。"),
    "while scanning an anchor": ("不支持锚点（&）", "请去掉它；值以 & 开头时请加引号。"),
    "while scanning an alias": ("不支持引用（*）", "请去掉它；值以 * 开头时请加引号。"),
    "while scanning a block scalar": ("| 或 > 后面不能再写内容", "内容从下一行开始写，并缩进。"),
    "while parsing a quoted scalar": ("双引号里的转义写法不对", "请直接写那个字符，或改用单引号。"),
}


def full_width_hint(line: str) -> str:
    """A hint when the line holds the full-width punctuation that people type for YAML's; else an empty string."""
    if _FULL_WIDTH_KEY.match(line):
        return "键的后面是全角冒号“：”，请改成半角冒号加空格“: ”。"
    if _FULL_WIDTH_QUOTE.search(line):
        return '这里是全角引号，请改成半角引号（"）。'
    return ""


def _slip(line: str, reason: str) -> tuple[int, str, str] | None:
    """Column, from 1, message and hint for a slip of the keyboard that breaks the line; None when none is seen."""
    if hint := full_width_hint(line):
        return 1, "", hint
    if line.lstrip().startswith("```"):
        return 1, "这是 Markdown 的代码框，不是 YAML", "请删掉这一行，末尾的一行也要删。"
    if line.startswith("%"):
        return 1, *_CONTEXTS["while scanning a directive"]
    if _NO_KEY.match(line):
        return line.index(":") + 1, "冒号前面没有键", "请写上键的名字。"
    if bracket := FULL_WIDTH_BRACKET.search(line):
        return bracket.start() + 1, "这是全角括号", "请改成半角括号 { } 或 [ ]。"
    if dash := _NO_DASH_SPACE.match(line):
        return dash.end(), "“-”后面缺少空格", "列表的每一项写作“- 内容”，“-”后面空一格。"
    if (closed := _AFTER_CLOSED.match(line)) and reason == "did not find expected key":
        hint = "值以引号、{ 或 [ 开头，就要在那里结束；整个值是一句话时，请用单引号括起来。"
        return closed.end() + 1, "引号或括号的后面还有字", hint
    if (inside := _FULL_WIDTH_INSIDE.search(line)) and reason in _UNCLOSED:
        return inside.end(), "花括号里的冒号是全角的", "请把“：”改成半角冒号加空格“: ”。"
    if (joined := _NO_SPACE.match(line)) and reason in _COLONLESS:
        return joined.end(), "冒号后面缺少空格", f"写作 {joined[1]}: …，冒号是半角的，后面空一格。"
    return None


def _open_quote(line: str) -> int:
    """Column, from 1, of the quote that opens a value of `[…]` or `{…}` and is not closed; 0 when there is none."""
    quote, at, before = "", 0, ""
    for col, character in enumerate(line, 1):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and (before in "[{,:" or not before):
            quote, at = character, col
        before = before if character.isspace() else character
    return at if quote else 0


def explain(error: yaml.YAMLError, text: str, lines: Sequence[str]) -> tuple[int, int, str, str]:
    """Line, column (from 1), message and hint for an error of the YAML parser."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, col = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        return line, col, f"不允许的控制字符 U+{error.character:04X}", "请删掉它；它多半是从别处粘贴进来的。"
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or error)
    if reason in _UNCLOSED:  # the place to mend is near what was opened
        mark = getattr(error, "context_mark", None) or mark
    line, col = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    known = _REASONS.get(reason) or _CONTEXTS.get(str(getattr(error, "context", "")))
    message, hint = known or (f"YAML 写法有误（{reason}）", _QUOTE + _INDENT)
    here = lines[line - 1] if line <= len(lines) else ""
    if here[col - 1 : col] == "\t" or "\t" in here[: len(here) - len(here.lstrip())]:
        message, hint = _REASONS["found a tab character that violates indentation"]
    # libyaml notices a key without its colon only on a later line
    for number in range(line, max(0, line - 3), -1):
        found = _slip(lines[number - 1], reason) if number <= len(lines) else None
        if found is not None:
            at, slip, hint = found
            return number, at, slip or message, hint
    if "{" in here or "[" in here:
        at = _open_quote(here)
        if at:
            return line, at, "引号没有配对", "请在这个值的末尾补上同样的引号。"
    return line, col, message, hint
