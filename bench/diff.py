"""`qc rules diff` over many stored conversations with one changed keyword rule: wall and CPU seconds, peak memory.

usage: python bench/diff.py --dialogues FILE.jsonl [--count 100000] [--turns 20] [--rounds 5] [--run RUN]

FILE has one dialogue per line: {"id": …, "turns": [{"role": "customer"|"agent", "text": …}, …]}. Dialogues are joined
until they have `--turns` turns and repeated with new ids; `qc run` stores them once (minutes), or `--run` names a run
that this script stored before with the same rules. The changed rule: one word less in the lexicon `chat_openings`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from text_stages import ROOT, _measure

LEXICON, WORD = "_lexicons/chat_openings.yml", "  - 您好\n"
QC = [sys.executable, str(ROOT / "cli.py")]


def main() -> None:
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "qc.yaml").write_text("default_project: 电商\ndefault_channel: chat\n", encoding="utf-8")
        run = args.run.resolve() if args.run else _stored(args, work)
        changed = work / "changed"
        shutil.copytree(ROOT / "rules", changed)
        lexicon = (changed / LEXICON).read_text(encoding="utf-8")
        if WORD not in lexicon:
            sys.exit(f"{LEXICON} no longer holds {WORD.strip()}")
        (changed / LEXICON).write_text(lexicon.replace(WORD, "", 1), encoding="utf-8")
        command = [
            *QC,
            "rules",
            "diff",
            "packaged",
            str(changed),
            "--run",
            str(run),
            "-q",
            "--json",
            str(work / "d.json"),
        ]
        rounds = [_measure(command, work) for _ in range(args.rounds)]
        found = json.loads((work / "d.json").read_text(encoding="utf-8"))
    print(f"{found['conversations']:,} conversations, {found['turns']:,} turns")
    print(f"rules evaluated: {found['evaluated_rules']}; unchanged, not evaluated: {found['unchanged_rules']}")
    print(f"hits +{found['hits_gained']:,} −{found['hits_lost']:,}; scores computed {found['scores_computed']:,}")
    wall, cpu, peak = (median(getattr(m, name) for m in rounds) for name in ("wall_s", "cpu_s", "peak_mb"))
    print(f"median of {args.rounds}: wall {wall:.1f} s, CPU {cpu:.1f} s, peak {peak:.0f} MB (whole process tree)")


def _stored(args: argparse.Namespace, work: Path) -> Path:
    (work / "in").mkdir()
    source = [json.loads(line) for line in args.dialogues.read_text(encoding="utf-8").splitlines() if line.strip()]
    with (work / "in" / "dialogues.jsonl").open("w", encoding="utf-8") as out:
        for i, turns in enumerate(islice(_long(source, args.turns), args.count)):
            about = {"id": f"{i:06d}", "agent_id": f"{1000 + i % 200}", "team": f"{i % 200 // 20 + 1}组"}
            out.write(json.dumps({**about, "turns": turns}, ensure_ascii=False) + "\n")
    out_dir = args.keep or work / "runs"
    took = _measure([*QC, "run", str(work / "in"), "-w", str(work), "--out", str(out_dir), "--no-report", "-q"], work)
    print(f"stored {args.count:,} conversations in {took.wall_s:.0f} s")
    (run,) = (path.parent for path in out_dir.glob("*/run.json"))
    return run


def _long(source: list[dict], turns: int) -> Iterator[list[dict]]:
    """Dialogues joined until they have so many turns."""
    stream = cycle(source)
    while True:
        joined: list[dict] = []
        while len(joined) < turns:
            joined += next(stream)["turns"]
        yield joined[:turns]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run", type=Path, help="a run this script stored before (see --keep)")
    parser.add_argument("--keep", type=Path, help="store the run in this (empty) folder and leave it there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
