"""A disk that takes no more of a report: the results are whole, what is missing, and how to go on."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from qc.domain.config import ReportConfig
from qc.errors import UsageError
from qc.reporting import build
from qc.reporting.build import build_report
from qc.reporting.unwritten import unwritten
from qc.storage.read import StoredRun

ALONE = ("index", "agents", "agent", "opinion", "cases", "indicators")
"""Hidden pages: those of conversations are enough here."""


@pytest.mark.parametrize(
    ("number", "told", "todo"),
    [
        (errno.EDQUOT, "磁盘配额已满", "腾出空间"),
        (errno.EROFS, "这个位置是只读的", "权限"),
    ],
)
def test_it_says_that_the_results_are_whole_and_how_to_go_on(
    sample: StoredRun,
    tmp_path: Path,
    templates: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    told: str,
    todo: str,
) -> None:
    written, write = [], build._write

    def refuse(path: Path, html: str) -> None:
        if len(written) == 2:
            raise OSError(number, "English", str(path))
        written.append(path)
        write(path, html)

    monkeypatch.setattr(build, "_write", refuse)
    out = tmp_path / "report"
    with pytest.raises(UsageError) as refused:
        build_report(sample, out=out, template_dirs=templates, settings=ReportConfig(hide=ALONE))
    message, hint = refused.value.message, refused.value.hint
    assert f"报表没有写完：{told}" in message and str(out.parent) in message and "English" not in message
    assert f"批次 {sample.path} 的结果已经完整" in message and "原来的报表" not in message
    assert todo in hint and f"qc report {sample.path}" in hint and "同一条命令" in hint
    assert ("大约还缺" in message) == (number == errno.EDQUOT)
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_reckoned_from_the_pages_that_are_there(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "full")
    draft = tmp_path / "report.partial"
    draft.mkdir()
    assert "一页也没有写下" in unwritten(full, tmp_path, tmp_path / "report", draft, 10).message
    for name in "abcd":
        (draft / f"{name}.html").write_bytes(b"x" * 500_000)
    assert "写到 4/10 页，大约还缺 3.5 MB" in unwritten(full, tmp_path, tmp_path / "report", draft, 10).message
