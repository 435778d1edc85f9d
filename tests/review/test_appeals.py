"""Appeals, and what becomes of them in the rule repository."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.commands.rulecheck import lint_rules
from qc.commands.rulecheck import test_rules as tried
from qc.errors import EXIT_OK, SpecError, UsageError
from qc.pipeline.appeals import decide_appeal, open_appeal, stored_appeals
from qc.pipeline.review import Clerk
from qc.pipeline.specs import folders
from qc.pipeline.to_tests import write_cases
from tests.review.centre import BOSS, NOW, RULES, Centre

LATER = Clerk(name="x", at=NOW + timedelta(days=2, hours=3))


def appeal(centre: Centre, conversation: str = "C00", rule: str = "service.greeting", agent: str = "100") -> str:
    reason = "第 1 轮说了“您好”，静音盖住了，可回拨 13812345678"
    return open_appeal(centre.path, conversation, rule, agent=agent, reason=reason, who=BOSS).appeal_id


def decide(centre: Centre, number: str, status: str, verdict: str | None = None, who: Clerk = LATER) -> None:
    decide_appeal(centre.path, number, status, verdict, by="王主管", text="复听属实", cards=centre.cards, who=who)


def test_an_upheld_appeal_is_the_last_word(centre: Centre) -> None:
    number = appeal(centre)
    decide(centre, number, "upheld")
    assert centre.final()["C00", "service.greeting"] == "miss" and centre.scores() == {"C00": 100.0}
    later = centre.review("C00", "service.greeting", "hit", reviewed_at="2026-11-22T09:29:00")
    centre.enter(centre.file("a.json", later))
    assert centre.final()["C00", "service.greeting"] == "miss"
    (kept,) = stored_appeals(centre.path)
    assert [s.status for s in kept.steps] == ["open", "upheld"] and kept.lasted(NOW) == timedelta(days=2, hours=3)
    assert "138****5678" in kept.first.text


def test_a_rejected_appeal_moves_nothing_and_stays_in_the_book(centre: Centre) -> None:
    number = appeal(centre)
    before = centre.run.part_files("appeals")[0].read_bytes()
    decide(centre, number, "rejected")
    assert centre.final() == {} and centre.run.part_files("appeals")[0].read_bytes() == before
    with pytest.raises(UsageError, match="王主管 于 2026-11-24 12:30 裁定"):
        decide(centre, number, "upheld")
    assert appeal(centre) == "S0002"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"conversation": "C99"}, "没有会话 C99"),
        ({"rule": "x.y"}, "没有判定过规则 x.y"),
        ({"agent": "999"}, "的坐席是 100，不是 999"),
        ({"agent": " "}, "没有写坐席"),
    ],
)
def test_what_cannot_be_appealed(centre: Centre, values: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        appeal(centre, **values)


def test_the_same_verdict_is_appealed_once_at_a_time(centre: Centre) -> None:
    appeal(centre)
    with pytest.raises(UsageError, match="已经在申诉：S0001"):
        appeal(centre)
    with pytest.raises(UsageError, match="没有申诉 S0009"):
        decide(centre, "S0009", "upheld")
    with pytest.raises(UsageError, match="改判成什么"):
        decide(centre, "S0001", "upheld", "hit")


def test_the_list_tells_who_waits_how_long(centre: Centre) -> None:
    appeal(centre)
    done = CliRunner().invoke(cli, ["review", "appeal", "list", str(centre.path), "--open"])
    assert done.exit_code == EXIT_OK
    assert "S0001 待裁定（已等 " in done.output and "共 1 个申诉，待裁定 1 个。" in done.output


def test_overturned_verdicts_fail_as_tests_until_the_rule_is_mended(centre: Centre) -> None:
    decide(centre, appeal(centre), "upheld")
    centre.enter(
        centre.file(
            "a.json",
            centre.review("C01", "service.promise", "miss", comment="客户自己要的承诺 # :\n </script> {x}"),
            centre.review("C02", "service.promise", "hit", comment="第 3 轮“已经登记”就是承诺"),
        )
    )
    cases = centre.home / "tests" / "cases"
    done = write_cases(centre.path, cases, folders(centre.home))
    assert [(w.about.rule_id, w.new, w.fails) for w in done] == [
        ("service.greeting", True, True),
        ("service.promise", True, True),
        ("service.promise", True, True),
    ]
    texts = {path.name: path.read_text("utf-8") for path in cases.iterdir()}
    assert not any("13812345678" in text for text in texts.values())
    assert any(
        "# 机器判命中；王主管 于 2026-11-24 申诉成立，改判未命中。申诉 S0001：复听属实" in t for t in texts.values()
    )
    where = folders(centre.home)
    failed = [o for o in tried(where, ["service.greeting", "service.promise"]).outcomes if not o.passed]
    assert sorted(o.path for o in failed) == sorted(str(cases / name) for name in texts)
    # idempotent, and what people changed in a case stays
    edited = cases / min(texts)
    edited.write_text(texts[edited.name] + "# 改过\n", "utf-8")
    assert [w.new for w in write_cases(centre.path, cases, where)] == [False] * 3
    assert edited.read_text("utf-8").endswith("# 改过\n")
    # a rule that is mended passes
    greeting = centre.home / "rules" / "service" / "greeting.yml"
    greeting.write_text(
        RULES["service/greeting"].replace("[您好]", "[您好, 讲]").replace("agent: 讲", "agent: 喂"), "utf-8"
    )
    outcomes = tried(where, ["service.greeting"]).outcomes
    assert all(o.passed for o in outcomes) and len(outcomes) == 3


def test_a_case_of_a_rule_that_is_gone_is_told_at_its_place(centre: Centre) -> None:
    cases = centre.home / "tests" / "cases" / "旧的"
    cases.mkdir(parents=True)
    (cases / "a.yml").write_text("name: 甲\nrule: service.greetin\nexpect: hit\nturns: [{agent: 讲}]\n", "utf-8")
    (cases / "b.yml").write_text("name: 甲\nrule: service.greeting\nexpect: perhaps\nturns: [{agent: 讲}]\n", "utf-8")
    with pytest.raises(SpecError) as error:
        tried(folders(centre.home), ())
    told = error.value.render()
    assert "a.yml:2:7: R035 没有规则 service.greetin" in told and "service.greeting”？" in told
    assert "b.yml:3:9:" in told
    assert {p.path.rsplit("/", 1)[-1] for p in lint_rules(folders(centre.home)).problems if "cases" in p.path} == {
        "a.yml",
        "b.yml",
    }
