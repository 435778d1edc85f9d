"""Reviews that come back: what is taken, what is refused and why, what the scores come to."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.commands.report.run import command as report
from qc.commands.review.accuracy import command as accuracy
from qc.errors import UsageError
from qc.pipeline.review import carry_reviews, rescore, sample_run
from qc.review.accuracy import accuracy as measured
from qc.review.ledger import behind
from qc.review.opinions import ReviewError
from qc.review.sampling import Wanted
from qc.storage.append import append_part
from qc.storage.lineage import write_lineage
from qc.storage.read import open_run
from tests.review.centre import BOSS, CARD, Centre


def complaints(error: pytest.ExceptionInfo[ReviewError]) -> str:
    return error.value.render()


def test_nothing_said_leaves_every_score_as_it_is(centre: Centre) -> None:
    ids = sorted(centre.scores("scores"))
    done = centre.enter(centre.file("a.json", *(centre.review(i, None, None) for i in ids)))
    assert (done.added, done.rescored.changed, done.rescored.moved) == (12, 0, 0)
    assert centre.scores() == centre.scores("scores")
    for name in ("item_scores", "scores"):
        mine = centre.run.table(f"final_{name}").to_pylist()
        assert sorted(map(str, mine)) == sorted(map(str, centre.run.table(name).to_pylist()))
    assert centre.run.table("final_findings").num_rows == 12 * 3


def test_overturned_verdicts_move_the_scores_as_scoring_does(centre: Centre) -> None:
    before = centre.scores("scores")
    assert (before["C00"], before["C01"], before["C05"]) == (pytest.approx(66.67), pytest.approx(66.67), 0.0)
    done = centre.enter(
        centre.file(
            "a.json",
            centre.review("C00", "service.greeting", "miss", comment="第 1 轮说了，电话 13812345678"),
            centre.review("C01", "service.promise", "hit"),  # two hits, confirmed: they still count twice
            centre.review("C02", "service.promise", "hit"),  # the machine missed one
            centre.review("C05", "service.leak", "not_applicable"),
        )
    )
    assert (done.rescored.conversations, done.rescored.changed) == (4, 3)
    # 保密 is of 保险 only: elsewhere a card is worth 60
    assert centre.scores() == pytest.approx({"C00": 100.0, "C01": 66.67, "C02": 83.33, "C05": 100.0}, abs=0.01)
    (said,) = [r["comment"] for r in centre.run.table("reviews").to_pylist() if r["comment"]]
    assert said == "第 1 轮说了，电话 138****5678"
    assert {r["imported_by"] for r in centre.run.table("reviews").to_pylist()} == {"王主管"}


def test_the_same_file_twice_counts_once_and_only_adds(centre: Centre) -> None:
    file = centre.file("a.json", centre.review("C00", "service.greeting", "miss"))
    centre.enter(file)
    parts = centre.run.part_files("reviews")
    before = parts[0].read_bytes()
    assert (centre.enter(file).added, centre.enter(file).repeated) == (0, 1)
    centre.enter(centre.file("b.json", centre.review("C04", "service.greeting", "miss")))
    assert len(centre.run.part_files("reviews")) == 2
    assert parts[0].read_bytes() == before


def test_of_two_people_the_later_one_wins_and_it_is_said(centre: Centre) -> None:
    later = centre.review("C00", "service.greeting", "hit", reviewed_at="2026-11-21T12:00:00")
    centre.enter(centre.file("b.json", later, reviewer="王主管"))
    done = centre.enter(centre.file("a.json", centre.review("C00", "service.greeting", "miss")))
    assert done.conflicts == ("会话 C00 规则 service.greeting：王主管说命中，李班长说未命中",)
    assert centre.final() == {("C00", "service.greeting"): "hit"}
    assert centre.run.table("reviews").num_rows == 2


def test_a_rule_named_stands_above_a_conversation_read_as_a_whole(centre: Centre) -> None:
    whole = centre.review("C00", None, None, reviewed_at="2026-11-21T12:00:00")
    centre.enter(centre.file("a.json", centre.review("C00", "service.greeting", "miss"), whole))
    assert centre.final()["C00", "service.greeting"] == "miss"
    assert centre.final()["C00", "service.promise"] == "miss"


def test_calibration_compares_people_and_moves_no_score(centre: Centre) -> None:
    file = centre.file("a.json", centre.review("C00", "service.greeting", "miss"), session="十一月校准")
    assert centre.enter(file).added == 1
    assert centre.final() == {} and centre.scores() == {}


def test_what_people_type_is_masked(centre: Centre) -> None:
    said = centre.review("C00", "service.greeting", "miss", comment="客户电话13812345678")
    assert centre.enter(centre.file("a.json", said, session="13812345678的投诉")).added == 1
    stored = str(open_run(centre.path).table("reviews").to_pylist())
    assert "13812345678" not in stored and stored.count("138****5678") == 2


def test_what_is_stale_or_unknown_is_named_all_at_once_and_nothing_is_stored(centre: Centre) -> None:
    file = centre.file(
        "a.json",
        centre.review("C00", "service.greeting", "miss", rule_version="1.1.0", rule_digest="ab" * 32),
        centre.review("C04", "service.greeting", "miss", rule_version="1.1.0", rule_digest="ab" * 32),
        centre.review("C01", "service.promise", "miss", machine_verdict="miss"),
        centre.review("C99", None, None),
        centre.review("C02", "service.promise", "maybe"),
        centre.review("C03", "service.promise", "hit"),
        {"conversation_id": "C03", "rule_id": "x.y", "rule_digest": "0", "machine_verdict": "hit"}
        | {"human_verdict": "hit", "reviewed_at": "2026-11-21T09:29:41"},
    )
    with pytest.raises(ReviewError) as error:
        centre.enter(file)
    told = complaints(error)
    digest = centre.run.lineage.rule_digests["service.greeting"][:8]
    assert f"service.greeting 对不上：意见是对 1.1.0（abababab）写的，批次里是 1.2.0（{digest}）（共 2 条" in told
    assert "service.promise 对不上：意见是对机器判“未命中”写的，批次里机器判“命中”" in told
    assert "第 4 条：批次里没有会话 C99" in told
    assert "第 5 条：human_verdict 应是 hit、miss" in told
    assert "第 7 条：批次没有判定过规则 x.y" in told
    assert centre.run.table("reviews").num_rows == 0
    done = centre.enter(file, partial=True)
    assert (done.added, len(done.left_out)) == (1, 5)
    assert centre.final() == {("C03", "service.promise"): "hit"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"run_id": "r9"}, "是批次 r9 的复核，不是 r1 的"),
        ({"reviewer": "  "}, "没有写复核人"),
        ({"reviewer": None}, "没有写复核人"),
        ({"reviewer": "王" * 65}, "超过 64 字"),
        ({"format": "qc-review/9"}, "不是复核文件"),
        ({"session": ""}, "没有写校准场次"),
        ({"run_id": None}, "没有写是哪个批次的"),
    ],
)
def test_a_file_of_something_else_is_refused(centre: Centre, more: dict[str, object], told: str) -> None:
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("a.json", centre.review("C00", None, None), **more))
    assert told in complaints(error)


def test_a_clock_of_the_future_would_win_for_ever(centre: Centre) -> None:
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("a.json", centre.review("C00", None, None, reviewed_at="2031-01-01T00:00:00")))
    assert "时钟" in complaints(error)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b'{"format": "qc-review/1", "reviews": {"a": 1}, "reviewer": "x"}',
        b'{"format": "qc-review/1", "run_id": "r1", "reviewer": "x", "reviews": [1, null, {"conversation_id": {}}]}',
        b"\xff\xfe\x00",
        b"</script><script>alert(1)</script>",
        b"[]",
    ],
)
def test_hostile_files_are_refused_with_a_reason(centre: Centre, content: bytes) -> None:
    path = centre.home / "a.json"
    path.write_bytes(content)
    with pytest.raises(ReviewError) as error:
        centre.enter(path)
    assert error.value.exit_code == 2
    assert "a.json" in complaints(error)


def test_hostile_text_is_kept_as_text(centre: Centre) -> None:
    wild = '=HYPERLINK("http://x")</script>\x00\u202e' + "\U0001f600" + "\ud800"
    centre.enter(centre.file("a.json", centre.review("C00", "service.greeting", "miss", comment=wild)))
    (row,) = centre.run.table("reviews").to_pylist()
    assert row["comment"] == '=HYPERLINK("http://x")</script>\ufffd\ufffd\U0001f600\ufffd'
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("b.json", centre.review("../../etc\x1b[2J", None, None)))
    assert "\x1b" not in complaints(error)


def test_too_much_is_refused(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qc.review.file.MOST_REVIEWS", 1)
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("a.json", centre.review("C00", None, None), centre.review("C01", None, None)))
    assert "超过 1 条" in complaints(error)
    monkeypatch.setattr("qc.review.file.MOST_BYTES", 10)
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("a.json", centre.review("C00", None, None)))
    assert "请分几个文件" in complaints(error)


def test_two_imports_at_once_lose_nothing(centre: Centre) -> None:
    files = [centre.file(f"{i}.json", centre.review(f"C{i:02d}", None, None)) for i in range(4)]
    threads = [threading.Thread(target=centre.enter, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert centre.run.table("reviews").num_rows == 4
    assert len(centre.scores()) == 4  # whoever came last saw all
    assert not list(centre.path.rglob("*.tmp"))


def test_a_part_never_takes_a_name_that_is_taken(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    centre.enter(centre.file("a.json", centre.review("C00", None, None)))
    rows = centre.run.table("reviews")
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))  # as if the other part had come a moment ago
    assert append_part(centre.path, "reviews", rows).name == "part-00001.parquet"


def test_another_scorecard_is_named_and_the_reviews_are_kept(centre: Centre) -> None:
    card = centre.home / "scorecards" / "card.yml"
    card.write_text(CARD.replace("version: 1.0.0", "version: 2.0.0").replace("points: 20", "points: 30"), "utf-8")
    done = centre.enter(centre.file("a.json", centre.review("C00", "service.greeting", "miss")))
    (told,) = done.rescored.refused
    assert "评分表“服务评分表”（card）变了：批次用的是 1.0.0" in told and "现在是 2.0.0" in told
    assert done.added == 1 and centre.scores() == {} and centre.final() == {("C00", "service.greeting"): "miss"}
    card.write_text(CARD, "utf-8")
    assert rescore(centre.path, centre.cards).refused == ()
    assert centre.scores() == {"C00": 100.0}


def test_a_revision_that_does_not_exist_costs_nothing(centre: Centre) -> None:
    cards = replace(centre.cards, revision="v9")
    with pytest.raises(UsageError):
        rescore(centre.path, cards)


def test_reviews_go_along_to_a_run_judged_anew(centre: Centre) -> None:
    centre.enter(
        centre.file(
            "a.json",
            centre.review("C00", "service.greeting", "miss"),
            centre.review("C01", "service.promise", "miss"),
            centre.review("C02", None, None),
        )
    )
    new = centre.again("r2", changed="service.promise")
    done = carry_reviews(centre.path, new.path, new.cards, BOSS)
    assert [c.message.split("：")[0] for c in done.left_out] == ["规则 service.promise 对不上"]
    assert new.final() == {
        ("C00", "service.greeting"): "miss",
        ("C02", "service.greeting"): "miss",
        ("C02", "service.leak"): "not_applicable",
    }
    assert carry_reviews(centre.path, new.path, new.cards, BOSS).added == 0


def test_what_was_overturned_before_the_whole_was_read_stays_overturned_in_a_run_judged_anew(centre: Centre) -> None:
    overturned = centre.review("C00", "service.greeting", "miss", reviewed_at="2026-11-21T09:00:00")
    centre.enter(centre.file("a.json", overturned, centre.review("C00", None, None)))
    assert centre.final()["C00", "service.greeting"] == "miss"
    new = centre.again("r2", changed="service.promise")
    carry_reviews(centre.path, new.path, new.cards, BOSS)
    assert new.final() == {("C00", "service.greeting"): "miss", ("C00", "service.leak"): "not_applicable"}


def test_samples_and_what_was_read_as_a_whole_go_along(centre: Centre) -> None:
    """Of the rules that did not change it is as well known as before what they miss, and for how many that stands."""
    drawn = sample_run(centre.path, Wanted(size=6), BOSS, keep=True).ids
    missed = next(i for i in drawn if centre.machine.verdict(i, "service.greeting") == "miss")
    whole = [centre.review(i, None, None) for i in drawn]
    centre.enter(centre.file("a.json", *whole, centre.review(missed, "service.greeting", "hit")))
    new = centre.again("r2", changed="service.promise")
    for _ in range(2):
        carry_reviews(centre.path, new.path, new.cards, BOSS)
    assert new.run.table("samples").equals(centre.run.table("samples"))
    before, after = measured([centre.run]), measured([new.run])
    assert after.sampled and after.overall.accuracy is not None
    one, other = ({m.key: m for m in told.rules} for told in (before, after))
    assert other["service.greeting"] == one["service.greeting"] and one["service.greeting"].missed == 1
    assert "service.promise" in one and "service.promise" not in other


def test_one_opinion_on_a_changed_rule_does_not_say_what_it_misses(centre: Centre) -> None:
    """Of a conversation taken along, what was not seen of the new rule was not read."""
    overturned = centre.review("C00", "service.greeting", "miss")
    centre.enter(centre.file("a.json", *(centre.review(i, None, None) for i in ("C00", "C01")), overturned))
    new = centre.again("r2", changed="service.promise")
    carry_reviews(centre.path, new.path, new.cards, BOSS)
    new.enter(new.file("b.json", new.review("C01", "service.promise", "hit")))
    rules = {rule.key: rule for rule in measured([new.run]).rules}
    assert rules["service.promise"].true_hits == 1 and rules["service.promise"].recall is None
    assert rules["service.greeting"].agreed.n == 2  # of which one had been spoken of apart
    new.enter(new.file("c.json", new.review("C01", None, None)), new.file("d.json", new.review("C02", None, None)))
    rules = {rule.key: rule for rule in measured([new.run]).rules}
    assert (rules["service.promise"].agreed.n, rules["service.greeting"].agreed.n) == (2, 3)


def test_whole_conversations_read_by_other_rules_than_the_run_has_are_not_taken_along(centre: Centre) -> None:
    """The old run was made anew under its name after they were read."""
    centre.enter(centre.file("a.json", centre.review("C00", "service.leak", "hit"), centre.review("C04", None, None)))
    write_lineage(centre.path, replace(centre.run.lineage, rules_digest="12" * 32))
    new = centre.again("r2", changed="service.promise")
    done = carry_reviews(centre.path, new.path, new.cards, BOSS)
    assert [c.message.split("：")[0] for c in done.left_out] == ["规则 （整个会话） 对不上"]
    assert set(new.final()) == {("C00", "service.leak")}


def test_a_run_of_before_says_what_to_do(centre: Centre) -> None:
    lineage = centre.path / "run.json"
    data = json.loads(lineage.read_text("utf-8"))
    lineage.write_text(json.dumps(data | {"rule_digests": {}}), "utf-8")
    with pytest.raises(UsageError, match="较早的版本"):
        centre.enter(centre.file("a.json"))


def test_a_run_made_anew_under_the_same_name_forgets_what_was_said_of_other_rules(centre: Centre) -> None:
    centre.enter(
        centre.file("a.json", centre.review("C00", "service.greeting", "miss"), centre.review("C04", None, None))
    )
    write_lineage(centre.path, replace(centre.run.lineage, rules_digest="ef" * 32))
    rescore(centre.path, centre.cards)
    assert centre.final() == {("C00", "service.greeting"): "miss"}


def test_who_comes_later_is_later_whatever_the_order_of_files(centre: Centre) -> None:
    late = replace(BOSS, at=BOSS.at + timedelta(hours=1))
    centre.enter(
        centre.file("b.json", centre.review("C00", "service.greeting", "miss", reviewed_at="2026-11-21T12:00"))
    )
    early = centre.review("C00", "service.greeting", "hit", reviewed_at="2026-11-21T08:00")
    centre.enter(centre.file("a.json", early), who=late)
    assert centre.final() == {("C00", "service.greeting"): "miss"}


@pytest.mark.parametrize("field", ["conversation_id", "rule_id", "rule_digest", "rule_version"])
def test_half_a_character_is_complained_of(centre: Centre, field: str) -> None:
    entry = centre.review("C01", "service.promise", "miss") | {field: "C\ud800"}
    with pytest.raises(ReviewError) as error:
        centre.enter(centre.file("a.json", entry))
    assert field in complaints(error)


def test_a_copy_that_a_sync_program_left_is_no_part(centre: Centre) -> None:
    centre.enter(centre.file("a.json", centre.review("C01", "service.promise", "miss")))
    folder = centre.path / "reviews" / "reviews"
    (folder / "part-00000 (1).parquet").write_bytes((folder / "part-00000.parquet").read_bytes())
    assert centre.enter(centre.file("b.json", centre.review("C02", None, None))).added == 1
    assert centre.run.table("reviews").num_rows == 2


def test_a_disk_without_links_keeps_reviews_too(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("qc.storage.append.os.link", link)
    for name, conversation in (("a.json", "C01"), ("b.json", "C02")):
        assert centre.enter(centre.file(name, centre.review(conversation, None, None))).added == 1
    assert len(centre.run.part_files("reviews")) == 2 and centre.run.table("reviews").num_rows == 2


def test_a_damaged_part_says_what_brings_it_back(centre: Centre) -> None:
    """No run brings back what people said; what was worked out from it is worked out again."""
    centre.enter(centre.file("a.json", centre.review("C00", None, None)))
    for name, told in (("reviews", "请从备份恢复"), ("final_findings", "qc review import"), ("turns", "qc run")):
        centre.run.part_files(name)[0].write_bytes(b"PAR1")
        with pytest.raises(UsageError) as error:
            centre.run.table(name)
        assert told in error.value.render()


def test_an_import_that_was_killed_is_told(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reviews are in, the final verdicts do not know them: page and command say so until they are made again."""
    centre.enter(centre.file("a.json", centre.review("C00", None, None)))
    assert not behind(centre.run)
    file = centre.file("b.json", centre.review("C01", None, None))

    def killed(path: Path, name: str, *_: object, **__: object) -> None:
        if name == "final_item_scores":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("qc.pipeline.review.write_part", killed)
        with pytest.raises(KeyboardInterrupt):
            centre.enter(file)
    assert behind(centre.run)
    told = CliRunner().invoke(accuracy, [str(centre.path)])
    assert "qc review import --run" in told.stderr and "qc review import --run" not in told.stdout
    told = CliRunner().invoke(report, [str(centre.path), "--workspace", str(centre.home)])
    assert "终审判定比最后收下的复核旧" in told.stderr, told.output
    page = (centre.path / "report" / "index.html").read_text("utf-8")
    assert page.count("终审判定比最后收下的复核旧") == 1
    assert centre.enter(file).repeated == 1
    assert not behind(centre.run)
    assert not CliRunner().invoke(accuracy, [str(centre.path)]).stderr
