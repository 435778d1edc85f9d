"""pytest collects the inline tests of rules and topics and the regression cases beside them, one item each.

`pytest -p qc.commands.pytest_plugin --qc-rules rules`, or in a `conftest.py` at the top of the repository:
`pytest_plugins = ["qc.commands.pytest_plugin"]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qc.commands.rulecheck import test_rules
from qc.errors import QcError
from qc.paths import find_workspace
from qc.pipeline.specs import folders
from qc.ruletest.inline_report import TestReport, Told

_REPORT: pytest.StashKey[TestReport] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--qc-rules."""
    parser.getgroup("qc").addoption("--qc-rules", metavar="DIR", help="收集这个规则目录里的测试")


def pytest_configure(config: pytest.Config) -> None:
    """Without paths on the command line, the rules folder is collected beside the usual ones."""
    folder = config.getoption("--qc-rules")
    if folder and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args.extend(str(tested) for tested in _tested(folder))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RuleFile | None:
    """Files below the rules folder and that of the cases."""
    folder = parent.config.getoption("--qc-rules")
    known = folder and file_path.suffix in (".yml", ".yaml")
    if known and any(file_path.is_relative_to(tested) for tested in _tested(folder)):
        return RuleFile.from_parent(parent, path=file_path)
    return None


def _tested(rules: str) -> list[Path]:
    """The folders that hold tests."""
    folder = Path(rules).resolve()
    cases = folders(find_workspace(folder), rules=folder).cases
    return [folder] if cases is None else [folder, cases]


class RuleFile(pytest.File):
    """A rule or topic file, or a case."""

    def collect(self) -> Iterator[RuleItem]:
        for told in _report(self.config).told():
            if Path(told.path).resolve() == self.path:
                yield RuleItem.from_parent(self, name=told.name, told=told)


class RuleItem(pytest.Item):
    """An inline test."""

    def __init__(self, *, told: Told, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.told = told

    def runtest(self) -> None:
        if self.told.pending:
            pytest.xfail("待办：规则还是草稿")
        if not self.told.passed:
            pytest.fail(self.told.message, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.told.line - 1, f"{self.told.suite} {self.name}"


def _report(config: pytest.Config) -> TestReport:
    """The outcome of all inline tests, worked out once in a session."""
    if _REPORT not in config.stash:
        rules = Path(config.getoption("--qc-rules")).resolve()
        try:
            config.stash[_REPORT] = test_rules(folders(find_workspace(rules), rules=rules), ())
        except QcError as error:
            raise pytest.UsageError(error.render()) from None
    return config.stash[_REPORT]
