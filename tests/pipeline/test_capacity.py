"""`qc plan`: the arithmetic by hand, what it refuses, and that what it measures is a run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.asr.engines.measured import Measured
from qc.commands.plan import _value, command
from qc.errors import UsageError
from qc.pipeline.capacity import UTILISATION, Amount, Demand, Rates, capacity
from qc.pipeline.textrate import TextRate, write_conversations

NIGHT = Demand(recordings=50_000, conversations=20_000, minutes=4.0, characters=270, hours=8.0)
HEARD = Measured(engine="openai-whisper", precision="fast", cost=0.1)
CALL = TextRate(characters=960, measured=(0.002, 0.003, 0.004), peak=600 * 2**20)
CHAT = TextRate(characters=270, measured=(0.001, 0.0012, 0.002), peak=500 * 2**20)
RATES = Rates(heard=HEARD, imported=False, gpu=None, call=CALL, chat=CHAT)


def test_a_night_by_hand() -> None:
    found = capacity(NIGHT, RATES, 2)
    audio_s = 50_000 * 4 * 60
    hearing = [audio_s * v for v in (0.6 * 0.1, 0.8 * 0.1 + 0.01, 1.0 * 0.1 + 0.03)]
    judging = [50_000 * a + 20_000 * b for a, b in zip(CALL.measured, CHAT.measured, strict=True)]
    whole = [h + j for h, j in zip(hearing, judging, strict=True)]
    cores, total = found.amount("需要的核"), found.amount("合计")
    assert (total.low, total.likely, total.high) == pytest.approx(tuple(whole))
    window = 8 * 3600 * UTILISATION
    assert (cores.low, cores.likely, cores.high) == tuple(math.ceil(v / window) for v in whole) == (36, 54, 78)
    assert found.amount("本机要用").likely == pytest.approx(whole[1] / (2 * 3600 * UTILISATION))
    assert found.amount("内存（所有机器合计）").likely == pytest.approx(54 * 1.4 + 0.3 + 70_000 * 7_500 / 2**30)
    assert found.amount("录音（每晚）").likely == pytest.approx(audio_s * 16_000 / 2**30)
    assert found.amount("结果（每晚）").low == pytest.approx((50_000 * 960 + 20_000 * 270) * 3 / 2**30)
    assert any("GPU 没有实测" in note for note in found.notes)
    assert "1,080,174 核秒" in cores.sum and all(a.low <= a.likely <= a.high for a in found.amounts)


def test_twice_the_night_takes_twice_the_work_and_half_the_window_twice_the_cores() -> None:
    one = capacity(NIGHT, RATES, 2)
    two = capacity(replace(NIGHT, recordings=100_000, conversations=40_000), RATES, 2)
    short = capacity(replace(NIGHT, hours=4.0), RATES, 2)
    assert two.amount("合计").likely == pytest.approx(2 * one.amount("合计").likely)
    assert abs(short.amount("需要的核").likely - 2 * one.amount("需要的核").likely) <= 1


def test_a_gpu_is_planned_with_only_by_its_measured_rate() -> None:
    assert "需要的 GPU" not in {a.name for a in capacity(NIGHT, RATES, 2).amounts}
    rates = replace(RATES, heard=None, gpu=120.0)
    found = capacity(NIGHT, rates, 2)
    assert found.amount("需要的 GPU").likely == math.ceil(50_000 * 4 / 60 / (120 * 8 * UTILISATION)) == 5
    assert found.amount("需要的核").likely < capacity(NIGHT, RATES, 2).amount("需要的核").likely / 4
    assert any("--gpu-rate 给的" in note for note in found.notes)
    beside = found.amount("转写的 CPU 部分")
    assert "每秒 0 核秒" not in beside.sum and beside.likely == pytest.approx(50_000 * 240 * 0.01)


def test_what_the_spread_is_of_is_told_as_it_is() -> None:
    (told,) = (n for n in capacity(NIGHT, RATES, 2).notes if "括号里" in n)
    assert "说话占比、解码等开销、每字字节是假定的" in told and "只说明量得准不准" in told
    texts = replace(NIGHT, recordings=0)
    (told,) = (n for n in capacity(texts, replace(RATES, heard=None, call=None), 2).notes if "括号里" in n)
    assert "说话占比" not in told and "每字字节" in told


def test_less_than_an_hour_is_told_in_minutes() -> None:
    amount = Amount(name="本机要用", low=0.007, likely=0.0075, high=0.008, unit="小时", sum="")
    assert _value(amount) == "0.45 分钟（0.42–0.48）"
    assert _value(replace(amount, likely=23.8, low=23.8, high=23.8)) == "23.8 小时"


def test_transcripts_that_come_with_the_recordings_cost_no_hearing() -> None:
    found = capacity(NIGHT, replace(RATES, heard=None, imported=True), 2)
    assert "转写" not in {a.name for a in found.amounts} and found.amount("需要的核").likely == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"recordings": 0, "conversations": 0}, "一晚合计要在 1 到"),
        ({"recordings": -5}, "不能小于 0"),
        ({"recordings": 10**12}, "一晚合计要在"),
        ({"hours": 0.0}, "小时数要大于 0"),
        ({"hours": math.nan}, "小时数要大于 0"),
        ({"hours": math.inf}, "小时数要大于 0"),
        ({"hours": 169.0}, "不超过 168"),
        ({"minutes": 0.0}, "平均时长"),
        ({"minutes": 1e9}, "平均时长"),
        ({"characters": 0}, "平均字数"),
    ],
)
def test_nonsense_is_refused(change: dict[str, float], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        capacity(replace(NIGHT, **change), RATES, 2)  # type: ignore[arg-type]


def test_without_a_measured_rate_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path))
    error = CliRunner().invoke(command, ["--recordings", "100", "--hours", "8"]).exception
    assert isinstance(error, UsageError) and "没有测过转写速度" in error.message and "qc doctor" in error.hint


def test_generated_conversations_are_as_long_as_asked_and_the_same_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_conversations(tmp_path / name, 20, 500, spoken=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    chats = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert len({chat["id"] for chat in chats}) == 20 and len({chat["turns"][0]["text"] for chat in chats}) > 10
    for chat in chats:
        assert sum(len(turn["text"]) for turn in chat["turns"]) == 500
        begins = [turn["begin_ms"] for turn in chat["turns"]]
        assert begins == sorted(begins) and {t["role"] for t in chat["turns"]} == {"agent", "customer"}


@pytest.mark.slow
def test_the_command_measures_and_plans() -> None:
    result = CliRunner().invoke(command, ["--conversations", "100000", "--hours", "1", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    amounts = {a["name"]: a for a in found["amounts"]}
    assert 10 < amounts["判定文字会话"]["likely"] < 10_000 and amounts["需要的核"]["likely"] >= 1
    assert found["demand"]["conversations"] == 100_000 and found["cores_here"] >= 1
