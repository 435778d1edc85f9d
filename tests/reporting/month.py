"""A month of a centre for looking at reports: thirty nightly runs, teams, channels, satisfaction, reviews, an appeal.

usage: python tests/reporting/month.py FOLDER [DAYS] [CHATS A DAY]

Builds on the customers of tests/opinion/month.py: their talks get agents with habits (one does not greet, one passes
the buck), clocks, what the telephone system knows of a call, talks with a bot. Every night is judged for real by the
packaged rules. From the eighth night on samples are drawn and reviewed by two team leads, who overturn most of what
one rule finds where the accent is strong; three of them calibrate; one agent appeals. Prints the last night's report.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from qc.pipeline.appeals import decide_appeal, open_appeal
from qc.pipeline.options import Options
from qc.pipeline.report import write_report
from qc.pipeline.review import Cards, Clerk, import_reviews, sample_run
from qc.pipeline.run import run_batch
from qc.pipeline.specs import alerts, configuration, folders
from qc.review.machine import Machine, machine
from qc.review.opinions import CALIBRATION, HIT, MISS, PAGE, UNDECIDED, Opinion, Returned
from qc.review.sampling import Wanted
from qc.storage.lineage import write_lineage
from qc.storage.read import open_run
from tests.opinion.month import FIRST, Quiet, Surge, chats

Chat = dict[str, Any]
LEADS = ("王主管", "李班长", "赵质检")
ACCENTS = ("普通话", "四川话", "粤语口音")
_UNITS = {"95598": "供电公司，", "电商": "", "保险": "保险客服中心，"}
_PRESSED = "service.interrupt"
_REVIEWED_FROM, _SAMPLE = 7, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`habits`: what this agent tends to do, with its chance."""

    number: str
    name: str
    project: str
    team: str
    habits: tuple[tuple[str, float], ...] = ()
    second: str = ""


AGENTS = (
    Agent(number="1021", name="林晓", project="95598", team="供电一班", habits=(("empathy", 0.5),)),
    Agent(number="1022", name="周强", project="95598", team="供电一班", habits=(("interrupt", 0.3),)),
    Agent(number="1023", name="陈静", project="95598", team="供电一班", second="保险"),
    Agent(number="1024", name="吴敏", project="95598", team="供电二班", habits=(("curt", 0.5), ("silence", 0.3))),
    Agent(number="1025", name="郑伟", project="95598", team="供电二班", habits=(("silence", 0.2), ("unnamed", 0.5))),
    Agent(number="1026", name="孙磊", project="95598", team="供电二班", habits=(("shirk", 0.2), ("unnamed", 0.3))),
    Agent(number="2011", name="何洁", project="电商", team="电商组", habits=(("empathy", 0.4),)),
    Agent(number="2012", name="高翔", project="电商", team="电商组", habits=(("rhetorical", 0.25),)),
    Agent(number="2013", name="罗琳", project="电商", team="电商组", second="95598"),
    Agent(number="3001", name="谢芳", project="保险", team="保险一组", habits=(("promise", 0.1),)),
    Agent(number="3002", name="唐亮", project="保险", team="保险一组", habits=(("nobye", 0.4),)),
    Agent(number="3003", name="许诺", project="保险", team="保险二组"),
)
_SAID = {
    "empathy": "非常理解您的心情，换作是我也会着急，我马上帮您处理。",
    "shirk": "这个不归我们管，您找别的部门吧。",
    "rhetorical": "您自己不会看吗？页面上都写着呢。",
    "promise": "您放心，这款产品绝对保本，年年有收益。",
}
_MORE = (
    ("请您提供一下户号或者登记的手机号。", "户号是三三零一二。", "好的，我查到了，请您稍等。"),
    ("请问具体地址是哪里？", "和平路十二号三单元。", "跟您核对一下，和平路十二号三单元，对吗？"),
    ("您方便说一下当时的情况吗？", "就是昨天晚上开始的，一直没好。", "明白了，我把情况登记清楚。"),
)
_BOT = (
    ("bot", "您好，我是智能助手，请问您要办理什么？"),
    ("customer", "{asked}"),
    ("bot", "请在网上国网或公众号的“办理进度”里查看。还有什么可以帮您？"),
)


def night(day: int, count: int, surge: Surge | None) -> list[Chat]:
    """The conversations of one night; the same for the same arguments."""
    rng = random.Random(f"report {day}")
    return [_talk(rng, dict(chat)) for chat in chats(day, count, surge)]


def _talk(rng: random.Random, chat: Chat) -> Chat:
    project, turns = chat["project"], [(t["role"], t["text"]) for t in chat["turns"]]
    if chat["channel"] == "bot_text":
        turns = [(r, t.replace("{asked}", turns[1][1])) for r, t in _BOT]
        moved = rng.random() < 0.3
        turns += [("customer", "转人工" if moved else "好的谢谢")]
        extra = {"transfers": int(moved), "问题是否解决": "否" if moved else "是", "agent_id": None}
        return chat | extra | {"turns": _clocked(turns)}
    staff = [a for a in AGENTS if project in (a.project, a.second)]
    agent = rng.choices(staff, [3 if a.project == project else 1 for a in staff])[0]
    chat |= {"agent_id": agent.number, "agent_name": agent.name, "team": agent.team, "班次": "早班"}
    if chat["channel"] == "voice_inbound" and project == "电商" and rng.random() < 0.6:
        chat["channel"] = "chat"
    does = {habit for habit, chance in agent.habits if rng.random() < chance}
    rings = rng.randrange(1, 6)
    if rings > 4 and rng.random() < 0.6:
        does.add("sorry")
    turns = _spoken(rng, turns, agent, project, does)
    accent = rng.choices(ACCENTS, (7, 2, 1))[0]
    voice = chat["channel"].startswith("voice")
    if voice and (accent == "四川话") and rng.random() < 0.5:
        does = does | {"interrupt"}
    chat |= {"口音": accent, "after_call_s": rng.randrange(10, 90), "ring_count": rings}
    chat |= {"hold_s": rng.choice([0, 0, 0, 15, 40]), "transfers": rng.choice([0, 0, 0, 0, 1])}
    chat.pop("转接次数", None)
    if voice:
        timed = _timed(rng, turns, does)
        return chat | {"turns": timed, "duration_s": timed[-1]["end_ms"] // 1000 + 2}
    return chat | {"turns": _clocked(turns)}


def _spoken(
    rng: random.Random, turns: list[tuple[str, str]], agent: Agent, project: str, does: set[str]
) -> list[tuple[str, str]]:
    middle = list(turns[1:-2])
    asked, answered, confirmed = rng.choice(_MORE)
    middle[1:1] = [("agent", asked), ("customer", answered), ("agent", confirmed)]
    middle += [("agent", _SAID[habit]) for habit in ("empathy", "shirk", "rhetorical", "promise") if habit in does]
    unit = "" if "unnamed" in does else _UNITS[project]
    late = "不好意思让您久等了，" if "sorry" in does else ""
    hello = "喂，讲。" if "curt" in does else f"您好，{late}{unit}工号{agent.number}为您服务，请问有什么可以帮您？"
    closing = [] if "nobye" in does else [("agent", "请问还有其他可以帮您的吗？"), *turns[-2:]]
    return [("agent", hello), *middle, *(closing or [turns[-2]])]


def _clocked(turns: list[tuple[str, str]]) -> list[Chat]:
    return [{"role": role, "text": text} for role, text in turns]


def _timed(rng: random.Random, turns: list[tuple[str, str]], does: set[str]) -> list[Chat]:
    """Four characters a second on two channels, pauses between; a cut-in begins before the customer ends, a silence
    lasts half a minute."""
    out: list[Chat] = []
    clock = 800
    cut = rng.randrange(2, max(3, len(turns) - 1)) if "interrupt" in does else -1
    quiet = 4 if "silence" in does else -1
    for place, (role, text) in enumerate(turns):
        overlap = place >= cut > 0 and role == "agent" and out and out[-1]["role"] == "customer"
        start = out[-1]["end_ms"] - min(1800, len(out[-1]["text"]) * 120) if overlap else clock
        if overlap:
            cut = -1
        start += 32_000 if place == quiet else rng.randrange(200, 1500) * (not overlap)
        end = start + max(900, len(text) * rng.randrange(200, 270))
        out.append({"role": role, "声道": int(role == "customer"), "text": text, "begin_ms": start, "end_ms": end})
        clock = end
    return out


def review(run: Path, day: int) -> None:
    """Draw, review by one lead in turn; the calibration and the appeal on their days."""
    rng = random.Random(f"review {day}")
    at = FIRST + timedelta(days=day + 1, hours=9)
    cards = Cards(where=folders(None), workspace=None)
    drawn = sample_run(run, Wanted(size=_SAMPLE, seed=day), Clerk(name=LEADS[0], at=at), keep=True).ids
    said = machine(open_run(run), drawn)
    accents = _accents(run)
    lead = LEADS[day % 2]
    _enter(run, said, [o for i in drawn for o in _opinions(rng, said, i, lead, at, accents)], cards, at)
    if day % 10 == 9:
        for who in LEADS:
            own = [o for i in drawn for o in _opinions(rng, said, i, who, at, accents)]
            own = [replace(o, session=f"{at:%m 月 %d 日}校准", origin=CALIBRATION) for o in own]
            _enter(run, said, own, cards, at)
    if day % 7 == 1:
        _appeal(run, said, cards, at + timedelta(hours=3))


def _opinions(
    rng: random.Random, said: Machine, conversation: str, who: str, at: datetime, accents: dict[str, str]
) -> list[Opinion]:
    same: Chat = {"conversation_id": conversation, "reviewer": who, "reviewed_at": at, "origin": PAGE}
    whole = Opinion(
        rule_id=None,
        rule_version=None,
        rule_digest=said.rules_digest,
        machine_verdict=None,
        human_verdict=None,
        comment="",
        **same,
    )
    out = [whole]
    for rule in said.rules:
        verdict = said.verdict(conversation, rule)
        doubt = 0.7 if rule == _PRESSED and accents.get(conversation) == "四川话" else 0.08
        other = {HIT: MISS, MISS: HIT, UNDECIDED: MISS}.get(verdict)
        if other is None or rng.random() > (doubt if verdict != MISS else 0.002):
            continue
        comment = {HIT: "听了录音，不算", MISS: "确有此事", UNDECIDED: "没有问题"}[verdict]
        out.append(
            Opinion(
                rule_id=rule,
                rule_version=said.versions.get(rule),
                rule_digest=said.digests[rule],
                machine_verdict=verdict,
                human_verdict=other,
                comment=comment,
                **same,
            )
        )
    return out


def _enter(run: Path, said: Machine, opinions: list[Opinion], cards: Cards, at: datetime) -> None:
    stored = open_run(run)
    returned = Returned(
        path="复核.json",
        run_id=stored.lineage.run_id,
        plan_digest=stored.lineage.plan_digest,
        opinions=tuple(opinions),
    )
    import_reviews(run, [returned], cards, Clerk(name=LEADS[0], at=at), partial=False)


def _appeal(run: Path, said: Machine, cards: Cards, at: datetime) -> None:
    found = [(c, r) for c in said.ids for r in said.rules if r.startswith("service.") and said.verdict(c, r) == HIT]
    served = [(c, r) for c, r in found if said.agents[c].id]
    if not served:
        return
    conversation, rule = served[0]
    agent, who = said.agents[conversation].id, Clerk(name=LEADS[1], at=at)
    step = open_appeal(run, conversation, rule, agent=agent, reason="当时客户没有说完，我在等，不是抢话。", who=who)
    final = open_run(run).table("final_findings", ["conversation_id", "rule_id", "final_verdict"]).to_pylist()
    stands = next((f["final_verdict"] for f in final if (f["conversation_id"], f["rule_id"]) == served[0]), HIT)
    verdict = MISS if stands == HIT else HIT
    told = "复听录音，坐席说得有理，改判。"
    decide_appeal(run, step.appeal_id, "upheld", verdict, by=LEADS[0], text=told, cards=cards, who=who)


def _accents(run: Path) -> dict[str, str]:
    table = open_run(run).table("conversations", ["conversation_id", "extra"])
    return {r["conversation_id"]: dict(r["extra"] or ()).get("口音", "") for r in table.to_pylist()}


def _begun(run: Path, at: datetime) -> None:
    """The run says it began that night, not today: trends are drawn over nights."""
    times = {"started_at": at.isoformat(), "finished_at": (at + timedelta(minutes=7)).isoformat()}
    write_lineage(run, replace(open_run(run).lineage, **times))


def make_month(folder: Path, days: int, count: int) -> Path:
    """Write and judge all nights, review those before the last; the last night's run."""
    surge = Surge(day=days - 1, calls=count // 6)
    run = folder
    for day in range(days):
        source = folder / "calls" / f"{FIRST + timedelta(days=day):%Y-%m-%d}"
        source.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(chat, ensure_ascii=False) for chat in night(day, count, surge)]
        (source / "calls.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        date = FIRST + timedelta(days=day)
        options = Options(out=folder / "runs", run_id=f"{date:%Y%m%d}", name=f"{date:%m 月 %d 日}夜间", workers=1)
        run = run_batch(source, None, folders(None), options, Quiet()).run
        _begun(run, date + timedelta(days=1, hours=1))
        if day >= min(_REVIEWED_FROM, days - 1):
            review(run, day)
    return run


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    numbers = [int(value) for value in sys.argv[2:4]]
    days, count = (numbers + [30, 150][len(numbers) :])[:2]
    last = make_month(Path(sys.argv[1]), days, count)
    where = folders(None)
    made = write_report(last, out=None, templates=where.reports, config=configuration(where), alerts=alerts(where))
    sys.stdout.write(f"{made}\n")
