"""`qc rules test`: rules and, with all of them, the workspace's own topics."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.pipeline.batches import qc

RULE = """id: service.a
title: 例
severity: low
find:
  a: {keyword: 保本}
when: a
message: 命中
tests:
  - {name: 一, expect: hit, turns: [{agent: 保本}]}
  - {name: 二, expect: miss, turns: [{agent: 再见}]}
"""
TOPICS = """id: power
title: 供电
projects: [电力]
groups:
  - title: 故障
    topics:
      - {id: outage, title: 停电, keywords: [停电, 没电]}
      - {id: bill, title: 电费, keywords: [电费]}
tests:
  - {text: 我家停电了, topic: outage}
  - {text: 电费太高了, topic: TOPIC}
"""


def rules_test(folder: Path, topic: str | None, *args: str) -> subprocess.CompletedProcess[str]:
    files = {"service/a.yml": RULE} | ({} if topic is None else {"_topics/power.yml": TOPICS.replace("TOPIC", topic)})
    for name, text in files.items():
        path = folder / "rules" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return qc("rules", "test", *args, "--rules", "rules", cwd=folder)


@pytest.mark.parametrize(
    ("topic", "args", "code", "last"),
    [
        (None, (), 0, "1 条规则，2 个测试：通过 2，失败 0。"),
        ("bill", (), 0, "1 条规则，2 个测试：通过 2，失败 0；话题 2 个测试：通过 2，失败 0。"),
        ("outage", (), 1, "1 条规则，2 个测试：通过 2，失败 0；话题 2 个测试：通过 1，失败 1。"),
        ("outage", ("service.a",), 0, "1 条规则，2 个测试：通过 2，失败 0。"),
    ],
)
def test_topics_are_tested_with_all_rules(
    topic: str | None, args: tuple[str, ...], code: int, last: str, tmp_path: Path
) -> None:
    done = rules_test(tmp_path, topic, *args)
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == last


def test_a_failed_topic_test_says_where_and_why(tmp_path: Path) -> None:
    lines = rules_test(tmp_path, "outage").stdout.splitlines()
    assert lines[0].startswith("[失败] 话题 ")
    assert lines[0].endswith("_topics/power.yml:11: 电费太高了")
    assert lines[1] == "    应为 power.outage，实为 power.bill"


def test_verbose_lists_topic_tests(tmp_path: Path) -> None:
    assert "[通过] 话题 power.outage 我家停电了" in rules_test(tmp_path, "bill", "-v").stdout.splitlines()
