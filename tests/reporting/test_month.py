"""The report of a month: its figures are what SQL says of the tables, and only what is new is read for it."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.reporting.batch import Batch
from qc.reporting.month import extract
from qc.reporting.month.agents import agents
from qc.reporting.month.nights import added_up, nights_between
from qc.reporting.month.period import Period, month_of
from qc.reporting.month.shift import Days, shifts
from qc.schema.reviews import ALL_TABLES
from qc.storage.append import append_part
from qc.storage.audit import entries
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, list_runs, open_run
from qc.storage.summary import summary_path
from tests.archive.nights import FIRST, night
from tests.reporting.conftest import RunBuilder
from tests.reporting.read_page import Section, read_page
from tests.reporting.test_figures import CHANNEL, GROUPED, TALKS, by, same, table

pytest.importorskip("duckdb")
MONTH = Period(first=FIRST, last=FIRST + timedelta(days=30))
COUNTED = [f"night-{day:02d}-0" for day in (-5, -4, -3, -2, -1, 0, 1, 2, 4, 5, 6)] + ["night-03-1", "night-06-1"]
"""Night 3 was judged twice: the later run counts. Night 6 has a second run over some of its conversations."""
Ask = Callable[[str], list[dict[str, Any]]]


def qc(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in args])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("month") / "runs"
    for day in (-5, -4, -3, -2, -1, 0, 1, 2, 3, 5, 6):
        run = night(root, day, talks=9 + 3 * (day % 3))
        rows = [
            {"conversation_id": f"{day:02d}-{n:04d}", "type_id": "slow", "type": "办得慢", "severity": "high"}
            for n in range(3 + day % 2)
        ]
        (run.path / "complaints").mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, ALL_TABLES["complaints"]), run.path / "complaints/part-00000.parquet")
    night(root, 3, talks=6, judged=1)
    night(root, 4, talks=10, dated=False)
    night(root, 6, talks=5, judged=1, input_digest="f" * 64)
    edited = open_run(root / "night-05-0")
    write_lineage(edited.path, replace(edited.lineage, rules_digest="cd" * 32))
    RunBuilder(root / "empty").write(run_id="empty", started_at="2020-05-01T01:00:00", input_digest="e" * 64)
    _review(root / "night-02-0")
    (root / "night-01-0/report").mkdir()
    (root / "night-01-0/report/index.html").touch()
    return root


def _review(path: Path) -> None:
    """People withdrew one hit of 02-0000, and its score rose to 98; 02-0001 was read and nothing changed."""
    run = open_run(path)
    scores = run.table("scores")
    for talk, given in (("02-0000", 98.0), ("02-0001", None)):
        row = scores.filter(pa.compute.equal(scores["conversation_id"], talk)).to_pylist()[0]
        row |= {} if given is None else {"score": given, "passed": True, "auto_fail": False}
        append_part(path, "final_scores", pa.Table.from_pylist([row], ALL_TABLES["final_scores"]))
    said = {
        "conversation_id": "02-0000",
        "rule_id": "service.shirking",
        "machine_verdict": "hit",
        "final_verdict": "miss",
    }
    schema = ALL_TABLES["final_findings"]
    append_part(path, "final_findings", pa.Table.from_pylist([{n: said.get(n) for n in schema.names}], schema))


@pytest.fixture(scope="module")
def page(runs: Path) -> Mapping[str, Section]:
    made = qc("report", "month", runs)
    assert made.output.strip() == str(runs / "months/2020-03/index.html"), made.exception
    return read_page(Path(made.output.strip()).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ask(runs: Path) -> Iterator[Ask]:
    """DuckDB over the Parquet files themselves, final rows in place of the machine's."""
    import duckdb

    db = duckdb.connect()
    for name in ("conversations", "scores", "findings", "topics", "complaints"):
        files = [str(runs / run / name / "*.parquet") for run in COUNTED if any((runs / run / name).glob("*"))]
        stored = f"read_parquet({files}, filename = true)"
        db.execute(f"create view raw_{name} as select *, split_part(filename, '/', -3) run_id from {stored}")
    for name in ("scores", "findings"):
        files = [str(path) for path in runs.glob(f"*/reviews/final_{name}/*.parquet")]
        db.execute(f"create view final_{name} as select * from read_parquet({files})")
    db.execute("create table runs (run_id text, begun date, started text)")
    for run in COUNTED:
        lineage = open_run(runs / run).lineage
        db.execute("insert into runs values (?, ?, ?)", [run, lineage.started_at[:10], lineage.started_at])
    db.execute("""
        create table every as select *, coalesce(date, begun) as day from (
            select *, row_number() over (partition by conversation_id, started_at order by started desc) nth
            from raw_conversations join runs using (run_id)) where nth = 1
    """)
    db.execute("create view conversations as select * from every where day between '2020-03-01' and '2020-03-31'")
    last = "join (select conversation_id, run_id from every) using (conversation_id, run_id)"
    db.execute(f"""create view scores as
        select * exclude (run_id, filename) from raw_scores {last}
        where conversation_id not in (select conversation_id from final_scores)
        union all by name select * from final_scores""")
    db.execute(f"""create view findings as
        select f.* replace (coalesce(o.final_verdict, f.verdict) as verdict) from raw_findings f {last}
        left join final_findings o using (conversation_id, rule_id)
        where coalesce(o.final_verdict, f.verdict) <> 'miss'""")
    for name in ("topics", "complaints"):
        db.execute(f"create view {name} as select * from raw_{name} {last}")

    def answer(sql: str) -> list[dict[str, Any]]:
        found = db.execute(sql)
        return [dict(zip([c[0] for c in found.description], row, strict=True)) for row in found.fetchall()]

    yield answer
    db.close()


@pytest.mark.slow
def test_every_figure_is_what_sql_says(page: Mapping[str, Section], ask: Ask) -> None:
    (all_,) = ask(f"with t as ({TALKS}) {GROUPED.format(key='1', where='')}")
    tiles = page[""].tiles
    same(tiles["会话"], all_["n"])
    same(tiles["平均分"], all_["score"])
    same(tiles["合格率"], all_["passed"] / all_["scored"])
    same(tiles["一票否决"], all_["fails"])
    same(tiles["客户负面"], all_["negative"] / all_["spoke"])
    places: list[tuple[str, list[dict[str, str]], str, Callable[[str], str]]] = [
        ("day::text", table(page["days"], "日期", "当晚的报表"), "日期", lambda k: k[5:]),
        ("project", table(page["groups"], "业务项目"), "业务项目", lambda k: k),
        ("channel", table(page["groups"], "渠道"), "渠道", CHANNEL.__getitem__),
        ("coalesce(team, '未填写')", table(page["groups"], "班组"), "班组", lambda k: k),
        ("agent_id", table(page["agents"], "坐席", "平均分", "违规"), "坐席", lambda k: k),
    ]
    for key, rows, head, named in places:
        found = ask(f"with t as ({TALKS}) {GROUPED.format(key=key, where='where ' + key + ' is not null')}")
        shown = {r[head].split()[-1 if head == "坐席" else 0]: r for r in rows}
        assert len(shown) == len(found) >= 1, key
        for row in found:
            cell = shown[named(row["k"]).split()[0]]
            same(cell["会话"], row["n"])
            same(cell["平均分"], row["score"])
            same(cell["合格率"], row["passed"] / row["scored"])
            same(cell["一票否决"] or "0", row["fails"])
            same(cell["违规"], row["violations"])
            same(cell["客户负面"], row["negative"] / row["spoke"])


@pytest.mark.slow
def test_rules_topics_and_complaints(page: Mapping[str, Section], ask: Ask) -> None:
    n = ask("select count(*) n from conversations")[0]["n"]
    hits = """select rule_id k, count(*) filter (verdict = 'hit') hit, coalesce(sum(hit_count), 0)::int spots
        from findings join conversations using (conversation_id) group by 1"""
    shown = {row["规则"].split()[-1]: row for rows in page["rules"].tables for row in rows}
    found = by(ask(hits), "k")
    assert set(shown) == set(found)
    for rule, row in found.items():
        same(shown[rule]["命中会话"], row["hit"])
        same(shown[rule]["占会话"], row["hit"] / n)
        same(shown[rule]["证据"], row["spots"])
    main = ask(
        """select topic k, count(*) n, count(*) filter (customer_emotion_level >= 2) bad
        from topics join conversations using (conversation_id) where rank = 1 group by 1"""
    )
    (topic,) = table(page["topics"], "话题")
    same(topic["主要话题"], main[0]["n"])
    same(topic["负面率"], main[0]["bad"] / main[0]["n"])
    (told,) = ask("select type k, count(*) n from complaints join conversations using (conversation_id) group by 1")
    (row,) = table(page["complaints"], "投诉类型")
    same(row["会话"], told["n"])
    same(row["占会话"], told["n"] / n)
    same(page[""].tiles["投诉与升级风险"], told["n"])
    (before,) = ask("select count(*) n from complaints join every using (conversation_id) where day < '2020-03-01'")
    same(row["上期"], before["n"])


@pytest.mark.slow
def test_machine_and_final_are_apart(page: Mapping[str, Section], ask: Ask) -> None:
    ids = "('02-0000', '02-0001')"
    (machine,) = ask(f"select avg(100 * score / base) m from raw_scores where conversation_id in {ids}")
    (final,) = ask("select avg(100 * score / base) m from final_scores")
    row = page["verdicts"].tables[0][0]
    assert row["复核过的 2 个评分会话"] == "平均分"
    same(row["机器"], machine["m"])
    same(row["终审"], final["m"])
    assert page["verdicts"].tables[1][0]["撤销命中"] == "1"


@pytest.mark.slow
def test_what_is_to_be_known_of_the_nights(page: Mapping[str, Section], runs: Path) -> None:
    nights = {row["批次"].split()[-1]: row for row in page["nights"].tables[0]}
    assert set(nights) == {run for run in COUNTED if not run.startswith("night--")}
    assert "质检了 2 次" in nights["night-03-1"]["要知道的"]
    assert "5 个会话计在后来的批次" in nights["night-06-0"]["要知道的"]
    assert nights["night-06-0"]["失败"] == "1"
    changed = [run for run, row in nights.items() if "规则有改动" in row["要知道的"]]
    assert changed == ["night-05-0", "night-06-0"], "to other rules and back"
    html = (runs / "months/2020-03/index.html").read_text(encoding="utf-8")
    assert 'href="../../night-01-0/report/index.html"' in html and html.count("report/index.html") == 2
    assert stat.S_IMODE((runs / "months/2020-03/index.html").stat().st_mode) == 0o600
    *_, last = entries(runs)
    assert last.action == "report month" and set(last.runs) == set(nights)


@pytest.mark.slow
def test_only_what_is_new_is_worked_out(runs: Path, page: object, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []

    def counting(run: StoredRun) -> Batch:
        worked.append(run.lineage.run_id)
        return Batch(run)

    monkeypatch.setattr(extract, "Batch", counting)
    path = runs / "months/2020-03/index.html"
    before = path.read_bytes()
    assert qc("report", "month", runs, "--month", "2020-03").exit_code == 0
    assert not worked and path.read_bytes() == before, "nothing is new: the same page, from the extracts"

    def again() -> list[str]:
        worked.clear()
        added_up(nights_between(list_runs(runs), MONTH.before.first, MONTH.last), MONTH)
        return worked

    night(runs, 9, talks=3)
    assert again() == ["night-09-0"]
    append_part(runs / "night-00-0", "reviews", ALL_TABLES["reviews"].empty_table())
    kept = summary_path(runs / "night-01-0", "month-rules")
    kept.write_bytes(kept.read_bytes()[:50])
    assert again() == ["night-00-0", "night-01-0"], "a review and a damaged extract"
    assert again() == []


@pytest.mark.slow
def test_the_page_is_english_and_the_days_are_asked_for(runs: Path, tmp_path: Path) -> None:
    told = qc(
        "report", "month", runs, "--from", "2020-03-01", "--to", "2020-03-03", "--lang", "en", "--out", tmp_path / "x"
    )
    html = (tmp_path / "x/index.html").read_text(encoding="utf-8")
    assert told.exit_code == 0 and '<html lang="en">' in html and "Quality report of the month" in html
    for wrong in (["--from", "2020-03-01"], ["--from", "2020-03-02", "--to", "2020-03-01"], ["--month", "2019-01"]):
        error = qc("report", "month", runs, *wrong).exception
        assert isinstance(error, UsageError) and error.hint
    assert isinstance(qc("report", "month", tmp_path).exception, UsageError)


@pytest.mark.slow
def test_a_damaged_night_and_a_slip_in_a_date_stop_no_month(tmp_path: Path) -> None:
    """The others are added up, and what is missing is said; a conversation of 2062 does not make its month the last."""
    torn, slip, *_ = (night(tmp_path, day, talks=3) for day in range(3))
    torn.part_files("findings")[0].write_bytes(b"PAR1")
    (file,) = slip.part_files("conversations")[:1]
    talks = pq.read_table(file)
    at = talks.column_names.index("date")
    dates = pa.array([date(2062, 3, 2)] * len(talks), pa.date32())
    pq.write_table(talks.set_column(at, talks.schema.field(at), dates), file)
    unfinished = night(tmp_path, 9, talks=3)
    write_lineage(unfinished.path, replace(unfinished.lineage, status=RunStatus.RUNNING))
    done = qc("report", "month", tmp_path)
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.stdout.strip().endswith("months/2020-03/index.html")
    assert "批次 night-00-0 坏了，没有算进来：读不了" in done.stderr
    assert "批次 night-09-0 还没有做完" in done.stderr
    (line,) = entries(tmp_path)
    assert set(line.runs) >= {"night-02-0"} and "night-00-0" not in line.runs


def test_periods() -> None:
    march = month_of(date(2020, 3, 9))
    assert march.name == "2020-03" and march.before.last == date(2020, 2, 29) and march.before.first.day == 1
    fortnight = Period(first=date(2020, 3, 4), last=date(2020, 3, 17))
    assert fortnight.before == Period(first=date(2020, 2, 19), last=date(2020, 3, 3))
    assert [(w.first.day, w.last.day) for w in fortnight.weeks] == [(4, 8), (9, 15), (16, 17)]


def test_days_are_the_units_of_a_change() -> None:
    """With as many conversations every day it is Welch's test of the days' shares; ten times the conversations of the
    same days make nothing clearer."""
    rng = np.random.default_rng(5)
    now, before = rng.binomial(200, 0.11, 30).astype(float), rng.binomial(200, 0.10, 28).astype(float)
    n = [np.full(len(c), 200.0) for c in (now, before)]
    (found,) = shifts(
        {"x": Days(count=now, n=n[0], share=False)}, {"x": Days(count=before, n=n[1], share=False)}
    ).values()
    error = np.sqrt(now.var(ddof=1) / 30 + before.var(ddof=1) / 28) / 200
    assert found.value == pytest.approx(now.mean() / 200 - before.mean() / 200)
    assert (found.high - found.low) / 2 == pytest.approx(2.003 * error, rel=1e-3)
    more = [Days(count=10 * c, n=10 * size, share=False) for c, size in zip((now, before), n, strict=True)]
    assert shifts({"x": more[0]}, {"x": more[1]})["x"].q == pytest.approx(found.q)
    few = Days(count=now[:3], n=n[0][:3])
    assert not shifts({"x": few}, {"x": few}) and not shifts(
        {"x": Days(count=now * 0, n=n[0])}, {"x": Days(count=before * 0, n=n[1])}
    )


def test_who_rose_and_who_fell_is_not_chance() -> None:
    """Forty agents alike, one of whom loses eight points more in the second month: only that one fell."""
    rng = np.random.default_rng(4)
    months = [month_of(date(2026, 9, 1)), month_of(date(2026, 10, 1))]
    made = []
    for number, period in enumerate(months):
        rows = []
        for day in period.days[:20]:
            for who in range(40):
                lost = rng.normal(10 + 8 * (number == 1 and who == 7), 10, 6)
                sums = {"one": 6, "scored": 6, "lost": float(lost.sum()), "lost2": float((lost**2).sum())}
                name = f"{who:03d}"
                keys = {"project": "甲", "channel": "chat", "team": "一班", "agent": name, "agent_id": name}
                rows.append({"day": day, "agent_name": None, **keys, **dict.fromkeys(extract.ADDED, 0), **sums})
        made.append(pa.Table.from_pylist(rows))
    found = agents(made[1], made[0], months[1])
    assert [a.person.key for a in found.moved] == ["007"]
    shift = found.moved[0].shift
    assert shift is not None and shift.side == "down" and shift.low < -8 < shift.high
    assert not [m for m in found.rows if len(m.weeks.means) != len(months[1].weeks)]
