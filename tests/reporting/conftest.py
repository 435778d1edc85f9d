"""A run made from the schemas: sixteen conversations, two failures, hostile text among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.domain.run import CardLineage, Counts, Lineage, RunStatus
from qc.paths import packaged
from qc.schema.tables import TABLES
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.reporting.read_page import Section, read_page

RULES: dict[str, tuple[str, str, str, str, str]] = {
    # id: title, kind, severity, error class, advice
    "service.greeting": ("开场没有问候", "violation", "medium", "customer", "接通后先问候，再报工号。"),
    "service.long_silence": (
        "长时间静音未致歉",
        "violation",
        "medium",
        "customer",
        "查询超过十秒应先说明，返回后致歉。",
    ),
    "service.interrupt": ("打断客户", "violation", "low", "customer", "等客户说完再回应。"),
    "service.shirking": ("推诿", "violation", "high", "customer", "首问负责，说明由谁、何时回复。"),
    "service.rhetorical": ("反问质问客户", "violation", "high", "customer", "用陈述句说明，不用反问。"),
    "insurance.no_guarantee": ("承诺保本保收益", "violation", "critical", "compliance", "如实提示风险，不作收益承诺。"),
    "privacy.ask_secret": ("索要验证码或密码", "violation", "critical", "compliance", "任何情况下不得索要验证码。"),
    "ticket.incomplete": ("工单要素不全", "violation", "medium", "business", "补齐联系方式和处理时限。"),
    "trial.slang": ("<b>口头禅</b>", "violation", "low", "none", ""),
    "customer.escalation": ("升级投诉", "signal", "high", "none", ""),
    "customer.anger": ("客户愤怒", "signal", "medium", "none", ""),
    "service.empathy": ("共情安抚", "merit", "low", "none", ""),
}
CARD_ITEMS = [
    # section, item, title, rules, points, fatal
    ("服务规范", "greeting", "开场问候", ["service.greeting"], 10.0, False),
    ("服务规范", "silence", "静音致歉", ["service.long_silence"], 10.0, False),
    ("服务规范", "listening", "倾听", ["service.interrupt", "service.rhetorical"], 20.0, False),
    ("服务规范", "duty", "首问负责", ["service.shirking"], 20.0, False),
    ("合规", "promise", "不承诺收益", ["insurance.no_guarantee"], 20.0, True),
    ("合规", "privacy", "保护客户信息", ["privacy.ask_secret", "ticket.incomplete"], 20.0, False),
]
CARDS = {"95598": ("utility", "供电服务评分表"), "保险": ("insurance", "保险评分表"), "电商": ("shop", "电商评分表")}
HOSTILE = "<script>alert(\"x\")</script><img src=x onerror=alert(1)> =cmd()|'/c calc'!A0 </style> \u202e反转 😀"


@dataclass(frozen=True)
class Talk:
    """One conversation to store. `turns`: (role, text) at four seconds each; `found`: rule → (turn, words) or a
    measure; `unsure`: rules left undecided."""

    id: str
    project: str = "95598"
    channel: str = "voice_inbound"
    agent: tuple[str, str, str] | None = ("1001", "李敏", "一班")
    turns: tuple[tuple[str, str], ...] = (("agent", "您好，请讲。"), ("customer", "谢谢。"))
    found: dict[str, tuple[int | None, str | float]] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
    level: int = 0
    satisfaction: int | None = 5
    topic: tuple[str, str] = ("outage", "停电")
    region: str | None = "杭州"
    hour: int = 9
    gaps: dict[int, int] = field(default_factory=dict)


class RunBuilder:
    """Writes the tables of a run as the pipeline would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def add(self, talk: Talk) -> None:
        voice = talk.channel.startswith("voice")
        spans = self._turns(talk, voice)
        self._conversation(talk, voice, spans)
        self._findings(talk, spans)
        self._score(talk)
        self.rows["topics"].append(
            {
                "conversation_id": talk.id,
                "topic_id": talk.topic[0],
                "topic": talk.topic[1],
                "parent": "业务",
                "share": 0.8,
                "rank": 1,
                "words": [],
                "first_turn": 1,
            }
        )

    def fail(self, path: str, kind: str, message: str, *, quarantined: bool = False) -> None:
        self.rows["failures"].append(
            {
                "input": path,
                "stage": "ingest",
                "kind": kind,
                "message": message,
                "retryable": False,
                "quarantined": quarantined,
            }
        )

    def term(self, project: str, term: str, conversations: int, occurrences: int, negative: int = 0) -> None:
        self.rows["terms"].append(
            {
                "project": project,
                "term": term,
                "conversations": conversations,
                "occurrences": occurrences,
                "negative_conversations": negative,
            }
        )

    def write(self, **lineage: Any) -> StoredRun:
        for name, rows in self.rows.items():
            folder = self.path / name
            folder.mkdir(parents=True)
            half = len(rows) // 2  # two parts, as after two shards
            for number, part in enumerate((rows[:half], rows[half:])):
                if part:
                    pq.write_table(pa.Table.from_pylist(part, TABLES[name]), folder / f"part-{number:05d}.parquet")
        ok, failures = len(self.rows["conversations"]), self.rows["failures"]
        quarantined = sum(f["quarantined"] for f in failures)
        base = Lineage(
            run_id="20261120-213000-1a2b3c",
            name="11 月 20 日夜间",
            status=RunStatus.DONE,
            started_at="2026-11-21T01:02:03",
            finished_at="2026-11-21T01:08:00",
            qc_version="0.1.0",
            schema_version="1.0",
            input_path="recordings/2026-11-20",
            manifest="calls.csv",
            asr_engine="openai-whisper",
            asr_model="base@sha256:ed3a0b6b",
            rules_digest="ab" * 32,
            rules=dict.fromkeys([*RULES, "service.closing"], "1.0.0"),
            scorecards=tuple(CardLineage(id=i, title=t, version="1.0.0", digest="cd" * 32) for i, t in CARDS.values()),
            counts=Counts(input=ok + len(failures), ok=ok, failed=len(failures) - quarantined, quarantined=quarantined),
            notes=("录音 a/7.wav 在清单中没有对应的行",),
        )
        write_lineage(self.path, replace(base, **lineage))
        return open_run(self.path)

    def _turns(self, talk: Talk, voice: bool) -> list[tuple[int, int]]:
        spans, clock = [], 0
        for number, (role, text) in enumerate(talk.turns, 1):
            clock += talk.gaps.get(number, 0)
            spans.append((clock, clock + 4000 if voice else clock))
            polarity = -0.2 * talk.level if role == "customer" and number == 2 else 0.1
            self.rows["turns"].append(
                {
                    "conversation_id": talk.id,
                    "turn": number,
                    "role": role,
                    "start_ms": spans[-1][0],
                    "end_ms": spans[-1][1],
                    "text": text,
                    "confidence": 0.9 if voice else None,
                    "entities": [],
                }
            )
            if role in ("agent", "customer"):
                self.rows["emotions"].append(
                    {
                        "conversation_id": talk.id,
                        "turn": number,
                        "role": role,
                        "polarity": polarity,
                        "label": "negative" if polarity < -0.2 else "neutral",
                        "level": talk.level if polarity < -0.2 else 0,
                        "component": "anger" if polarity < -0.2 else None,
                        "phrases": [],
                        "snownlp": 0.5,
                    }
                )
            clock += 4000
        return spans

    def _conversation(self, talk: Talk, voice: bool, spans: list[tuple[int, int]]) -> None:
        number, name, team = talk.agent or (None, None, None)
        customer = any(role == "customer" for role, _ in talk.turns)
        self.rows["conversations"].append(
            {
                "conversation_id": talk.id,
                "project": talk.project,
                "channel": talk.channel,
                "date": datetime(2026, 11, 20).date(),
                "started_at": datetime(2026, 11, 20, talk.hour) + timedelta(minutes=len(self.rows["conversations"])),
                "duration_ms": spans[-1][1] if spans else 0,
                "agent_id": number,
                "agent_name": name,
                "team": team,
                "region": talk.region,
                "satisfaction": talk.satisfaction,
                "extra": [("客户等级", HOSTILE)],
                "source_path": f"{talk.id}.wav",
                "source_format": "audio" if voice else "chat_jsonl",
                "source_sha256": "ef" * 32,
                "in_manifest": True,
                "audio_channels": 2 if voice else None,
                "sample_rate": 8000 if voice else None,
                "codec": "pcm_mulaw" if voice else None,
                "turn_count": len(talk.turns),
                "silence_ms": sum(talk.gaps.values()) if voice else None,
                "longest_silence_ms": max(talk.gaps.values(), default=0) if voice else None,
                "agent_chars_per_min": 240.0 if voice else None,
                "customer_emotion_start": 0.1 if customer else None,
                "customer_emotion_end": (0.3 if talk.level == 0 else -0.1) if customer else None,
                "customer_emotion_worst": -0.2 * talk.level if customer else None,
                "customer_emotion_worst_turn": 2 if customer else None,
                "customer_emotion_level": talk.level if customer else None,
                "primary_topic": talk.topic[0],
            }
        )

    def _findings(self, talk: Talk, spans: list[tuple[int, int]]) -> None:
        for rule in sorted({*talk.found, *talk.unsure}):
            title, kind, severity, error_class, advice = RULES[rule]
            turn, proof = talk.found.get(rule, (None, ""))
            self.rows["findings"].append(
                {
                    "conversation_id": talk.id,
                    "rule_id": rule,
                    "rule_title": title,
                    "rule_version": "1.0.0",
                    "rule_digest": "00",
                    "kind": kind,
                    "severity": severity,
                    "error_class": error_class,
                    "status": "shadow" if rule.startswith("trial.") else "stable",
                    "verdict": "hit" if rule in talk.found else "undecided",
                    "reason": None if rule in talk.found else "单声道录音，无法判断谁先开口",
                    "message": f"第 {turn} 轮：{proof}" if rule in talk.found else "",
                    "advice": advice,
                    "pieces": ["piece"],
                    "hit_count": 1 if rule in talk.found else 0,
                    "first_turn": turn,
                }
            )
            if rule not in talk.found:
                continue
            hit: dict[str, Any] = {
                "conversation_id": talk.id,
                "rule_id": rule,
                "hit": 1,
                "piece": "piece",
                "operator": "keyword",
                "turn": turn,
                "text": "",
            }
            if turn is not None:
                hit |= {
                    "role": talk.turns[turn - 1][0],
                    "start_ms": spans[turn - 1][0],
                    "end_ms": spans[turn - 1][1],
                }
            if isinstance(proof, str) and turn is not None:
                at = talk.turns[turn - 1][1].index(proof)
                hit |= {"text": proof, "char_start": at, "char_end": at + len(proof)}
            elif not isinstance(proof, str):
                operator = "interrupt" if rule == "service.interrupt" else "silence"
                hit |= {"operator": operator, "value": float(proof), "unit": "s"}
            self.rows["hits"].append(hit)

    def _score(self, talk: Talk) -> None:
        card, title = CARDS[talk.project]
        lost, fatal, unsure, errors = 0.0, [], 0, set()
        for section, item, name, rules, points, kills in CARD_ITEMS:
            hit = [r for r in rules if r in talk.found]
            status = "deducted" if hit else "undecided" if set(rules) & set(talk.unsure) else "passed"
            if item == "promise" and talk.project != "保险":
                status = "not_applicable"
            lost += points if hit else 0.0
            unsure += status == "undecided"
            errors |= {RULES[r][3] for r in hit}
            if hit and kills:
                fatal.append(item)
            self.rows["item_scores"].append(
                {
                    "conversation_id": talk.id,
                    "scorecard_id": card,
                    "section_id": section,
                    "section_title": section,
                    "section_points": 60.0 if section == "服务规范" else 40.0,
                    "item_id": item,
                    "item_title": name,
                    "rule_ids": rules,
                    "effect": "deduct",
                    "status": status,
                    "points": -points if hit else 0.0,
                    "max_points": points,
                    "hits": len(hit),
                    "error_class": "none",
                    "auto_fail": "card" if kills else "none",
                    "fatal": bool(hit and kills),
                }
            )
        worth = 100.0 if talk.project == "保险" else 80.0
        raw = round(100.0 * (worth - lost) / worth, 2)
        score = 0.0 if fatal else raw
        self.rows["scores"].append(
            {
                "conversation_id": talk.id,
                "scorecard_id": card,
                "scorecard_title": title,
                "scorecard_version": "1.0.0",
                "scorecard_digest": "cd" * 32,
                "base": 100.0,
                "raw_score": raw,
                "score": score,
                "grade": "优秀" if score >= 90 else "合格" if score >= 60 else "不合格",
                "passed": score >= 60,
                "auto_fail": bool(fatal),
                "auto_fail_items": fatal,
                "undecided_items": unsure,
                "customer_error": "customer" in errors,
                "business_error": "business" in errors,
                "compliance_error": "compliance" in errors,
            }
        )


WANG, ZHAO, SUN = ("1001", "李敏", "一班"), ("1002", '赵"强"', "二班"), ("1003", None, "三班")
LONG = "我从上个月就开始反映这个问题，" * 600 + "到现在也没人管，我要打12398投诉。" + "你们到底管不管。" * 300
TALKS = (
    Talk(
        "A001",
        turns=(
            ("agent", "您好，95598，1001 号为您服务。"),
            ("customer", "我家停电了，什么时候来电？"),
            ("agent", "请您稍等，我帮您查一下。"),
            ("agent", "让您久等了，预计今晚八点恢复，给您添麻烦了，非常理解您的着急。"),
            ("customer", "好的，谢谢。"),
            ("agent", "感谢来电，再见。"),
        ),
        found={"service.empathy": (4, "非常理解您的着急")},
    ),
    Talk(
        "A002",
        agent=ZHAO,
        turns=(
            ("agent", "说。"),
            ("customer", "我想问一下电费。"),
            ("agent", "户号多少？"),
            ("customer", "稍等我找一下，三三零"),
        ),
        found={"service.greeting": (1, "说。"), "service.interrupt": (3, 1.4)},
        topic=("bill", "电费"),
        hour=10,
        satisfaction=3,
    ),
    Talk(
        "A003",
        turns=(
            ("agent", "您好。"),
            ("customer", "停电三天了！我要打12398，还要找媒体曝光你们！"),
            ("agent", "非常抱歉，两小时内给您回复。"),
        ),
        found={
            "customer.escalation": (2, "12398"),
            "customer.anger": (2, "媒体曝光"),
            "service.empathy": (3, "非常抱歉"),
        },
        level=4,
        satisfaction=1,
        hour=10,
    ),
    Talk(
        "A004",
        agent=ZHAO,
        turns=(("agent", "您好，请稍等。"), ("agent", "查到了，欠费三十元。"), ("customer", "哦。")),
        gaps={2: 21_300},
        found={"service.long_silence": (2, 21.3)},
        topic=("bill", "电费"),
        hour=11,
    ),
    Talk(
        "A005",
        agent=SUN,
        turns=(("unknown", "您好。"), ("unknown", "我问电价。")),
        unsure=("service.interrupt",),
        topic=("unknown", "未识别"),
        satisfaction=None,
    ),
    Talk(
        "B001",
        "保险",
        "voice_outbound",
        SUN,
        (("agent", "您好，这款产品绝对保本，年年有收益。"), ("customer", "真的不会亏吗？")),
        found={"insurance.no_guarantee": (1, "绝对保本")},
        topic=("sale", "产品介绍"),
        hour=14,
        satisfaction=None,
    ),
    Talk("B002", "保险", "voice_outbound", SUN, topic=("visit", "回访"), hour=14, region="宁波"),
    Talk(
        "B003",
        "保险",
        "voice_inbound",
        ZHAO,
        (("agent", "请把您收到的验证码告诉我。"), ("customer", "为什么要验证码？我不要了，退保。")),
        found={"privacy.ask_secret": (1, "验证码告诉我")},
        level=2,
        satisfaction=4,
        hour=15,
    ),
    Talk(
        "C001",
        "电商",
        "voice_inbound",
        ("2001", "周洁", "电商组"),
        (("agent", "这不归我们管，您找快递。"), ("customer", "你们太过分了！"), ("agent", "反正我没办法。")),
        found={"service.shirking": (1, "不归我们管"), "customer.anger": (2, "太过分了")},
        level=3,
        satisfaction=5,
        topic=("delivery", "物流"),
    ),
    Talk("C002", "电商", "voice_inbound", ("2001", "周洁", "电商组"), topic=("delivery", "物流"), hour=16),
    Talk(
        "D001",
        "电商",
        "chat",
        ("2001", "周洁", "电商组"),
        (("agent", "您自己不会看吗？"), ("customer", HOSTILE), ("agent", "……")),
        found={"service.rhetorical": (1, "不会看吗"), "trial.slang": (3, "……")},
        topic=("refund", HOSTILE),
        region=HOSTILE,
    ),
    Talk(
        '"><script>x()</script>',
        "电商",
        "chat",
        ("<b>\"2002'</b>", "陈<晨>", "电商组"),
        (("customer", LONG), ("agent", "亲，" + HOSTILE)),
        found={"customer.escalation": (1, "我要打12398投诉"), "service.greeting": (2, "亲，<script>alert")},
        level=2,
        satisfaction=2,
        topic=("refund", "退款"),
    ),
    Talk("目录/电话 7", turns=(("agent", "您好。"), ("customer", "a" * 50))),
    Talk("a001", turns=(("agent", "您好。"), ("customer", "同名不同大小写。"))),
    Talk(
        "E001",
        "95598",
        "bot_text",
        None,
        (("bot", "请问您要办理什么？"), ("customer", "转人工"), ("bot", "请问您要办理什么？")),
        satisfaction=None,
    ),
    Talk(
        "T001",
        "95598",
        "ticket",
        None,
        (("system", "客户反映停电，要求尽快处理。"),),
        found={"ticket.incomplete": (None, "")},
        satisfaction=None,
        region=None,
    ),
)


@pytest.fixture
def builder(tmp_path: Path) -> Callable[[str], RunBuilder]:
    """Start a run in a fresh folder of the given name."""
    return lambda name="run": RunBuilder(tmp_path / name)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """The sixteen conversations and two failures."""
    build = RunBuilder(tmp_path_factory.mktemp("reporting") / "20261120")
    for talk in TALKS:
        build.add(talk)
    build.fail("bad/零字节.wav", "empty_file", "文件是空的（0 字节）")
    build.fail("bad/<script>.mp3", "crash", "处理它的进程退出了", quarantined=True)
    for term, conversations, occurrences, negative in [("停电", 5, 9, 1), ("电费", 2, 3, 0), ("曝光", 1, 1, 1)]:
        build.term("95598", term, conversations, occurrences, negative)
    build.term("保险", "退保", 1, 1, 1)
    build.term("保险", "停电", 1, 1, 0)
    build.term("电商", HOSTILE, 1, 2, 0)
    build.term("电商", "退款", 2, 4, 1)
    build.rows["complaints"].append(
        {
            "conversation_id": '"><script>x()</script>',
            "type_id": "other",
            "type": HOSTILE,
            "severity": "high",
            "escalations": ["regulator", HOSTILE],
            "scope": HOSTILE,
            "scope_size": 2,
            "deadline_minutes": 95,
            "turn": 1,
            "reasons": [HOSTILE, "命中“升级投诉”"],
        }
    )
    build.rows["intents"].append(
        {
            "conversation_id": "D001",
            "intent_id": "x.y",
            "intent": HOSTILE,
            "kind": "purchase",
            "level": 2,
            "turn": 2,
            "phrases": [HOSTILE],
            "source": "phrases",
        }
    )
    return build.write()


@pytest.fixture
def templates() -> list[Path]:
    """The shipped templates."""
    return [packaged("reports")]


@pytest.fixture(scope="session")
def reviewed_night(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """A generated night, judged by the packaged rules, that people have reviewed."""
    from tests.reporting.month import make_month  # the whole pipeline

    return open_run(make_month(tmp_path_factory.mktemp("night"), 1, 60))


@pytest.fixture(scope="session")
def reviewed_report(reviewed_night: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    from qc.reporting.build import build_report

    out = tmp_path_factory.mktemp("figures") / "report"
    build_report(reviewed_night, out=out, template_dirs=[packaged("reports")])
    return out


@pytest.fixture(scope="session")
def reviewed_pages(reviewed_report: Path) -> Mapping[str, Mapping[str, Section]]:
    """Its sheets as a reader sees them."""
    return {file.stem: read_page(file.read_text(encoding="utf-8")) for file in reviewed_report.glob("*.html")}


@pytest.fixture(scope="session")
def reviewed_ask(reviewed_night: StoredRun) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """What SQL says of its tables."""
    from qc.storage.sql import Database  # DuckDB need not be installed

    with Database([reviewed_night]) as database:
        yield lambda sql: database.ask(sql).read_all().to_pylist()
