"""`qc opinion test`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.gate_output import gate_options
from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("test", short_help="运行写在预警规则文件末尾的测试")
@click.option("--verbose", "-v", is_flag=True, help="通过的也列出来")
@gate_options
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    verbose: bool,
    junit: Path | None,
    format_: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """运行 rules/_opinion/alerts.yml 末尾的测试：一串每天的数，最后一天应得的级别。有不通过的，退出码为 1。

    \b
    例：qc opinion test -v
    """
    from qc.commands.gate_output import tell
    from qc.opinion.rule_tests import run_alert_tests, untested_rules
    from qc.pipeline.specs import alerts, folders
    from qc.ruletest.gate import Annotation, Case, GateResult

    specs = alerts(folders(workspace_of(workspace), rules=rules, scorecards=scorecards))
    outcomes, bare = run_alert_tests(specs), untested_rules(specs)
    passed = all(o.passed for o in outcomes)
    said = [
        (o, f"{o.test.rule}：{o.test.name}", f"应为 {o.test.expect or 'none'}，得到 {o.level or 'none'}（{o.why}）")
        for o in outcomes
    ]
    lines = [f"[通过] {name}（{o.why}）" for o, name, _ in said if verbose and o.passed]
    lines += [f"[失败] {specs.path}:{o.test.line}: {name}：{why}" for o, name, why in said if not o.passed]
    lines += [f"[待办] {specs.path}:{r.line}: 规则 {r.id} 没有测试" for r in bare]
    summary = f"{len(outcomes)} 个测试，不通过 {sum(not o.passed for o in outcomes)}；没有测试的规则 {len(bare)} 条"
    gate = GateResult(
        key="opinion",
        title="舆情预警的测试",
        passed=passed,
        summary=summary,
        annotations=tuple(
            Annotation(path=specs.path, line=o.test.line, level="error", title=o.test.rule, message=f"{name}：{why}")
            for o, name, why in said
            if not o.passed
        ),
        cases=tuple(
            Case(suite=o.test.rule, name=o.test.name, passed=o.passed, message="" if o.passed else why)
            for o, _, why in said
        ),
    )
    tell([gate], [*lines, f"{summary}。"], format_, junit)
    ctx.exit(EXIT_OK if passed else EXIT_CHECK)
