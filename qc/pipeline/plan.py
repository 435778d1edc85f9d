"""What a run will do, decided before it starts, and the unfinished run it may continue."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from qc import __version__
from qc.domain.run import CardLineage, Lineage, RunStatus
from qc.domain.specs import Specs
from qc.errors import UsageError, refusal
from qc.privacy.pseudonyms import key_digest
from qc.schema.tables import SCHEMA_VERSION
from qc.storage.digests import PARTS_FILE, intact, read_parts, sha256_of
from qc.storage.files import make_folder
from qc.storage.lineage import LINEAGE_FILE, read_lineage, write_lineage
from qc.storage.read import run_folders
from qc.storage.write import REVIEWS_FOLDER, WORK, is_complete
from qc.text.masking import mask_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run directory and the lineage it starts with. `resumed`: shards of an earlier attempt are there. `finished`:
    all of it is there, only the report is missing. `notes`: what a person should know of runs beside it."""

    run: Path
    lineage: Lineage
    resumed: bool
    finished: bool = False
    notes: tuple[str, ...] = ()


def planned_lineage(
    *,
    input_path: str,
    input_digest: str,
    manifest: str | None,
    specs: Specs | None,
    speech_digest: str,
    config_digest: str,
    asr: tuple[str, str, str] | None,
    mask: bool,
    notes: tuple[str, ...],
    shard_size: int,
    confidence_floor: float,
    name: str = "",
    judged_again: Lineage | None = None,
    vault: str = "",
) -> Lineage:
    """Lineage of a run about to start; `asr` is engine, model and options. The digest covers all that decides rows,
    and which inputs stand in which shard: a stored run that is `judged_again` has an order of its own. With `mask`,
    names of files, notes and the run's own name hold no personal data either.
    """
    engine, model, options = asr or (None, None, None)
    if mask:
        input_path, name, notes = mask_value(input_path), mask_value(name), tuple(map(mask_value, notes))
        manifest = None if manifest is None else mask_value(manifest)
    lineage = Lineage(
        run_id="",
        name=name,
        qc_version=__version__,
        schema_version=SCHEMA_VERSION,
        input_path=input_path,
        input_digest=input_digest,
        manifest=manifest,
        asr_engine=engine,
        asr_model=model,
        asr_options=options,
        rules_digest="" if specs is None else specs.pack.digest,
        rules={} if specs is None else {r.id: r.version for r in specs.pack.rules},
        rule_titles={} if specs is None else {r.id: r.title for r in specs.pack.rules},
        rule_digests={} if specs is None else {r.id: r.digest for r in specs.in_force},
        rule_statuses={} if specs is None else {r.id: r.status.value for r in specs.in_force},
        confidence_floor=None if specs is None else confidence_floor,
        scorecards=()
        if specs is None
        else tuple(CardLineage(id=c.id, title=c.title, version=c.version, digest=c.digest) for c in specs.cards),
        lexicons_digest="" if specs is None else specs.lexicons_digest,
        complaints_digest="" if specs is None else specs.complaints.digest,
        speech_digest=speech_digest,
        config_digest=config_digest,
        personal_data="masked" if mask else "kept",
        vault=vault,
        notes=notes,
    )
    decisive = [
        *(lineage.qc_version, lineage.schema_version, input_digest, engine, model, options, str(shard_size)),
        *(lineage.rules_digest, lineage.lexicons_digest, lineage.complaints_digest, speech_digest, config_digest),
        *((lineage.personal_data, key_digest()) if mask else (lineage.personal_data,)),
        *(c.digest for c in lineage.scorecards),
        *(("vault", vault) if vault else ()),  # a run without one is not continued with one
        *(() if judged_again is None else ("inspect", judged_again.run_id, judged_again.finished_at)),
    ]
    return replace(lineage, plan_digest=hashlib.sha256(json.dumps(decisive).encode()).hexdigest())


def start(out: Path, lineage: Lineage, *, run_id: str | None, fresh: bool, shared: bool = False) -> Plan:
    """Continue the unfinished run of the same plan under `out`, or begin a new one; `shared`: readable by its group.
    A finished one whose command was killed before its end (the report) is taken up too.

    Raises UsageError when `run_id` names a run that is finished or was planned differently, or `out` is not writable.
    """
    if run_id is not None and not _is_name(run_id):
        raise UsageError(f"批次名 {run_id[:40]!r} 不能用作目录名", "只用字母、数字、中文、- 和 _，至多 80 个字。")
    with _alone(out, shared):
        if run_id is not None:
            return _named(out, lineage, run_id, fresh, shared)
        beside, unread = _beside(out)
        same = [] if fresh else [one for one in beside if one[1].plan_digest == lineage.plan_digest]
        for path, earlier in same:
            if earlier.status is RunStatus.RUNNING or is_complete(path):
                return replace(continued(path, earlier), notes=unread)
        begun = datetime.now()
        stem = f"{begun:%Y%m%d-%H%M%S}-{lineage.plan_digest[:6]}"
        names = [stem, *(f"{stem}-{n}" for n in range(2, 1000))]
        left = tuple(_left(path, earlier, lineage) for path, earlier in beside if _abandoned(path, earlier, lineage))
        plan = _begin(out / next(n for n in names if not (out / n).exists()), lineage, begun, shared)
        return replace(plan, notes=(*unread, *left))


def _beside(out: Path) -> tuple[list[tuple[Path, Lineage]], tuple[str, ...]]:
    """The runs under `out`, the latest first, and what is to be said of those that nobody can read."""
    found, unread = [], []
    for path in run_folders(out)[::-1]:
        try:
            found.append((path, read_lineage(path)))
        except UsageError as error:
            unread.append(f"{error.message}；报表、比较和续跑都不算它，这次不受影响。qc verify {path} 说还有什么是好的")
    return found, tuple(unread)


@contextmanager
def _alone(out: Path, shared: bool) -> Iterator[None]:
    """One process at a time decides what it runs under `out`: of two that start with the same plan, the second finds
    the run of the first. Where folders cannot be locked (some network file systems), both may begin one."""
    try:
        make_folder(out, shared=shared)
        descriptor = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(out, error) from None
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _abandoned(run: Path, earlier: Lineage, now: Lineage) -> bool:
    """An unfinished run of the same input folder, which nobody is writing and this plan does not continue."""
    other = earlier.status is RunStatus.RUNNING and earlier.plan_digest != now.plan_digest
    return other and earlier.input_path == now.input_path and not is_held(run)


def is_held(run: Path) -> bool:
    """Whether a process is writing the run."""
    try:
        with (run / WORK / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no lock, or nothing can be locked here
        pass
    return False


def _is_name(run_id: str) -> bool:
    """Whether a folder can have that name here and where runs are copied to; a part file's own name fits beside it."""
    plain = run_id.isprintable() and not set(run_id) & set('/\\:*?"<>|') and not run_id.startswith((".", "-", " "))
    return 0 < len(run_id) <= 80 and plain and run_id.partition(".")[0].lower() not in _DEVICES


_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
"""What Windows takes for devices, with any extension."""
_DECIDE = {
    "输入": ("input_digest", "manifest"),
    "规则或评分表": ("rules_digest", "scorecards", "lexicons_digest", "complaints_digest"),
    "热词或角色线索": ("speech_digest",),
    "配置（qc.yaml）": ("config_digest",),
    "是否脱敏（--keep-personal-data）": ("personal_data",),
    "保管库的公钥（--vault）": ("vault",),
    "转写引擎": ("asr_engine", "asr_model", "asr_options"),
    "qc 版本": ("qc_version", "schema_version"),
}
"""What decides a plan, in words."""


def moved(earlier: Lineage, now: Lineage) -> str:
    """Why `now` is another plan than `earlier` was (Chinese)."""
    what = [zh for zh, names in _DECIDE.items() if any(getattr(earlier, n) != getattr(now, n) for n in names)]
    # of the key there is only a digest in the plan: another user, of whom cron and a terminal are two, has another one
    return f"{'、'.join(what)}变了" if what else "命令、运行的用户或化名钥匙（QC_KEY_FILE）不同"


def _left(run: Path, earlier: Lineage, now: Lineage) -> str:
    """What is to be said of an abandoned run: why it is not continued, and whether it may go. One that people reviewed
    was finished once, and opened again for a retry."""
    told = f"批次 {run} 没有做完，但{moved(earlier, now)}，不能接着做，这次另开一个；"
    if (run / REVIEWS_FOLDER).is_dir():
        return f"{told}里面有人的复核，不要删：改回当时的样子，再运行当初的命令就能做完。"
    return f"{told}用不着它的话可以删掉。"


def continued(run: Path, earlier: Lineage) -> Plan:
    """One that was done counts as such while its files are what was written; else what is damaged is made again. Raises
    UsageError when another process is writing it."""
    if earlier.status is RunStatus.RUNNING:
        return Plan(run=run, lineage=earlier, resumed=True)
    if is_held(run):  # what it is now says nothing
        raise _busy(run)
    if is_whole(run, earlier):
        return Plan(run=run, lineage=earlier, resumed=True, finished=True)
    return Plan(run=run, lineage=opened_again(run, earlier), resumed=True)


def is_whole(run: Path, finished: Lineage) -> bool:
    """Whether the files of a finished run are what it wrote; of runs of before, whether those that are listed are."""
    try:
        if finished.parts_digest and sha256_of(run / PARTS_FILE) != finished.parts_digest:
            return False
        return all(intact(run, part) for part in read_parts(run) or ())
    except (OSError, UsageError):  # the list itself is damaged
        return False


def _named(out: Path, lineage: Lineage, run_id: str, fresh: bool, shared: bool) -> Plan:
    path = out / run_id
    if not path.exists() or (path.is_dir() and not _holds_anything(path)):
        return _begin(path, lineage, datetime.now(), shared)
    if not any((path / name).exists() for name in (LINEAGE_FILE, PARTS_FILE)):
        raise UsageError(f"{path} 已存在，但不是批次目录", "换一个 --run-id，或移走这个目录。")
    earlier = read_lineage(path)  # a damaged run is one: what it says of itself is how to save it
    same = earlier.plan_digest == lineage.plan_digest
    if earlier.status is RunStatus.DONE and not (same and is_complete(path)):
        state = "已经完成"
    elif not same:
        state = "是用别的输入、规则或配置开始的"
    elif fresh:
        state = "还没有做完，去掉 --fresh 就会接着做"
    else:
        return continued(path, earlier)
    raise UsageError(f"批次 {run_id} {state}", "换一个 --run-id，或移走这个目录。")


def _holds_anything(path: Path) -> bool:
    """False also for what is left when the first file of a run could not be written."""
    return any(not (p.name.startswith(".") and p.name.endswith(".tmp")) for p in path.iterdir())


def _begin(path: Path, lineage: Lineage, begun: datetime, shared: bool) -> Plan:
    lineage = replace(lineage, run_id=path.name, started_at=begun.isoformat(timespec="seconds"))
    try:
        make_folder(path, shared=shared)
        write_lineage(path, lineage)
    except OSError as error:
        raise _unwritable(path, error) from None
    return Plan(run=path, lineage=lineage, resumed=False)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"不能写入 {path}：{refusal(error)}", "检查磁盘空间与权限，或用 --out 换一个位置。")


def opened_again(run: Path, finished: Lineage) -> Lineage:
    """Write that a finished run is being made again in place; returns what its lineage is now."""
    lineage = replace(finished, status=RunStatus.RUNNING, finished_at=None, parts_digest="")
    write_lineage(run, lineage)
    return lineage


def _busy(run: Path) -> UsageError:
    return UsageError(f"另一个 qc 进程正在写批次 {run.name}", "等它结束，或用 --fresh 另开一个批次。")


@contextmanager
def exclusive(run: Path, unlocked: Callable[[str], None]) -> Iterator[None]:
    """Hold the run directory. Raises UsageError when another process does; the lock ends with its process. `unlocked`
    is told why where the file system has no locks: nothing then keeps another command from writing the same run."""
    make_folder(run / WORK)
    descriptor = os.open(run / WORK / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(run) from None
        except OSError as error:
            unlocked(refusal(error))
        yield
    finally:
        os.close(descriptor)
