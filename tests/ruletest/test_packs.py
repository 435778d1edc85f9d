"""The shipped packs need no more than they use (that they pass their tests and lint: tests/rules)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FLOOR = 0.35


def test_keyword_rules_need_no_heavy_library():
    """What `qc rules test` loads for rules without emotions and topics."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from qc.specs.rules import load_rules\n"
        "from qc.matching.compile import needs\n"
        "from qc.matching.signals import NO_SIGNALS, Need\n"
        "from qc.ruletest.inline import run_tests\n"
        f"pack = load_rules([Path({str(Path(__file__).parents[2] / 'rules')!r})])\n"
        "plain = tuple(r for r in pack.rules if not any(needs(p.operator) for p in r.pieces))\n"
        f"assert run_tests(replace(pack, rules=plain), lambda s, n: NO_SIGNALS, confidence_floor={FLOOR})\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules} & {'whisper', 'torch', 'snownlp', 'jieba'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
