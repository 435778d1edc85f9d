"""View models → HTML, with templates a company may restyle.

Pages are self-contained and may be opened from a disk: one style sheet and one script, both inlined and admitted by
their hash in a content security policy that allows nothing else; only a page with a recording may load one file more,
the recording, from where the page itself is from. Everything is escaped. Templates run in a sandbox
(qc.reporting.sandbox), and a page whose template dropped, moved or got around the policy is refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import quote

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplatesNotFound
from markupsafe import Markup, escape

from qc.domain.config import ReportConfig
from qc.domain.language import Wording, say
from qc.domain.printable import printable
from qc.domain.run import Lineage
from qc.errors import UsageError
from qc.reporting import formatting, labels
from qc.reporting.logo import inlined
from qc.reporting.sandbox import MOST_CHARS, ExhaustedError, Sandbox, UnfitError, bounded

_STYLE = "style.css"
_SCRIPTS = {"conversation.html": ("player.js", "review.js", "scroll.js")}
_OTHERWISE = ("tables.js", "scroll.js")
"""The scripts of a page; they are joined into one."""
_BROKEN = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, OSError, RecursionError),
    AssertionError,
)
"""What a wrong template comes to."""
_COMPARE = "请对照自带的 reports/ 检查改动过的模板。"
_HEAD = re.compile(
    r"""\s*<!doctype html>\s*<html(?: lang="[\w-]*")?>\s*<head>\s*<meta charset="utf-8">\s*"""
    r"""<meta http-equiv="Content-Security-Policy" content="(?P<policy>[^"]*)">""",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(r"""<(?:link|base)\b|<meta\b(?! name="[\w-]+" content="[^"<>]*">)""", re.IGNORECASE)
"""A quoted > ends no tag, so that only a `meta` of the plainest form is known to be no refresh."""
_NAMED = re.compile(r"""(?P<kind>'[A-Za-z_.]+ object')|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
"""What Jinja quotes as Python does; the kinds of values are its own words."""
_CLOSING = re.compile(r"</(style|script)|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page shares. `names`: conversation id → file name of its page, for those that have one; `sheets`:
    (file, title) of the pages in the navigation."""

    lineage: Lineage
    names: Mapping[str, str]
    single: bool = False
    """A conversation page on its own, without the report around it."""
    sheets: tuple[tuple[str, str], ...] = ()
    settings: ReportConfig = field(default_factory=ReportConfig)
    organisation: str = ""
    reviewed: int = 0
    """Conversations whose verdicts and scores are the final ones."""
    agents: Mapping[str, str] = field(default_factory=dict)
    """Number of an agent (where there is none, the name) → file name of the page in `agents/`; empty without pages."""

    @property
    def language(self) -> str:
        """As HTML names it."""
        return {"zh": "zh-CN"}.get(self.settings.language, self.settings.language)

    def shows(self, section: str) -> bool:
        """Whether a section (`index#hearing`) was not switched off."""
        return section not in self.settings.hide

    def page_of(self, conversation_id: str) -> str:
        """Relative address of a conversation's page inside `conversations/`, empty when it has none."""
        name = self.names.get(conversation_id, "")
        return quote(name)


class Renderer:
    """Renders pages of one report. Templates are looked up in `template_dirs`, first match wins."""

    def __init__(self, template_dirs: Sequence[Path], site: Site) -> None:
        self.site = site
        self._environment = Sandbox(
            template_dirs,
            finalize=_printable,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters.update(formatting.FILTERS)
        self._style = self._asset(_STYLE)
        self._logo = inlined(site.settings.logo) if site.settings.logo else ""
        self._environment.globals.update(
            site=site,
            labels=labels,
            _=_said,
            style=Markup(self._style),  # noqa: S704 our own file, checked in _asset
            policy_without_script=_policy(self._style, logo=bool(self._logo)),
            logo=self._logo,
        )

    def render(self, template: str, *, media: bool = False, **values: object) -> str:
        """The HTML of a page; `media`: it plays a recording. Raises UsageError when a template is missing or broken."""
        script = "\n".join(self._asset(name) for name in _SCRIPTS.get(template, _OTHERWISE))
        values |= {"script": Markup(script), "policy": _policy(self._style, script, media=media, logo=bool(self._logo))}  # noqa: S704 as above
        try:
            with bounded():
                html = _whole(self._environment.get_template(template).generate(**values))
        except TemplateSyntaxError as error:
            raise UsageError(
                f"报表模板有语法错误：{error.filename or error.name}:{error.lineno}：{error.message}",
                "请改正模板，或从 reports/ 中删去它以使用自带的模板。",
            ) from error
        except TemplateNotFound as error:
            raise UsageError(f"{_place(error, template)}：没有这个模板{_told(error, template)}", _COMPARE) from error
        except SecurityError as error:
            raise UsageError(f"{_place(error, template)}：模板不许这样做{_told(error, template)}", _COMPARE) from error
        except ExhaustedError as error:
            raise UsageError(f"{_place(error, template)}：一页用得太多：{error}", _COMPARE) from error
        except _BROKEN as error:
            what = f"{type(error).__name__}{_told(error, template)}"
            raise UsageError(f"{_place(error, template)}：报表模板出错：{what}", _COMPARE) from error
        _guarded(html, template, {str(values["policy"]), str(self._environment.globals["policy_without_script"])})
        return html

    def _asset(self, name: str) -> str:
        loader = self._environment.loader
        if loader is None:
            raise UsageError("没有报表模板目录。")
        try:
            text = loader.get_source(self._environment, name)[0]
        except UnfitError as error:
            raise UsageError(f"报表模板用不了：{error.message}", _COMPARE) from None
        except TemplateError:
            raise UsageError(f"报表模板目录中没有 {name}。", "请检查 reports/ 目录是否完整。") from None
        if _CLOSING.search(text):
            raise UsageError(f"{name} 中不能有 </style、</script 或 <!--：它会被嵌入网页。")
        return text


def _whole(pieces: Iterator[str]) -> str:
    """The page, unless it is larger than any."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_CHARS:
            raise ExhaustedError(f"超过 {MOST_CHARS // 1_000_000} MB")
        kept.append(piece)
    return "".join(kept)


def _place(error: BaseException, template: str) -> str:
    """The innermost line of a template that was at work."""
    file, line = _at_work(error)
    return f"{file}:{line}" if file else template


def _at_work(error: BaseException) -> tuple[str, int]:
    """File and line of it; an empty text when there is none."""
    found, trace = ("", 0), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".html"):
            found = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return found


def _told(error: Exception, template: str) -> str:
    """What Jinja says is wrong, after a colon. It names what was looked for, and that may be what a customer said
    (`counts[text]`): shown is only what stands in the template itself."""
    if not isinstance(error, TemplateError) or not error.message:
        return ""
    try:
        source = f"{template}\n{Path(_at_work(error)[0]).read_text('utf-8')}"
    except (OSError, ValueError):
        source = template
    told = error.message
    if isinstance(error, TemplateNotFound):
        names = error.templates if isinstance(error, TemplatesNotFound) else [error.name]
        for name in {name for name in names if isinstance(name, str) and name}:  # others are undefined
            told = told if name in source else told.replace(name, "…")
    return "：" + _NAMED.sub(lambda found: found[0] if found["kind"] or found[0][1:-1] in source else "…", told)


def _guarded(html: str, template: str, policies: set[str]) -> None:
    """Raises UsageError for a page whose policy is not the first thing a browser reads, or that holds what no policy
    governs: a refresh and `link` lead or look up elsewhere, `base` moves every address. Other `meta` than a name and
    its content is taken for a refresh."""
    head = _HEAD.match(html)
    if head is None or unescape(head["policy"]) not in policies:
        raise UsageError(
            f"报表模板 {template} 动了内容安全策略：网页必须以自带 base.html 的开头几行开始",
            "照抄自带 reports/base.html 从 <!doctype html> 到 Content-Security-Policy 的几行。",
        )
    outside = _OUTSIDE.search(html, head.end())
    if outside is not None:
        raise UsageError(
            f"报表模板 {template} 用了网页里不许有的 {outside[0].split()[0]}…：它能绕过内容安全策略联网",
            "去掉它；样式写进 style.css，图片用 report.logo。",
        )


def _printable(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


_WORDING = Wording()


def _said(text: str, /, **values: object) -> Markup:
    """`say` for templates: everything is escaped, except a value that is markup already."""
    shown = {name: escape(_printable(value)) for name, value in values.items()}
    told = str(escape(say(text)))
    return Markup(_WORDING.vformat(told, (), shown) if shown else told)  # noqa: S704 all of it is escaped


def _policy(style: str, script: str | None = None, *, media: bool = False, logo: bool = False) -> str:
    """Nothing may be loaded, sent or run except this style sheet, this script, if any, with `media` recordings from
    where the page is from (its server, or the disk), and with `logo` pictures that stand in the page itself."""
    allowed = "'none'" if script is None else f"'{_digest(script)}'"
    sources = [f"style-src '{_digest(style)}'", f"script-src {allowed}", *(["media-src 'self'"] if media else [])]
    sources += ["img-src data:"] if logo else []
    return "; ".join(["default-src 'none'", *sources, "base-uri 'none'", "form-action 'none'"])


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
