"""Whether the files of a run are those it wrote."""

from __future__ import annotations

from pathlib import Path

from qc.domain.retention import TITLES, Kept
from qc.domain.run import Lineage
from qc.errors import UsageError, refusal
from qc.ingest.walk import walk
from qc.pipeline.progress import Progress
from qc.pipeline.verification.check import Check, Problems, State
from qc.privacy.vault_file import read_header, records_of, vault_file
from qc.schema.tables import TABLES
from qc.storage.digests import PARTS_FILE, intact, read_parts, sha256_of
from qc.storage.lineage import LINEAGE_FILE, lineage_kept
from qc.storage.read import StoredRun
from qc.storage.write import part_files
from qc.text.masking import mask_value

_ID, _TITLE = "files", "文件"
_OLD = "较早的版本写的"
_FAILED = "与写下时不同：文件被改过、换过、丢了或坏了"


def check_lineage(run: Path) -> Check:
    """Whether `run.json` says what was written: names, versions, digests, counts, notes."""
    kept = lineage_kept(run)
    if kept is None:
        told = f"没有自己的摘要（{_OLD}）：批次名、规则名、备注等有没有被改过，无从核对"
        return Check(id="record", title=LINEAGE_FILE, state=State.UNCHECKED, told=told)
    problems = Problems()
    problems.add("里面的字段有改动（批次名、版本、摘要、计数、备注之一）", not kept)
    return problems.check("record", LINEAGE_FILE, "每个字段都与写下时一致", "与写下时不同")


def check_files(run: Path, expected: str | None) -> Check:
    """Every part file against `parts.json`, and that list against the digest `expected` of it: empty, run.json has none
    (runs of before); None, nobody can say what it was."""
    problems = Problems()
    try:
        listed = read_parts(run)
    except UsageError as error:
        problems.add(error.message)
        return problems.check(_ID, _TITLE, "", _FAILED)
    if listed is None and not expected:
        told = f"没有 {PARTS_FILE}（{_OLD if expected is not None else '或者丢了'}）：文件是不是当初写下的，无从核对"
        return Check(id=_ID, title=_TITLE, state=State.UNCHECKED, told=told)
    if listed is None:
        problems.add(f"{PARTS_FILE} 不见了，而 run.json 里记着它的摘要")
        return problems.check(_ID, _TITLE, "", _FAILED)
    if expected is not None and sha256_of(run / PARTS_FILE) != expected:
        problems.add(f"{PARTS_FILE} 与 run.json 里记的摘要不符")
    there = _on_disk(run)
    for part in listed:
        if part.path not in there:
            problems.add(f"缺少 {part.path}")
        elif not intact(run, part):
            problems.add(f"{part.path} 的内容变了")
    problems.extend(f"多出 {name}" for name in sorted(there - {part.path for part in listed}))
    size = f"{len(listed)} 个文件（{sum(part.bytes for part in listed) / 1e6:,.1f} MB）"
    if expected is None:
        told = f"{size}的 SHA-256 与 {PARTS_FILE} 一致：结果表还在，恢复 run.json 之后再核对一次"
        return problems.check(_ID, _TITLE, told, _FAILED, State.UNCHECKED)
    return problems.check(_ID, _TITLE, f"{size}的 SHA-256 与写下时一致", _FAILED)


def check_purged(lineage: Lineage) -> Check:
    """What a policy of retention took: no damage, but where words or rows went, counts and verdicts have nothing left
    to be compared with."""
    taken = {p.on: [] for p in lineage.purged}  # type: dict[str, list[str]]
    for p in lineage.purged:
        taken[p.on].append(f"{p.project or '（无项目）'} {p.before} 之前的{TITLES[Kept(p.kind)]}")
    told = "；".join(f"{on} 按保留期清除了 {'、'.join(what)}" for on, what in sorted(taken.items()))
    if not all(p.done for p in lineage.purged):
        return Check(id="purged", title="清除", state=State.FAILED, told=f"{told}，没有做完：再运行一次 qc purge --yes")
    if all(p.kind == Kept.AUDIO for p in lineage.purged):
        return Check(id="purged", title="清除", state=State.PASSED, told=told)
    return Check(id="purged", title="清除", state=State.UNCHECKED, told=f"{told}：计数与判定不再核对")


def check_vault(run: StoredRun) -> Check:
    """Whether every conversation is sealed. That what is sealed can be opened, only the private key could show."""
    problems, sealed = Problems(), 0
    for number in run.shards():
        path = vault_file(run.path, number)
        try:
            with path.open("rb") as file:
                held = [name for name, _ in records_of(path, file, read_header(path, file))]
            ids = run.part("conversations", number, ["conversation_id"])["conversation_id"].to_pylist()
        except OSError as error:
            problems.add(f"读不了 {path.relative_to(run.path).as_posix()}：{refusal(error)}")
        except UsageError as error:
            problems.add(error.message)
        else:
            same = sorted(held) == sorted(str(i).encode("utf-8", "surrogatepass") for i in ids)
            problems.add(f"{path.relative_to(run.path).as_posix()} 里的会话与结果表不同", not same)
            sealed += len(held)
    told = f"{sealed:,} 个会话的原文都封着；打不打得开，要有私钥才知道"
    return problems.check("vault", "保管库", told, "不全：有的原文再也看不到")


def _on_disk(run: Path) -> set[str]:
    return {path.relative_to(run).as_posix() for name in TABLES for path in part_files(run, name)}


def check_sources(run: StoredRun, source: Path, progress: Progress) -> Check:
    """The inputs of the run, where they lie now, against the digests in its tables. A file that was renamed or moved
    within the folder is still the same. Raises UsageError when `source` cannot be read."""
    files = walk(source, None).files
    recorded: dict[str, str] = {}
    try:
        for table, path, digest in (("conversations", "source_path", "source_sha256"), ("failures", "input", "sha256")):
            for part in run.parts(table, [path, digest]):
                pairs = zip(part[path].to_pylist(), part[digest].to_pylist(), strict=True)
                recorded.update((sha256, name) for name, sha256 in pairs if sha256)
    except UsageError as error:
        return Check(id="sources", title="原始文件", state=State.UNCHECKED, told=error.message)
    found: set[str] = set()
    names: set[str] = set()
    progress.stage("核对原始文件", len(files), "个文件")
    for file in files:
        try:
            found.add(sha256_of(Path(file.file)))
        except OSError:  # gone while we looked
            continue
        names |= {file.path, mask_value(file.path)}
        progress.advance(1, "")
    progress.finish()
    problems = Problems()
    missing = sorted(name for sha256, name in recorded.items() if sha256 not in found)
    problems.extend(f"{name} 的内容与质检时不同" for name in missing if name in names)
    gone = sum(name not in names for name in missing)
    told = f"{len(recorded) - len(missing)} 个原始文件的 SHA-256 与质检时一致"
    if gone:
        told += f"；{gone} 个不在 {source} 里，没有核对"
    state = State.UNCHECKED if gone else State.PASSED
    return problems.check("sources", "原始文件", told, "有原始文件在质检之后变了", state)
