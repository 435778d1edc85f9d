"""Are there known vulnerabilities in the locked packages? (make audit)

    python requirements/audit.py [requirements/asr.txt …]

Exit codes: 0 every package was looked up and none is known to be vulnerable; 1 some are; 2 the database could not be
reached, or did not know some of the packages: nothing is known of those. pip-audit itself says "none found" then.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
_SHOWN = 10


def look_up(files: list[Path]) -> dict[str, object] | None:
    """pip-audit's report on what `files` lock; None when it could not make one."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        command += ["--format", "json", "--output", str(out)]
        for file in files:
            command += ["--requirement", str(file)]
        subprocess.run(command, check=False)
        try:
            report: dict[str, object] = json.loads(out.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return report


def told(report: dict[str, object] | None) -> tuple[int, list[str]]:
    """The exit code, and what is to be said."""
    found = report.get("dependencies") if report is not None else None
    if not isinstance(found, list) or not found:
        return UNKNOWN, ["没有查成：漏洞库连不上，或 pip-audit 出错（见上）。结果未知，不等于没有漏洞。"]
    lines = [
        f"{package['name']} {package['version']}：{vulnerability['id']}"
        f"，修复于 {'、'.join(vulnerability.get('fix_versions') or ['（还没有）'])}"
        for package in found
        for vulnerability in package.get("vulns", ())
    ]
    skipped = [package["name"] for package in found if "vulns" not in package]
    looked = len(found) - len(skipped)
    if lines:
        return VULNERABLE, [*lines, f"查了 {looked} 个包，有 {len(lines)} 个已知漏洞。"]
    if skipped:
        names = "、".join(skipped[:_SHOWN]) + (" 等" if len(skipped) > _SHOWN else "")
        return UNKNOWN, [
            f"没有查全：漏洞库连不上或不认识 {len(skipped)} 个包（{names}），只查了 {looked} 个。结果未知。"
        ]
    return CLEAN, [f"查了 {looked} 个包，没有已知的漏洞。"]


def main(arguments: list[str]) -> int:
    files = [Path(name) for name in arguments] or sorted(HERE.glob("*.txt"))
    code, lines = told(look_up(files))
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
