"""How much machine a night needs (`qc plan`): from rates measured here to cores, GPUs, disk and memory.

All of it is arithmetic over CPU seconds: work ÷ (window × utilisation) = cores. Each figure has a low, a likely and a
high value; what was not measured is an assumption and is told as one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qc.asr.engines.measured import Measured
from qc.errors import UsageError
from qc.pipeline.textrate import TextRate

CHARS_PER_MINUTE = 240
"""Characters of speech in a minute, both sides together: agents speak 200 to 280."""
SPEECH_SHARE = (0.6, 0.8, 1.0)
"""How much of a call is speech; the rest is silence, music and ringing, which the recogniser does not hear."""
UTILISATION = 0.7
"""Of the cores' time that the work gets: the rest is for the last shards, retries, reports and the system. Two
processes are held to 1.7 times one, that is 0.85 each."""
HEARD_BESIDE = (0.0, 0.01, 0.03)
"""CPU seconds per second of audio beside the recogniser: decoding, level, speech detection, role and pitch."""
STORED_PER_CHAR = (3.0, 4.0, 8.0)
"""Bytes of all tables for a character said: 3.1 for 497 real chats; calls have times and phrases besides."""
CACHED_PER_MINUTE = (8_000, 12_000, 25_000)
"""Bytes of the stored transcript of a minute of audio: 11,000 over the sample calls."""
AUDIO_BYTES_PER_S = 16_000
"""Two channels of 8 kHz A-law: 128 kbit/s."""
WORKER_BYTES = 1.4 * 2**30
"""Measured peak of one transcribing process after hours of calls (`bench/speech/length.py`)."""
PARENT_BYTES, PARENT_BYTES_EACH = 0.3 * 2**30, 7_500
"""Peak of the process that gives out the work, and what its report takes for each conversation: 0.3 GiB for 100,000
without a report, 1.0 GiB with it and four earlier runs beside."""
LONGEST_WINDOW_H, LONGEST_CALL_MIN, LONGEST_CHARS, MOST = 168.0, 240.0, 10_000, 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """`recordings` of `minutes` each on average and `conversations` of text, of `characters` each, within `hours`."""

    recordings: int
    conversations: int
    minutes: float
    characters: int
    hours: float

    def check(self) -> None:
        """Raises UsageError for what cannot be meant."""
        most, asked = f"{MOST:,}", self.recordings + self.conversations
        sized = min(self.recordings, self.conversations) >= 0 and 0 < asked <= MOST
        within = 0 < self.hours <= LONGEST_WINDOW_H  # false for NaN, too
        long = 0 < self.minutes <= LONGEST_CALL_MIN
        wide = 0 < self.characters <= LONGEST_CHARS
        wrong = (
            (sized, f"数量不能小于 0，一晚合计要在 1 到 {most} 之间", "例：--recordings 50000 --conversations 20000"),
            (within, f"小时数要大于 0、不超过 {LONGEST_WINDOW_H:g}", "夜间窗口例如 22:00 到 6:00：--hours 8"),
            (long, f"录音的平均时长要大于 0、不超过 {LONGEST_CALL_MIN:g} 分钟", "例：--minutes 4"),
            (wide, f"文字会话的平均字数要在 1 到 {LONGEST_CHARS:,} 之间", "例：--characters 270"),
        )
        for right, message, hint in wrong:
            if not right:
                raise UsageError(message, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What was measured. `heard`: CPU seconds for a second of speech, None: not measured here; `imported`: transcripts
    come with the recordings and nothing is heard. `gpu`: hours of audio one GPU hears in an hour, None: not measured.
    `call` and `chat`: what judging costs, None where nothing of the kind is asked for."""

    heard: Measured | None
    imported: bool
    gpu: float | None
    call: TextRate | None
    chat: TextRate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A figure: `low`, `likely` and `high`, in `unit`; `sum` says how it comes about, with the likely values."""

    name: str
    low: float
    likely: float
    high: float
    unit: str
    sum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a night needs. `amounts` in the order of the arithmetic; `notes`: what was assumed, or not measured."""

    demand: Demand
    cores_here: int
    amounts: tuple[Amount, ...]
    notes: tuple[str, ...]

    def amount(self, name: str) -> Amount:
        """Raises KeyError for one that is not there."""
        found = {a.name: a for a in self.amounts}
        return found[name]


def capacity(demand: Demand, rates: Rates, cores_here: int) -> Capacity:
    """The arithmetic. Raises UsageError for nonsense, and where recordings are to be heard and neither a CPU nor a GPU
    rate was measured."""
    demand.check()
    if demand.recordings and not rates.imported and rates.heard is None and rates.gpu is None:
        raise UsageError(
            "本机没有测过转写速度，算不出要多少核",
            "先运行 qc doctor 测速（约十几秒；换了模型、预设或机器要重测），或用 --gpu-rate 写明一块 GPU 的实测速度。",
        )
    work = [*_hearing(demand, rates), *_judging(demand, rates)]
    seconds = [a for a in work if a.unit == "核秒"]
    needs = _cores(demand, seconds, cores_here)
    return Capacity(
        demand=demand,
        cores_here=cores_here,
        amounts=(*work, *needs, *_gpus(demand, rates), *_memory(demand, needs, rates), *_disk(demand)),
        notes=tuple(_notes(demand, rates)),
    )


def _hearing(demand: Demand, rates: Rates) -> list[Amount]:
    if not demand.recordings:
        return []
    audio = demand.recordings * demand.minutes * 60
    length = f"{demand.recordings:,} 个 × {demand.minutes:g} 分钟"
    out = [Amount(name="录音", low=audio / 3600, likely=audio / 3600, high=audio / 3600, unit="小时", sum=length)]
    if rates.imported:
        return out
    hours = f"{audio / 3600:,.0f} 小时 × 3600 ×"
    if rates.heard is None or rates.gpu is not None:
        beside = [audio * each for each in HEARD_BESIDE]
        return [*out, _spread("转写的 CPU 部分", beside, "核秒", f"{hours} 解码等 {HEARD_BESIDE[1]:g}")]
    cost = rates.heard.cost
    each = [share * cost + beside for share, beside in zip(SPEECH_SHARE, HEARD_BESIDE, strict=True)]
    told = f"{hours}（说话占 {SPEECH_SHARE[1]:g} × 每秒 {cost:g} 核秒 + 解码等 {HEARD_BESIDE[1]:g}）"
    return [*out, _spread("转写", [audio * e for e in each], "核秒", told)]


def _judging(demand: Demand, rates: Rates) -> list[Amount]:
    out = []
    kinds = (("判定通话", demand.recordings, rates.call), ("判定文字会话", demand.conversations, rates.chat))
    for name, count, rate in kinds:
        if count and rate is not None:
            trials = f"每个约 {rate.characters:,} 字，实测 {rate.low:.4f}–{rate.high:.4f}"
            told = f"{count:,} 个 × {rate.middle:.4f} 核秒（{trials}）"
            out.append(_spread(name, [count * v for v in (rate.low, rate.middle, rate.high)], "核秒", told))
    return out


def _cores(demand: Demand, seconds: Sequence[Amount], cores_here: int) -> list[Amount]:
    totals = [sum(getattr(a, end) for a in seconds) for end in ("low", "likely", "high")]
    whole = _spread("合计", totals, "核秒", " + ".join(a.name for a in seconds))
    window = demand.hours * 3600 * UTILISATION
    cores = [math.ceil(t / window) for t in totals]
    told = f"{totals[1]:,.0f} 核秒 ÷（{demand.hours:g} 小时 × 3600 × 利用率 {UTILISATION:g}），进一"
    here = [t / (cores_here * 3600 * UTILISATION) for t in totals]
    once = f"{totals[1]:,.0f} 核秒 ÷（{cores_here} 核 × 3600 × 利用率 {UTILISATION:g}）"
    return [whole, _spread("需要的核", cores, "核", told), _spread("本机要用", here, "小时", once)]


def _gpus(demand: Demand, rates: Rates) -> list[Amount]:
    if not demand.recordings or rates.gpu is None or rates.imported:
        return []
    audio = demand.recordings * demand.minutes / 60
    gpus = math.ceil(audio / (rates.gpu * demand.hours * UTILISATION))
    window = f"每块每小时 {rates.gpu:g} 小时 × {demand.hours:g} 小时 × 利用率 {UTILISATION:g}"
    told = f"{audio:,.0f} 小时录音 ÷（{window}），进一"
    return [_spread("需要的 GPU", [gpus] * 3, "块", told)]


def _memory(demand: Demand, needs: Sequence[Amount], rates: Rates) -> list[Amount]:
    cores = next(a for a in needs if a.name == "需要的核")
    text = max((r.peak for r in (rates.call, rates.chat) if r is not None), default=0)
    heard = rates.heard is not None and rates.gpu is None and not rates.imported
    each = max(text, WORKER_BYTES) if heard else text
    parent = PARENT_BYTES + PARENT_BYTES_EACH * (demand.recordings + demand.conversations)
    values = [(n * each + parent) / 2**30 for n in (cores.low, cores.likely, cores.high)]
    what = "转写进程的实测峰值" if heard else "判定进程的实测峰值"
    told = f"{cores.likely:,.0f} 个进程 × {each / 2**30:.2f} GiB（{what}）+ 主进程 {parent / 2**30:.1f} GiB"
    return [_spread("内存（所有机器合计）", values, "GiB", told)]


def _disk(demand: Demand) -> list[Amount]:
    spoken = demand.recordings * demand.minutes * CHARS_PER_MINUTE
    characters = spoken + demand.conversations * demand.characters
    stored = [characters * per / 2**30 for per in STORED_PER_CHAR]
    out = [
        _spread("结果（每晚）", stored, "GiB", f"{characters:,.0f} 字 × {STORED_PER_CHAR[1]:g} 字节"),
        _spread("结果（一年）", [365 * s for s in stored], "GiB", "每晚 × 365；保留期见 qc purge"),
    ]
    if demand.recordings:
        minutes = demand.recordings * demand.minutes
        cached = [minutes * per / 2**30 for per in CACHED_PER_MINUTE]
        audio = minutes * 60 * AUDIO_BYTES_PER_S / 2**30
        told = f"{minutes:,.0f} 分钟 × {CACHED_PER_MINUTE[1] / 1000:g} KB"
        wave = f"{minutes:,.0f} 分钟 × 60 × {AUDIO_BYTES_PER_S / 1000:g} KB（双声道 8 kHz A 律）"
        out += [_spread("转写缓存（每晚）", cached, "GiB", told), _spread("录音（每晚）", [audio] * 3, "GiB", wave)]
    return out


def _notes(demand: Demand, rates: Rates) -> list[str]:
    assumed = "每字字节"
    if demand.recordings and not rates.imported:
        assumed = f"{'' if rates.gpu is not None else '说话占比、'}解码等开销、{assumed}"
    notes = [
        "核秒：一个核忙一秒。",
        f"括号里是低和高：{assumed}是假定的低和高；判定速度是本机实测几次里最快与最慢的，只说明量得准不准，"
        "不含你的会话、规则与自带对话之差。",
    ]
    if demand.recordings:
        if rates.imported:
            notes.append("asr.engine 是 imported：取现成的转写，不听录音，转写不用核。")
        elif rates.gpu is not None:
            notes.append("GPU 速度是 --gpu-rate 给的，不是本机测的；CPU 只算解码等和判定。")
        elif rates.heard is not None:
            engine = f"{rates.heard.engine} {rates.heard.precision}"
            notes.append(f"转写速度是本机 qc doctor 测的：{engine}，每秒说话 {rates.heard.cost:g} 核秒。换机器要重测。")
            notes.append("GPU 没有实测，不估：在有 GPU 的机器上跑一批，把“录音小时 ÷ 用时”写给 --gpu-rate。")
    notes.append(
        "判定速度由自带对话接成的会话测得，机器忙时会偏大（可到两倍），请在空闲时测；"
        "词多、命中多的会话更慢，请用自己的一批核对。"
    )
    notes.append("报表不在内：每晚另要几十秒到几分钟（10 万个会话的报表不超过 60 秒）。")
    return notes


def _spread(name: str, values: Sequence[float], unit: str, told: str) -> Amount:
    low, likely, high = values
    return Amount(name=name, low=low, likely=likely, high=high, unit=unit, sum=told)
