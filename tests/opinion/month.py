"""A month of a centre, invented: nightly runs of short chats with customers who come again, outages and anger.

usage: python tests/opinion/month.py FOLDER [DAYS] [CHATS A DAY]

Writes FOLDER/chats/DAY.jsonl and judges each day into FOLDER/runs/day-DD, with the packaged rules.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

FIRST = datetime(2026, 10, 5)
REGIONS = ("城东", "城西", "城南", "开发区")
_HELLO, _BYE = ("agent", "您好，工号1025为您服务，请讲。"), ("agent", "感谢您的来电，再见。")
_MATTERS = {
    "95598": (
        ("我家停电了，什么时候来电", "已为您登记报修，抢修人员三十分钟内到达。"),
        ("帮我查一下这个月电费，怎么突然这么高", "您本月用电二百三十度，电费一百二十元。"),
        ("我要装充电桩，怎么报装", "请您在网上国网提交申请，我同步发您材料清单。"),
        ("电表走得快，能不能验表", "可以申请校验，三个工作日内安排。"),
    ),
    "电商": (
        ("我的快递怎么还没到，物流三天没更新", "我帮您催促派送站点。"),
        ("收到的东西是坏的，我要退货退款", "已为您提交退货申请。"),
        ("优惠券用不了，帮我看看", "您的券限指定商品使用。"),
        ("能开发票吗", "可以的，电子发票稍后发您。"),
    ),
    "保险": (
        ("我想退保，现在能退多少", "您的现金价值是八千元，退保会有损失。"),
        ("我要报案，住院的费用能赔吗", "请准备病历和发票，我为您登记理赔。"),
        ("续期保费什么时候扣款", "每年十月十五日自动扣款。"),
    ),
}
_ANGER = (
    "你们太过分了，再不解决我就打12398投诉",
    "这什么态度，叫你们领导来",
    "我打了三次电话都没人管，气死我了",
    "我要找记者曝光你们",
    "说了多少遍了，还让我重新说一遍",
)
_OUTAGE = ("我们小区停电了，到底什么时候来电", "又停电了，天天停电，受不了了", "整栋楼没电，你们再不来我就打12345")
_KIND = "还想请问，能不能给我办一份，我想买"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """On `day` (from 0), `calls` more customers of one place with the same matter, in one hour."""

    day: int
    calls: int


def chats(day: int, count: int, surge: Surge | None = None) -> list[dict[str, object]]:
    """The conversations of one day; the same for the same arguments."""
    rng = random.Random(f"day {day}")
    made = [_chat(rng, day, number) for number in range(count)]
    if surge is not None and surge.day == day:
        made += [_outage(rng, day, count + number) for number in range(surge.calls)]
    return made


def _chat(rng: random.Random, day: int, number: int) -> dict[str, object]:
    project = rng.choices(list(_MATTERS), (5, 3, 2))[0]
    asked, answered = rng.choice(_MATTERS[project])
    turns = [_HELLO, ("customer", asked), ("agent", answered)]
    angry = rng.random() < 0.08
    if angry:
        turns.append(("customer", rng.choice(_ANGER)))
        turns.append(("agent", "非常抱歉，我理解您的心情，马上为您催办。"))
    elif rng.random() < 0.04:
        turns.append(("customer", _KIND))
    if rng.random() < 0.2:
        turns.append(("agent", "另外提醒您，办理进度可以在公众号查看。"))
    turns += [("customer", "好的谢谢"), _BYE]
    start = FIRST + timedelta(days=day, hours=8 + rng.random() * 12)
    called = rng.random()
    return {
        "id": f"D{day:02d}-{number:04d}",
        "project": project,
        "channel": "voice_outbound" if called < 0.06 else "bot_text" if called < 0.1 else "voice_inbound",
        "started_at": start.isoformat(sep=" ", timespec="seconds"),
        "customer_id": f"K{rng.randrange(400):04d}" if rng.random() < 0.9 else None,
        "region": rng.choice(REGIONS),
        "agent_id": f"10{rng.randrange(20, 30)}",
        "queue_wait_s": rng.choice([0, 5, 20, 90]),
        "duration_s": rng.randrange(40, 700),
        "satisfaction": rng.choice([1, 2]) if angry and rng.random() < 0.4 else rng.choice([None, 4, 5]),
        "转接次数": str(rng.choice([0, 0, 0, 1, 2])),
        "turns": [{"role": role, "text": text} for role, text in turns],
    }


def _outage(rng: random.Random, day: int, number: int) -> dict[str, object]:
    said = rng.choice(_OUTAGE)
    start = FIRST + timedelta(days=day, hours=19, minutes=rng.randrange(55))
    return {
        **_chat(rng, day, number),
        "project": "95598",
        "channel": "voice_inbound",
        "started_at": start.isoformat(sep=" ", timespec="seconds"),
        "customer_id": f"N{number:04d}",
        "region": "城东",
        "turns": [{"role": r, "text": t} for r, t in (_HELLO, ("customer", said), ("agent", "正在抢修。"), _BYE)],
    }


class Quiet:
    """Progress that says nothing."""

    def note(self, message: str) -> None: ...

    def stage(self, title: str, total: float | None, unit: str) -> None: ...

    def advance(self, amount: float, message: str) -> None: ...

    def finish(self) -> None: ...


def make_runs(folder: Path, days: int, count: int, surge: Surge | None = None) -> list[Path]:
    """Write the chats of `days` days and judge each night; the runs, oldest first."""
    from qc.pipeline.options import Options
    from qc.pipeline.run import run_batch
    from qc.pipeline.specs import folders

    made = []
    for day in range(days):
        source = folder / "chats" / f"{day:02d}"
        source.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(chat, ensure_ascii=False) for chat in chats(day, count, surge)]
        (source / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        options = Options(out=folder / "runs", run_id=f"day-{day:02d}", name=f"第 {day + 1} 天", workers=1)
        made.append(run_batch(source, None, folders(None), options, Quiet()).run)
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    numbers = [int(value) for value in sys.argv[2:4]]
    days, count = (numbers + [30, 150][len(numbers) :])[:2]
    for run in make_runs(Path(sys.argv[1]), days, count, Surge(day=days - 1, calls=count // 5)):
        sys.stdout.write(f"{run}\n")
