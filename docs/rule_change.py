"""Write docs/rule-change.zh-CN.md: a rule change, and what `qc rules diff` says of it on the sample batch.

usage: python docs/rule_change.py [FILE]

Runs the sample batch as the README does (transcripts come from the cache when it has been heard before), so it needs
the transcription extra.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "sample" / "2026-11-20"
CHANGES = (
    ("rules/service/empathy.yml", "|感同身受|", "|感同身受|别着急|"),
    ("rules/service/further_help.yml", "status: shadow", "status: stable"),
)
"""File, what stands there, what shall stand there."""
WORKSPACE = "asr: {engine: openai-whisper, precision: fp32, device: cpu}\n"
"""The page says the same on every machine, whatever `qc doctor` found to be the fastest there."""

PAGE = """\
<!-- 由 docs/rule_change.py 生成，请勿手改 -->
# 改一条规则，看它影响谁

本页是一次真实的改动：在示例批次（`docs/sample`）上跑出来的，不是手写的例子。

## 改什么

质检例会上定了两件事：

1. 坐席说“您别着急”再马上办事，也算同理心表达好（`service.empathy` 加一个说法）。
2. “未询问客户是否还有其他需要”试运行了一个月，抽查都准，转为正式，从此计分（`service.further_help` 的状态）。

```diff
{changed}```

## 看影响

```
qc rules diff --run runs/批次
```

不读录音、不用模型：没改的规则用批次里存的判定，只重新判改了的那一条。

```text
{said}```

读法：“新增”是改后多命中的会话，“失去”是改后不再命中的；后面的表是分数怎样动，先评分表，再班组、坐席。
平均分变了而命中没有增减，是因为转正式的规则从“不计分”变成了“计分”。

## 合并请求里的评论

`qc rules ci --markdown 评论.md` 让 CI 把同样的内容贴到合并请求里，班组长点头之后再合并：

---

{comment}
---

改动大的，可以定一个预算文件，超出就不让合并，写法见[影响比较](backtest.zh-CN.md)。
"""


def page() -> str:
    """The page, from the rules as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "qc.yaml").write_text(WORKSPACE, encoding="utf-8")
        _qc(work, "run", SAMPLE, "--manifest", "calls.csv", "--out", "runs", "--no-report")
        run = next((work / "runs").glob("*/run.json")).parent
        for state in ("改前", "改后"):
            for part in ("rules", "scorecards"):
                shutil.copytree(ROOT / part, work / state / part)
        changed = "".join(_change(work, *change) for change in CHANGES)
        said = _qc(work, "rules", "diff", "改前", "改后", "--run", run, "--markdown", "comment.md", "--quiet")
        comment = (work / "comment.md").read_text(encoding="utf-8")
        text = PAGE.format(changed=changed, said=said.rstrip() + "\n", comment=comment.rstrip() + "\n")
        return text.replace(run.name, "批次")


def _qc(folder: Path, *args: str | Path) -> str:
    argv = [sys.executable, str(ROOT / "cli.py"), *map(str, args)]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"qc {args[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def _change(work: Path, name: str, old: str, new: str) -> str:
    """The change made in 改后, as a unified diff without context lines that do not fit a page."""
    path = work / "改后" / name
    before = path.read_text(encoding="utf-8")
    if before.count(old) != 1:
        raise SystemExit(f"{name}: “{old}” should stand there once")
    after = before.replace(old, new)
    path.write_text(after, encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "rule-change.zh-CN.md"
    target.write_text(page(), encoding="utf-8")
