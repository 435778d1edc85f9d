"""The cluster: its own of this machine or a company's, and whether its machines are ready for work."""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from qc.errors import UsageError, refusal
from qc.pipeline.executors.nodes import Home, look, witnesses
from qc.pipeline.executors.worker import pickled

_VISIT_S = 120
"""A machine that takes longer to start one process is of no use."""
_ANSWER_S = 10
"""So long a machine may take to open a connection."""
_DYING_S = 0.5
"""Between the death of a process and that of its machine."""
_STORE_BYTES = 256 * 2**20
"""What crosses to processes of this machine: a few shards for each."""
_ATTEMPTS = 3
"""Ray gives itself half a minute to start, which on a busy machine may not be enough the first time."""
_PREPARE = "怎样搭建集群见 docs/operations.md。"
_QUIET: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
_local: Path | None = None
"""The folder of the cluster that this process started for itself."""
_size = 0
"""How many processes that one holds."""

logging.getLogger("ray").setLevel(logging.CRITICAL)  # what is wrong comes as an exception, too

Machine = Mapping[str, Any]


def machines() -> list[Machine]:
    """Those that work is given to."""
    return [n for n in _nodes() if n["Alive"] and n["Resources"].get("CPU")]


def resources(name: str) -> float:
    """How many of `CPU` or `GPU` the cluster has."""
    whole: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return whole.get(name, 0)


def _nodes() -> list[Machine]:
    known: list[Machine] = ray.nodes()  # type: ignore[no-untyped-call]
    return known


def fell(node: str) -> bool:
    """Whether the machine of a lost process is lost too. The cluster itself notices only after some seconds."""
    known = next((n for n in _nodes() if n["NodeID"] == node), None)
    if known is None or not known["Alive"]:
        return known is not None
    time.sleep(_DYING_S)
    return not _answers(known["NodeManagerAddress"], known["NodeManagerPort"])


def on_machine(node: str) -> dict[str, Any]:
    return {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _ANSWER_S).close()
    except OSError:
        return False
    return True


def start_here(workers: int) -> None:
    """A cluster of this machine alone, which ends with this process. Nothing of it is readable to others, and what
    crosses to workers is never written to disk."""
    global _local, _size
    if ray.is_initialized() and _size == workers:
        return
    ray.shutdown()
    if _local is None:
        # Not in TMPDIR: names of sockets may not be longer than 107 characters.
        _local = Path(tempfile.mkdtemp(prefix="qc-ray-", dir=os.environ.get("RAY_TMPDIR", "/tmp")))  # noqa: S108
        atexit.register(shutil.rmtree, _local, ignore_errors=True)
        atexit.register(ray.shutdown)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            ray.init(
                address="local",
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _temp_dir=str(_local),
                # Ray would give workers the least of a busy processor (nice 15); whoever starts the run decides that.
                _system_config={"automatic_object_spilling_enabled": False, "worker_niceness": 0},
                **_QUIET,
            )
            _size = workers
            return
        except Exception as error:  # Ray raises this very class when it takes too long
            ray.shutdown()
            if attempt == _ATTEMPTS:
                raise UsageError(
                    f"在本机启动 Ray 失败（{' '.join(str(error).split())}）", "本机可能太忙；或去掉 --executor ray。"
                ) from error


def connect(address: str) -> None:
    """Join a company's cluster. Raises UsageError."""
    global _size
    if "://" in address:
        raise UsageError(
            f"不支持 Ray 地址 {address}", "在集群的一台机器上运行 qc，地址写 主机:端口（如 10.0.0.1:6379）或 auto。"
        )
    host, _, port = address.rpartition(":")
    if address != "auto" and not (port.isdigit() and _answers(host.strip("[]"), int(port))):
        raise UsageError(
            f"Ray 集群 {address} 没有应答",
            f"检查主节点在运行（ray status）、地址是 主机:端口、防火墙放行；{_PREPARE}",
        )
    ray.shutdown()
    _size = 0
    try:
        ray.init(address=address, **_QUIET)
    except (RuntimeError, ConnectionError, ValueError, RayError) as error:
        reason = " ".join(str(error).split())
        if "Version mismatch" in reason:
            raise UsageError(
                f"这里的 Python 或 Ray 与集群的版本不同（{reason}）", "各台机器装同一版本的 Python 和 qc[ray]。"
            ) from error
        raise UsageError(
            f"连不上 Ray 集群 {address}（{type(error).__name__}：{reason}）",
            f"qc 要在集群的一台机器上运行，各台机器的 RAY_AUTH_TOKEN 要相同；{_PREPARE}",
        ) from error


def inspect(there: Sequence[Machine], home: Home, read: Sequence[Path], written: Sequence[Path]) -> None:
    """Raises UsageError with what each machine lacks."""
    visit = ray.remote(_visitor()).options
    try:
        with witnesses(read, written) as seen:
            asked = {visit(**on_machine(n["NodeID"])).remote(pickled((look, home, seen))): n for n in there}
            come, late = ray.wait(list(asked), num_returns=len(asked), timeout=_VISIT_S)
            wrong = [f"{_name(asked[a])} {_VISIT_S} 秒没有回答" for a in late]
            for answer in come:
                try:
                    wrong += [f"{_name(asked[answer])} {what}" for what in ray.get(answer)]
                except RayError as error:
                    wrong.append(f"{_name(asked[answer])} 上启动不了进程（{type(error).__name__}）")
    except OSError as error:
        raise UsageError(f"不能写入 {error.filename}：{refusal(error)}", "检查磁盘空间与权限。") from None
    if wrong:
        raise UsageError(
            "集群还不能用：\n" + "\n".join(f"  机器 {line}" for line in sorted(wrong)),
            "各台机器装同一版本的 qc；输入、结果（--out）、缓存（QC_CACHE_DIR）放在各机按同一路径可读写的共享目录上；"
            + _PREPARE,
        )


def _visitor() -> Callable[[bytes], list[str]]:
    """A function that goes to machines as code, since they may have no qc, or another one."""

    def visit(question: bytes) -> list[str]:

        try:
            look, home, seen = pickle.loads(question)  # noqa: S301 - our own driver wrote it
        except (ImportError, AttributeError) as error:
            return [f"没有安装 qc，或版本不同（{error}）"]
        return look(home, seen)  # type: ignore[no-any-return]

    return visit


def _name(machine: Machine) -> str:
    return f"{machine['NodeManagerHostname']}（{machine['NodeManagerAddress']}）"
