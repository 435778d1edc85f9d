"""The logo of a company stands on every page, and nothing else is let in for its sake."""

import base64
from pathlib import Path

import pytest

from qc.domain.config import ReportConfig
from qc.errors import UsageError
from qc.reporting.build import build_report

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def pages(builder, templates: list[Path], out: Path, logo: Path | None) -> list[str]:
    settings = ReportConfig(logo=None if logo is None else str(logo))
    build_report(builder("empty").write(), out=out, template_dirs=templates, settings=settings)
    return [p.read_text(encoding="utf-8") for p in sorted(out.rglob("*.html"))]


def test_every_page_carries_the_logo(builder, templates: list[Path], tmp_path: Path) -> None:
    (tmp_path / "logo").write_bytes(PNG)
    for html in pages(builder, templates, tmp_path / "r", tmp_path / "logo"):
        assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in html
        assert html.count("img-src data:;") == 1 and "default-src &#39;none&#39;" in html


def test_without_a_logo_no_picture_is_let_in(builder, templates: list[Path], tmp_path: Path) -> None:
    assert not any("img-src" in html for html in pages(builder, templates, tmp_path / "r", None))


@pytest.mark.parametrize(
    ("data", "told"), [(b"GIF89a", "不是 PNG"), (PNG + b"\0" * 100_000, "太大"), (None, "读不到标志")]
)
def test_what_is_no_logo_is_said(builder, templates: list[Path], tmp_path: Path, data: bytes | None, told: str) -> None:
    if data is not None:
        (tmp_path / "logo").write_bytes(data)
    with pytest.raises(UsageError, match=told):
        pages(builder, templates, tmp_path / "r", tmp_path / "logo")
