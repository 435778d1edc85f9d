"""Recogniser's text → text for people and rules: simplified characters, Chinese marks, no debris.

Whisper base writes traditional characters a quarter of the time, and marks as its model, its precision and the other
windows of a batch would have it. Pauses are the same for all of them, so a sentence ends where the speaker pauses:

- between two phrases of a speaker stands ，; after a pause of SENTENCE_PAUSE_MS or at the end 。, or ？ for a question;
- a clause is a question when it ends in 吗, 么 or 了没有, when it asks A不A (是不是, 能不能), when it is short and
  ends in 呢 (那你呢), or when it has a question word (什么, 怎么, 哪, 几点, 多少) that no 都 or 也 makes indefinite;
- the marks the recogniser wrote say which mark stands at a pause (？, ！), never where a sentence ends: inside a
  phrase its 。 and ； are ，, and so are its spaces between characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qc.asr.wording.edits import edited, retouched
from qc.domain.recording import Segment
from qc.text.changes import Change
from qc.text.normalise import simplify

SENTENCE_PAUSE_MS = 600

_MARKS = str.maketrans(",?!;:…~", "，？！；：。。")
_DEBRIS = re.compile(r"[\ufffd\u200b-\u200f\u2028-\u202e\ufeff\x00-\x1f♪♫♬★☆●○■□◆◇<>{}|\\^`_=*#【】\[\]()（）]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_HAN = "\u3400-\u9fff"
_PAUSE = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}0-9A-Za-z])|(?<=[0-9A-Za-z])\s+(?=[{_HAN}])")
_POINT = re.compile(r"(?<![0-9A-Za-z])\.|\.(?![0-9A-Za-z])")
_MARK_RUN = re.compile(r"[，。？！；：、]{2,}")
_INNER = re.compile(r"([^，。？！；]*)([。？！；])(?=.)")
_REPEAT = re.compile(r"(.{1,12}?)\1{5,}")
_STRENGTH = "，、：；。！？"

_QUESTION_WORD = re.compile(r"为什么|什么|怎么|怎样|哪(?!怕)|几(?=[点号月岁楼位])|多少|谁|多久|多长时间|何时|咋")
_INDEFINITE = re.compile(
    r"没什么|没怎么|不怎么|什么的|(什么|怎么|怎样|哪|谁|多少).{0,6}[都也]|不管|无论|不知道|随便|不论|几乎"
)
_A_NOT_A = re.compile(r"(.)[不没]\1|有没有|是否|可不可以|能否")
_PARTICLE = re.compile(r"(吗|[^什怎那这多]么|了没有?|好不|行不)$")

_INVENTIONS = re.compile(
    r"^(谢谢|感谢)(大家|您的?|你的?)?(观看|收看|收听)|^字幕，?(由|组|志愿者|制作|提供|by)|请不吝点赞|打赏支持|明镜(与|需要)|"
    r"点点栏目|普通话的句子|^订阅.{0,8}(频道|转发)|amara\.?org|^中文字幕|优优独播剧场",
    re.IGNORECASE,
)
"""What whisper models write over music and noise, learnt from subtitles; and the echo of a usual prompt."""


def clean(segments: Sequence[Segment]) -> list[Segment]:
    """Segments of one channel in time order → the same, readable; those without any text left are dropped.

    A known invention gets confidence 0.0.
    """
    kept = [tidy for s in segments if _has_words((tidy := _tidy(s)).text)]
    out = []
    for i, segment in enumerate(kept):
        pause = kept[i + 1].start_ms - segment.end_ms if i + 1 < len(kept) else SENTENCE_PAUSE_MS
        bare = segment.text.rstrip(_STRENGTH)
        confidence = 0.0 if _INVENTIONS.search(bare) else round(segment.confidence, 4)
        text = bare + _mark(bare, segment.text[len(bare) :], pause)
        out.append(replace(segment, text=text, confidence=confidence))
    return out


def is_question(clause: str) -> bool:
    """Whether a clause without its mark asks something, by its words alone.

    >>> is_question("请问您贵姓"), is_question("您要办理什么业务"), is_question("没什么")
    (False, True, False)
    """
    if _PARTICLE.search(clause) or _A_NOT_A.search(clause):
        return True
    asks = bool(_QUESTION_WORD.search(clause)) and not _INDEFINITE.search(clause)
    return asks or (clause.endswith("呢") and len(clause) <= 4)


def _tidy(segment: Segment) -> Segment:
    """Inner form: simplified, Chinese marks, pauses as ，, loops shortened."""
    text = _DEBRIS.sub(" ", simplify(segment.text))
    text = _THOUSANDS.sub("", text).translate(_MARKS)
    text = _PAUSE.sub("，", _POINT.sub("。", text).strip())
    text = re.sub(rf"\s*([{_STRENGTH}])\s*", r"\1", text)
    segment = _with(segment, text)
    loops = [Change(m.start(), m.end(), m[1] * 3) for m in _REPEAT.finditer(text)]
    segment = edited(segment, loops, None)
    text = _MARK_RUN.sub(lambda m: max(m[0], key=_STRENGTH.index), segment.text).lstrip(_STRENGTH)
    return _with(segment, _INNER.sub(_weaker, text))


def _with(segment: Segment, text: str) -> Segment:
    """The segment with its marks and spaces as in `text`."""
    return replace(segment, text=text, words=retouched(segment.words, segment.text, text))


def _weaker(found: re.Match[str]) -> str:
    """A clause inside a phrase, whose mark ends no sentence unless it asks something."""
    return found[1] + ("？" if found[2] == "？" and is_question(found[1]) else "，")


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _mark(bare: str, written: str, pause_ms: int) -> str:
    """The mark after a phrase, by the pause behind it and its words; ？ and ！ also because they were `written`."""
    if is_question(re.split(rf"[{_STRENGTH}]", bare)[-1]):
        return "？"
    if pause_ms < SENTENCE_PAUSE_MS:
        return "，"
    return written if written in ("？", "！") else "。"
