"""Review files: what the conversation page exports, `qc-review/1`. Whoever sends one may send anything."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from qc.domain.printable import printable, whole_characters
from qc.errors import refusal
from qc.review.opinions import CALIBRATION, PAGE, VERDICTS, Complaint, Opinion, Returned

FORMAT = "qc-review/1"
MOST_BYTES = 32 << 20
MOST_REVIEWS = 200_000
LONGEST_COMMENT = 2_000
LONGEST_NAME = 64
_LONGEST_ID = 512
_HALF = re.compile("[\ud800-\udfff]")
"""JSON can say half a character; nothing that is stored can hold one."""
_AHEAD = timedelta(days=1)
"""A reviewer's clock may be wrong by so much; a later time would make a review the last one for ever."""


def read_file(path: Path, *, now: datetime) -> Returned:
    """The reviews of a JSON file. Entries that are wrong are complained of and left out; of a file that is none of ours
    that is all there is. `now`: local time, after which nothing can have been reviewed."""
    shown = path.name
    try:
        document = _document(path)
    except _UnusableError as error:
        return _nothing(shown, str(error))
    if document.get("format") != FORMAT:
        return _nothing(shown, f"不是复核文件：format 应为 {FORMAT}")
    reviews = document.get("reviews")
    if not isinstance(reviews, list):
        return _nothing(shown, "reviews 应是一个列表")
    if len(reviews) > MOST_REVIEWS:
        return _nothing(shown, f"有 {len(reviews)} 条意见，超过 {MOST_REVIEWS} 条，请分几个文件")
    complaints: list[Complaint] = []
    reviewer, session = document.get("reviewer"), document.get("session")
    wrong = name_fault(reviewer, "复核人 reviewer")
    if wrong is None and session is not None:
        wrong = name_fault(session, "校准场次 session")
    if wrong is not None:
        return _nothing(shown, wrong)
    rules = _text_or_none(document.get("rules_digest"))
    opinions: list[Opinion] = []
    for number, entry in enumerate(reviews, 1):
        place = f"{shown} 第 {number} 条"
        fields = _Fields(entry)
        opinion = _opinion(fields, str(reviewer), None if session is None else str(session), rules, place, now)
        complaints += [Complaint(place=place, message=m) for m in fields.faults]
        if opinion is not None:
            opinions.append(opinion)
    return Returned(
        path=shown,
        run_id=_text_or_none(document.get("run_id")),
        plan_digest=_text_or_none(document.get("plan_digest")),
        opinions=tuple(opinions),
        complaints=tuple(complaints),
    )


class _UnusableError(Exception):
    """Why nothing can be made of the file, in Chinese."""


def _nothing(shown: str, why: str) -> Returned:
    return Returned(
        path=shown, run_id=None, plan_digest=None, opinions=(), complaints=(Complaint(place=shown, message=why),)
    )


def _document(path: Path) -> Mapping[str, Any]:
    raw = read_bytes(path)
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _UnusableError("不是 UTF-8 编码的文本，请用会话页导出的原文件") from None
    except RecursionError:
        raise _UnusableError("嵌套太深，不是复核文件") from None
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise _UnusableError(f"不是 JSON{f'：第 {line} 行有误' if line else ''}；请用会话页导出的原文件") from None
    if not isinstance(found, dict):
        raise _UnusableError("最外层应是一个 JSON 对象")
    return found


def read_bytes(path: Path) -> bytes:
    """A regular file of bearable size, whole."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _UnusableError("不是普通文件")
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise _UnusableError(f"读不了（{refusal(error)}）") from None
    if len(raw) > MOST_BYTES:
        raise _UnusableError(f"超过 {MOST_BYTES >> 20} MB，请分几个文件")
    return raw


class _Fields:
    """An entry's fields; what is wrong with them is noted."""

    def __init__(self, entry: object) -> None:
        self._entry: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
        self.faults: list[str] = [] if isinstance(entry, dict) else ["应是一个 JSON 对象"]

    def text(self, name: str, *, needed: bool = True) -> str | None:
        value = self._entry.get(name)
        if value is None or value == "":
            if needed:
                self.faults.append(f"没有 {name}")
            return None
        if not isinstance(value, str) or len(value) > _LONGEST_ID:
            self.faults.append(f"{name} 应是文字" if not isinstance(value, str) else f"{name} 太长")
            return None
        if _HALF.search(value):
            self.faults.append(f"{name} 里有半个字符，请用会话页导出的原文件")
            return None
        return value

    def verdict(self, name: str) -> str | None:
        value = self._entry.get(name)
        if isinstance(value, str) and value in VERDICTS:
            return value
        self.faults.append(f"{name} 应是 {'、'.join(VERDICTS)} 之一")
        return None

    def comment(self) -> str:
        value = self._entry.get("comment")
        if value is None:
            return ""
        if not isinstance(value, str):
            self.faults.append("comment 应是文字")
            return ""
        if len(value) > LONGEST_COMMENT:
            self.faults.append(f"说明有 {len(value)} 字，超过 {LONGEST_COMMENT} 字")
        return clean(value[:LONGEST_COMMENT]).strip()

    def moment(self, name: str, now: datetime) -> datetime:
        value = self._entry.get(name)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            if moment is not None and moment.tzinfo is not None:
                moment = moment.astimezone().replace(tzinfo=None)
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self.faults.append(f"{name} 应是时间，如 2026-11-22T09:29:41")
            return now
        if moment > now + _AHEAD or moment.year < 2000:
            self.faults.append(f"{name} {value} 不可能：请检查复核人电脑的时钟")
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _opinion(
    fields: _Fields, reviewer: str, session: str | None, rules: str | None, place: str, now: datetime
) -> Opinion | None:
    if fields.faults:
        return None
    conversation = fields.text("conversation_id")
    rule = fields.text("rule_id", needed=False)
    whole = rule is None
    opinion = Opinion(
        conversation_id=conversation or "",
        rule_id=rule,
        rule_version=None if whole else clean(fields.text("rule_version", needed=False) or "") or None,
        rule_digest=rules if whole else fields.text("rule_digest"),
        machine_verdict=None if whole else fields.verdict("machine_verdict"),
        human_verdict=None if whole else fields.verdict("human_verdict"),
        comment=fields.comment(),
        reviewer=clean(reviewer).strip(),
        reviewed_at=fields.moment("reviewed_at", now),
        origin=PAGE if session is None else CALIBRATION,
        session=None if session is None else clean(session).strip(),
        place=place,
    )
    return None if fields.faults else opinion


def name_fault(value: object, what: str) -> str | None:
    """What is wrong with somebody's name, None when nothing is."""
    if not isinstance(value, str) or not clean(value).strip():
        return f"没有写{what}"
    return f"{what}超过 {LONGEST_NAME} 字" if len(value) > LONGEST_NAME else None


def clean(text: str) -> str:
    """`text` that can be stored and shown anywhere: whole characters, none that acts on those around it."""
    return printable(whole_characters(text))


def _text_or_none(value: object) -> str | None:
    return value[:_LONGEST_ID] if isinstance(value, str) and value else None
