"""`qc rules baseline`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qc.commands.rules.baseline import command
from qc.domain.finding import Finding, Hit, Verdict
from qc.domain.run import Lineage, RunStatus
from qc.errors import SpecError, UsageError
from qc.paths import packaged
from qc.pipeline.baseline import accepted_of, baseline, corpus_of
from qc.pipeline.specs import configuration, folders, load
from qc.ruletest.baseline import Baseline, entries, gate, lines, quote_of
from qc.specs.accepted import append_accepted, load_accepted
from qc.storage.lineage import write_lineage
from tests.backtest.conftest import Setting
from tests.backtest.stored import Centre, talks
from tests.backtest.test_outputs import qc


def check(centre: Centre, corpus: Path | None, *runs: Path) -> Baseline:
    accepted = accepted_of(centre.where.rules)
    specs, config = load(centre.where), configuration(centre.where)
    return baseline(specs, config, corpus=corpus, runs=runs, accepted=accepted)


def test_the_packaged_rules_are_quiet_on_the_packaged_corpus() -> None:
    where = folders(None)
    corpus = corpus_of(where.rules)
    found = baseline(
        load(where), configuration(where), corpus=corpus, runs=(), accepted=packaged("rules") / "_baseline/accepted.yml"
    )
    assert list(lines(replace(found, stale=())))[:-1] == []
    assert found.conversations >= 60
    assert {json.loads(line)["project"] for p in corpus.glob("*.jsonl") for line in p.open(encoding="utf-8")} >= {
        "95598",
        "保险",
        "电商",
    }


def test_hits_are_new_until_accepted_and_then_stale(setting: Setting) -> None:
    corpus = setting.room / "in"
    file = accepted_of(setting.centre.where.rules)
    found = check(setting.centre, corpus)
    assert not found.passed
    assert {(h.rule.id, h.conversation_id) for h in found.new} >= {("tone.rude", "C000"), ("mood.angry", "C001")}
    hit = next(h for h in found.new if h.rule.id == "tone.rude")
    assert (hit.before, hit.hit, hit.turn) == ("这个我", "不知道", 2)
    append_accepted(file, entries(found, reason='看过："可以" # 留着', by="@李\n敏", date="2026-01-02"))
    again = check(setting.centre, corpus)
    assert again.passed
    assert len(again.accepted) == len(found.new)
    assert load_accepted(file)[0].reason == '看过："可以" # 留着'
    setting.centre.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[从来不说]")
    stale = check(setting.centre, corpus)
    assert stale.passed
    assert {entry.rule for entry in stale.stale} == {"tone.rude"}
    assert stale.stale[0].line == 3
    assert any("不再命中" in line for line in lines(stale))
    assert [remark.level for remark in gate(stale).annotations] == ["warning"] * len(stale.stale)
    setting.centre.edit("rules/_lexicons/rude_words.yml", "[从来不说]", "[真的不知道, 自己看]")
    other = check(setting.centre, corpus)  # other words in the same conversations: to be looked at again
    assert {(h.rule.id, h.conversation_id) for h in other.new} >= {("tone.rude", "C000"), ("tone.rude", "C001")}
    assert not gate(other).passed
    assert "自己看" in gate(other).markdown


def test_words_of_a_run_that_kept_personal_data_do_not_go_into_the_rules(tmp_path: Path) -> None:
    write_lineage(tmp_path / "kept", Lineage(run_id="kept", status=RunStatus.DONE, personal_data="kept"))
    with pytest.raises(UsageError, match="没有脱敏"):
        command.main(["--run", str(tmp_path / "kept"), "--accept", "--reason", "看过了"], standalone_mode=False)


def test_a_quote_survives_the_move_of_its_words() -> None:
    def finding(*hits: tuple[str, int]) -> Finding:
        said = tuple(Hit(piece="a", operator="keyword", turn=turn, text=text) for text, turn in hits)
        return Finding(conversation_id="c", rule_id="r", verdict=Verdict.HIT, pieces=("a",), hits=said)

    assert quote_of(finding(("保本", 2))) == quote_of(finding(("保本", 9), ("保 本", 11)))
    assert quote_of(finding(("保本", 2))) != quote_of(finding(("保息", 2)))
    assert quote_of(finding(("保本", 2))) != quote_of(finding(("保本", 2), ("保息", 2)))
    assert quote_of(finding()) == quote_of(finding(("", 1)))


def test_stored_runs_serve_as_corpus(setting: Setting) -> None:
    by_folder, by_run = check(setting.centre, setting.room / "in"), check(setting.centre, None, setting.run.path)
    assert {hit.key for hit in by_run.new} == {hit.key for hit in by_folder.new}
    assert by_run.conversations == 18


def test_a_corpus_that_cannot_be_read(setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="没有干净语料"):
        check(setting.centre, tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="没有会话"):
        check(setting.centre, tmp_path / "empty")
    folder = talks(tmp_path / "broken", 3)
    with (folder / "chats.jsonl").open("a", encoding="utf-8") as out:
        out.write('{"id": "x", "turns": 7}\n')
    with pytest.raises(UsageError, match="读不了"):
        check(setting.centre, folder)


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("accepted:\n  - {rule: a.b, conversation: c, quote: zz, reason: 可以, by: 我, date: 2026-01-01}\n", 2, "S007"),
        ("accepted:\n  - {rule: a.b, conversation: c, quote: 0123456789abcdef, by: 我, date: 2026-01-01}\n", 2, "S001"),
        (
            "accepted:\n  - {rule: a, conversation: c, quote: 0123456789abcdef, reason: 可以, by: 我, date: 今天}\n",
            2,
            "S",
        ),
        ("acepted: []\n", 1, "S002"),
    ],
)
def test_accepted_files_that_are_wrong(tmp_path: Path, text: str, line: int, code: str) -> None:
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_accepted(tmp_path / "a.yml")
    assert caught.value.problems[0].line == line
    assert caught.value.problems[0].code.startswith(code)


def test_adding_keeps_what_is_there(setting: Setting, tmp_path: Path) -> None:
    found = check(setting.centre, setting.room / "in")
    new = entries(found, reason="可以", by="我", date="2026-01-02")
    for text in ("# 我的\naccepted: []  # 空\n", "# 我的\naccepted:\n", "# 我的\n"):
        file = tmp_path / "a.yml"
        file.write_text(text if "accepted" in text else text + "accepted: []\n", encoding="utf-8")
        append_accepted(file, new[:1])
        append_accepted(file, new[1:])
        assert [replace(entry, line=0) for entry in load_accepted(file)] == list(new)
        assert file.read_text(encoding="utf-8").startswith("# 我的\n")


def test_the_command(setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = (setting.room / "in", "-w", setting.centre.home)
    code, out, _ = qc(capsys, "rules", "baseline", *where)
    assert code == 1
    assert "C000 第 2 轮：这个我【不知道】" in out
    assert qc(capsys, "rules", "baseline", *where, "--accept")[0] == 2
    code, _, err = qc(capsys, "rules", "baseline", *where, "--accept", "--reason", "看过了", "--by", "李敏")
    assert (code, "已接受" in err) == (0, True)
    code, out, _ = qc(capsys, "rules", "baseline", *where, "--junit", tmp_path / "j.xml")
    assert code == 0
    assert "新命中 0" in out
    assert qc(capsys, "rules", "baseline", *where, "--run", setting.run.path)[0] == 2
