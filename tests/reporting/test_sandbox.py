"""A template of a workspace may be wrong or hostile: it reaches no code, file or network, and not all the machine."""

from __future__ import annotations

import resource
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from qc.domain.run import Lineage
from qc.errors import UsageError
from qc.paths import packaged
from qc.reporting import sandbox
from qc.reporting.render import Renderer, Site

HEAD = """<!doctype html>
<html lang="{{ site.language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
</head><body>
"""
SPOKEN = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Leaky:
    """A view model of a careless author: it holds a path."""

    path: Path
    text: str


Leaky.__module__ = "qc.reporting.leaky"


def _render(folder: Path, body: str, *, head: str = HEAD, **values: object) -> str:
    (folder / "page.html").write_text(head + body, encoding="utf-8")
    renderer = Renderer([folder, packaged("reports")], Site(lineage=Lineage(run_id="r1"), names={}))
    return renderer.render("page.html", **values)


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ().__class__.__base__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ '' | attr('_' ~ '_class_' ~ '_') }}",
        "{{ [''] | map(attribute='__class__') | join }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ range.__class__ }}",
        "{{ dict.mro() }}",
        "{{ labels.__builtins__ }}",
        "{{ labels.annotations }}",
        "{{ labels.CHANNEL.__class__ }}",
        "{{ site.__dataclass_fields__ }}",
        "{{ site.page_of.__globals__ }}",
        "{{ site.page_of.__func__ }}",
        "{{ _.__globals__ }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ '{0.__class__}'.format_map({'0': ''}) }}",
        "{{ ('{0.__class__}' | e).format('') }}",
        "{{ site.lineage.rules.update({'a': 'b'}) }}",
        "{% set l = [] %}{{ l.append(1) }}",
        "{{ loop }}",
        "{{ leaky.path.read_text() }}",
        "{{ leaky.path.parent }}",
        "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
        "{{ lipsum.__globals__ }}",
        "{{ config }}",
        "{{ request }}",
    ],
)
def test_no_way_to_code_or_files(tmp_path: Path, escape: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("密", encoding="utf-8")
    with pytest.raises(UsageError, match=r"page\.html:7：") as caught:
        _render(tmp_path, escape, leaky=Leaky(secret, "x"))
    assert "密" not in caught.value.render()


@pytest.mark.parametrize(
    "raw",
    [
        "{{ said | safe }}",
        "{% autoescape false %}{{ said }}{% endautoescape %}",
        "{{ [said] | map('safe') | join }}",
        "{% filter safe %}{{ said }}{% endfilter %}",
        "{% set lt %}<{% endset %}{{ (said | e) | replace('&lt;', lt) }}",
        "{% set lt %}<{% endset %}{{ (said | e).replace('&lt;', lt) }}",
        "{{ (said | e).unescape() }}",
        "{{ (said | e).translate({38: 60}) }}",
        "{{ said | urlize(extra_schemes=['javascript:']) }}",
    ],
)
def test_no_way_to_say_that_text_is_markup(tmp_path: Path, raw: str) -> None:
    with pytest.raises(UsageError):
        _render(tmp_path, raw, said=SPOKEN)


@pytest.mark.parametrize(
    "shown",
    [
        "{{ said }}",
        "{{ '%s' | format(said) }}",
        "{{ said ~ '!' }}",
        "{{ [said, said] | join('<br>' | e) }}",
        "{% set x %}{{ said }}{% endset %}{{ x }}",
        "{% macro m(t) %}{{ t }}{% endmacro %}{{ m(said) }}",
        "{{ _('{x} 位', x=said) }}",
        "{{ said | replace('alert', 'x') }}",
        "{{ said | title }}{{ said | indent(2) }}{{ said | truncate(12) }}{{ said | tojson }}",
        '<b {{ {"title": said} | xmlattr }}>',
    ],
)
def test_text_stays_text(tmp_path: Path, shown: str) -> None:
    assert "<script" not in _render(tmp_path, shown, said=SPOKEN)


@pytest.mark.parametrize(
    ("way", "where"),
    [
        ("{% include '../secret.html' %}", ""),
        ("{% include '/etc/passwd' %}", ""),
        ("{% import 'link.html' as x %}", "指向模板目录之外的链接"),
        ("{% include 'inner/link.html' %}", "指向模板目录之外的链接"),
        ("{% extends 'link.html' %}", "指向模板目录之外的链接"),
        ("{% include 'large.html' %}", "超过 2 MB"),
        ("{% include 'inner' %}", ""),
        ("{% include 'pipe.html' %}", ""),
    ],
)
def test_no_template_from_elsewhere(tmp_path: Path, way: str, where: str) -> None:
    import os

    folder = tmp_path / "reports"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "secret.html").write_text("密", encoding="utf-8")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    (folder / "inner" / "link.html").symlink_to("../../secret.html")
    (folder / "large.html").write_text("x" * 2_000_001, encoding="utf-8")
    os.mkfifo(folder / "pipe.html")
    with pytest.raises(UsageError, match=r"page\.html:7：没有这个模板") as caught:
        _render(folder, way)
    assert where in caught.value.message


def test_a_folder_of_templates_may_itself_be_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "reports").symlink_to(real)
    assert "您好" in _render(tmp_path / "reports", "您好")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("{{ 'x' * 1000000000 }}", "只用于数"),
        ("{{ [0] * 1000000000 }}", "只用于数"),
        ("{{ 9 ** (9 ** 9) }}", "乘方"),
        ("{% for i in range(100000000) %}{% endfor %}", "OverflowError"),
        ("{{ 'x' | center(3000000000) }}", "内存"),
        (
            "{% set n = namespace(t='x') %}{% for i in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
            "内存",
        ),
        ("{% for i in range(9999) %}{{ 'x' | center(10000) }}{% endfor %}", "超过 1 MB"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "计算超过"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
    ],
)
def test_a_page_that_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, what: str
) -> None:
    monkeypatch.setattr(sandbox, "_CPU_S", 0.3)
    monkeypatch.setattr(sandbox, "_MEMORY_BYTES", 200 << 20)
    monkeypatch.setattr("qc.reporting.render.MOST_CHARS", 1_000_000)
    limits = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(UsageError, match=what) as caught:
        _render(tmp_path, body)
    assert "page.html" in caught.value.message
    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)) == limits


META = '<meta http-equiv="Content-Security-Policy" content="{{ policy }}">\n'


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(META, ""),
        HEAD.replace("{{ policy }}", "default-src *"),
        HEAD.replace("{{ policy }}", "{{ policy }}; connect-src *"),
        HEAD.replace("{{ policy }}", "{{ policy | replace(\"'none'\", '*') }}"),
        HEAD.replace(META, f"<!-- {META} -->"),
        HEAD.replace(META, f"<title>{META}</title>"),
        HEAD.replace(META, f'<img src="https://example.org/x">{META}'),
        HEAD.replace("<head>", '<head><script src="https://example.org/x.js"></script>'),
        HEAD.replace("<head>", "<head><noscript>"),
        HEAD.replace('<meta charset="utf-8">', '<meta charset="utf-7">'),
    ],
)
def test_the_policy_stands_first_and_as_we_wrote_it(tmp_path: Path, head: str) -> None:
    with pytest.raises(UsageError, match="内容安全策略"):
        _render(tmp_path, "您好", head=head)


@pytest.mark.parametrize(
    "body",
    [
        '<meta http-equiv="refresh" content="0; url=https://example.org/">',
        '<META\nHTTP-EQUIV=refresh content="0">',
        '<meta name=">" http-equiv="refresh" content="0; url=https://example.org/">',
        "<meta name='>' http-equiv=refresh content='0'>",
        '<meta name="x" content=">" http-equiv="refresh">',
        '<link rel="dns-prefetch" href="//{{ said }}.example.org">',
        '<LINK rel="stylesheet" href="https://example.org/x.css">',
        '<base href="https://example.org/">',
    ],
)
def test_what_no_policy_governs_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(UsageError, match="不许有的"):
        _render(tmp_path, body, said="x")


def test_words_of_a_customer_are_no_such_element(tmp_path: Path) -> None:
    said = '<link href="//example.org"><base href="x"><meta http-equiv="refresh">'
    assert "example.org" in _render(tmp_path, "<p>{{ said }}</p>", said=said)


def test_an_error_names_the_template_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "bits.html").write_text("\n\n{% macro m(x) %}\n{{ 1 / x }}{% endmacro %}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bits\.html:4：报表模板出错：ZeroDivisionError"):
        _render(tmp_path, "{% import 'bits.html' as bits %}{{ bits.m(0) }}")
    with pytest.raises(UsageError, match=r"语法错误：.*page\.html:8"):
        _render(tmp_path, "\n{% if %}")
    with pytest.raises(UsageError, match=r"page\.html:9：报表模板出错：UndefinedError"):
        _render(tmp_path, "\n\n{{ nothing.there }}")
