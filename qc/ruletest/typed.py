"""Dialogue as people type it: a line per turn, 坐席：您好。"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qc.domain.conversation import Role, Turn
from qc.errors import Problem, SpecError
from qc.specs.suggest import suggest

_ROLES = {
    **dict.fromkeys(("坐席", "座席", "客服", "agent"), Role.AGENT),
    **dict.fromkeys(("客户", "用户", "顾客", "customer"), Role.CUSTOMER),
    **dict.fromkeys(("机器人", "bot"), Role.BOT),
    **dict.fromkeys(("系统", "system"), Role.SYSTEM),
    **dict.fromkeys(("未知", "unknown"), Role.UNKNOWN),
}
_NAMES = "|".join(_ROLES)
_LINE = re.compile(
    r"\s*(?:\[\s*(?P<start>[\d.]+)\s*[-–~至]\s*(?P<end>[\d.]+)(?:\s*(?:s|秒))?\s*\]\s*)?(?P<who>[^\s：:]{1,12})\s*[：:](?P<text>.*)",
    re.IGNORECASE,
)
_SLASH = re.compile(rf"/\s*(?=(?:\[[^\]]{{0,60}}\]\s*)?(?:{_NAMES})\s*[：:])", re.IGNORECASE)
_LATEST_MS = 24 * 3_600_000
_MOST = 5_000_000
"""Characters of a typed dialogue; a longer one is some other file."""


def typed_dialogue(text: str, path: str) -> tuple[Turn, ...]:
    """The turns of a typed dialogue: lines `坐席：…`, `客户：…`, `机器人：…`, `系统：…`, or the same on one line with
    ` / ` between. A line may begin with its seconds, `[12-15.5] 坐席：…`. Blank lines and those that begin with # do
    not count.

    Raises SpecError with every line that cannot be read; `path` is what the problems name.
    """
    problems: list[Problem] = []
    turns = [turn for turn in _turns(text[:_MOST], path, problems) if turn is not None]
    if not turns and not problems:
        problems.append(_problem(path, 1, "", "一句对话也没有", "写作：坐席：您好。换行再写：客户：我要报修。"))
    if problems:
        raise SpecError(problems)
    return tuple(turns)


def _turns(text: str, path: str, problems: list[Problem]) -> Iterator[Turn | None]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        for part in _SLASH.split(line):
            yield _turn(part, path, number, line, problems)


def _turn(part: str, path: str, number: int, line: str, problems: list[Problem]) -> Turn | None:
    match = _LINE.fullmatch(part)
    if match is None:
        problems.append(_problem(path, number, line, "看不出是谁说的", "每行先写角色和冒号，如 坐席：您好。"))
        return None
    role = _ROLES.get(match["who"].lower())
    if role is None:
        known = ("坐席", "客户", "机器人", "系统")
        problems.append(_problem(path, number, line, f"没有角色“{match['who']}”", suggest(match["who"], known)))
        return None
    try:
        start, end = (None if value is None else round(float(value) * 1000) for value in (match["start"], match["end"]))
    except (ValueError, OverflowError):
        problems.append(_problem(path, number, line, "时间不是数字", "写作 [12-15.5]，单位是秒。"))
        return None
    if max(start or 0, end or 0) > _LATEST_MS:
        problems.append(_problem(path, number, line, "时间超过 24 小时", "写作 [12-15.5]，单位是秒。"))
        return None
    if start is not None and end is not None and end < start:
        problems.append(_problem(path, number, line, "结束早于开始", "写作 [开始-结束]，单位是秒。"))
        return None
    return Turn(role=role, text=match["text"].strip(), start_ms=start, end_ms=end)


def _problem(path: str, line: int, source: str, message: str, hint: str) -> Problem:
    return Problem(path=path, line=line, col=1, code="T001", message=message, hint=hint, source=source[:200])
