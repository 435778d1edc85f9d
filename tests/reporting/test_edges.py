"""Empty, failed, tiny and huge runs; restyling; files that are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.config import ReportConfig
from qc.errors import UsageError
from qc.reporting.build import build_conversation, build_report
from qc.reporting.selection import by_importance
from qc.storage.read import StoredRun


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_empty_run(builder, templates: list[Path], tmp_path: Path) -> None:
    index = build_report(builder("empty").write(notes=()), out=tmp_path / "r", template_dirs=templates)
    html = index.read_text(encoding="utf-8")
    assert "没有会话" in html and "所有输入都完成了" in html
    assert not list((tmp_path / "r" / "conversations").iterdir())
    cases = index.with_name("cases.html").read_text(encoding="utf-8")
    assert 'href="#key"' not in cases and 'id="key"' not in cases


def test_all_failed(builder, templates: list[Path], tmp_path: Path) -> None:
    build = builder("failed")
    for i in range(3):
        build.fail(f"{i}.wav", "not_audio", "不是音频文件")
    html = build_report(build.write(), out=tmp_path / "r", template_dirs=templates).read_text(encoding="utf-8")
    assert "没有会话完成质检" in html and html.count("不是音频文件") == 3


def test_single_conversation(builder, templates: list[Path], tmp_path: Path, sample: StoredRun) -> None:
    build = builder("one")
    for name in build.rows:
        build.rows[name] = [r for r in sample.table(name).to_pylist() if r.get("conversation_id") == "B001"]
    html = build_report(build.write(), out=tmp_path / "r", template_dirs=templates).read_text(encoding="utf-8")
    assert "一票否决" in html
    assert (tmp_path / "r" / "conversations" / "B001.html").is_file()


def test_books_that_do_not_balance_are_said_so(builder, templates: list[Path], tmp_path: Path) -> None:
    from qc.domain.run import Counts

    run = builder("unbalanced").write(counts=Counts(input=5, ok=1, failed=1))
    assert "账不平" in build_report(run, out=tmp_path / "r", template_dirs=templates).read_text(encoding="utf-8")


def test_same_run_same_bytes(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    build_report(sample, out=tmp_path / "a", template_dirs=templates)
    build_report(sample, out=tmp_path / "b", template_dirs=templates)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_new_report_replaces_the_old_one_whole(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "report"
    build_report(sample, out=out, template_dirs=templates)
    (out / "conversations" / "stale.html").write_text("old")
    build_report(sample, out=out, template_dirs=templates, settings=ReportConfig(pages=3))
    assert len(list((out / "conversations").iterdir())) == 3
    assert not list(tmp_path.glob("*.partial"))


def test_a_foreign_folder_is_left_alone(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my homepage")
    with pytest.raises(UsageError, match="不覆盖"):
        build_report(sample, out=tmp_path, template_dirs=templates)
    assert (tmp_path / "index.html").read_text() == "my homepage"


def test_cap_keeps_the_gravest(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    from qc.reporting.batch import Batch

    first = by_importance(Batch(sample), 3)
    assert first[0].conversation_id == "B001"  # the only auto-fail
    assert first[1].conversation_id == "B003"  # the only other critical
    quiet = {"A001", "B002", "C002"}
    assert not quiet & {line.conversation_id for line in by_importance(Batch(sample), 15)}
    html = build_report(sample, out=tmp_path / "r", template_dirs=templates, settings=ReportConfig(pages=3)).read_text(
        encoding="utf-8"
    )
    assert "列出最需要看的 3 个（共 16 个）" in html and "A004.html" not in html


def test_one_conversation_on_its_own(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    page = build_conversation(sample, "A004", out=tmp_path / "x", template_dirs=templates)
    html = page.read_text(encoding="utf-8")
    assert "静音 21.3 秒" in html and "../index.html" not in html
    with pytest.raises(UsageError, match="没有会话"):
        build_conversation(sample, "../../etc/passwd", out=tmp_path / "x", template_dirs=templates)


def test_a_company_may_restyle(sample: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "style.css").write_text("body { color: navy }", encoding="utf-8")
    html = build_report(sample, out=tmp_path / "r", template_dirs=[own, *templates]).read_text(encoding="utf-8")
    assert "<style>body { color: navy }</style>" in html and "质检报表" in html
    (own / "style.css").write_text("</style><script>x()</script>", encoding="utf-8")
    with pytest.raises(UsageError, match=r"style\.css"):
        build_report(sample, out=tmp_path / "r", template_dirs=[own, *templates])


@pytest.mark.parametrize("text", ["{% if %}", "{{ page.no_such_thing }}", "{% extends 'absent.html' %}"])
def test_a_broken_template_says_where_and_costs_nothing(
    sample: StoredRun, templates: list[Path], tmp_path: Path, text: str
) -> None:
    build_report(sample, out=tmp_path / "r", template_dirs=templates)
    before = contents(tmp_path / "r")
    own = tmp_path / "own"
    own.mkdir()
    (own / "agents.html").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="模板"):
        build_report(sample, out=tmp_path / "r", template_dirs=[own, *templates])
    assert contents(tmp_path / "r") == before


def test_missing_templates(sample: StoredRun, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="没有"):
        build_report(sample, out=tmp_path / "r", template_dirs=[tmp_path])
