"""What customers said, out of stored runs: all of it, or where no topic was recognised. Always masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qc.domain.conversation import Entity, Role
from qc.domain.topic import UNKNOWN_TOPIC
from qc.errors import UsageError
from qc.learning.suggest import Statement
from qc.storage.lineage import LINEAGE_FILE
from qc.storage.read import StoredRun, open_run
from qc.text.masking import mask

_TURNS = 3
"""A conversation is taken for what it is about by its first so many telling turns of the customer."""
_CHARS = 200
"""Of each of them so many characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncaught:
    """`statements`: of each project, one per conversation that has no topic and says something; `caught`: the same of
    those that have one. `conversations` were read, `unknown` of them have no topic."""

    statements: dict[str, tuple[Statement, ...]]
    caught: dict[str, tuple[Statement, ...]]
    conversations: int
    unknown: int


def uncaught(runs: Sequence[Path], telling: Callable[[str], bool], project: str | None = None) -> Uncaught:
    """What the customer said in conversations without a topic: no contact reason, or in runs of an earlier version no
    main topic. A conversation that several runs hold counts once.

    Raises UsageError when no folder is a run, or a run was never judged.
    """
    without: dict[str, list[Statement]] = {}
    having: dict[str, list[Statement]] = {}
    seen: set[tuple[str, str]] = set()
    unknown = 0
    for run in _opened(runs):
        for number in run.shards():
            said = dict(_customer_turns(run, number))
            names = ("conversation_id", "source_sha256", "project", "contact_reason", "primary_topic")
            for row in run.part("conversations", number, names).to_pylist():
                key = (row["conversation_id"], row["source_sha256"])
                if key in seen or project not in (None, row["project"]):
                    continue
                seen.add(key)
                topic = row["contact_reason"] or row["primary_topic"]
                if topic is None:
                    raise UsageError(f"{run.path} 还没有判定，没有话题", "先运行 qc inspect。")
                unknown += topic == UNKNOWN_TOPIC
                telling_turns = (text[:_CHARS] for text in said.get(row["conversation_id"], ()) if telling(text))
                text = "，".join(text for _, text in zip(range(_TURNS), telling_turns, strict=False))
                if text:
                    found = Statement(conversation=row["conversation_id"], text=text)
                    (without if topic == UNKNOWN_TOPIC else having).setdefault(row["project"], []).append(found)
    return Uncaught(
        statements={name: tuple(listed) for name, listed in sorted(without.items())},
        caught={name: tuple(listed) for name, listed in sorted(having.items())},
        conversations=len(seen),
        unknown=unknown,
    )


def _opened(folders: Sequence[Path]) -> Iterator[StoredRun]:
    # `runs/*` also names what is no run, such as the folder of alerts that `qc opinion report` writes there.
    return map(open_run, [f for f in folders if (f / LINEAGE_FILE).is_file()] or folders)


def customer_turns(runs: Sequence[Path], project: str | None = None) -> tuple[str, ...]:
    """Every turn of a customer, in the order stored; of a conversation that several runs hold, those of the first.

    Raises UsageError when no folder is a run.
    """
    out: list[str] = []
    seen: set[tuple[str, str]] = set()
    for run in _opened(runs):
        for number in run.shards():
            said = dict(_customer_turns(run, number))
            names = ("conversation_id", "source_sha256", "project")
            for row in run.part("conversations", number, names).to_pylist():
                key = (row["conversation_id"], row["source_sha256"])
                if key not in seen and project in (None, row["project"]):
                    seen.add(key)
                    out += said.get(row["conversation_id"], ())
    return tuple(out)


def _customer_turns(run: StoredRun, number: int) -> Iterator[tuple[str, list[str]]]:
    """Of each conversation of a part, the customer's turns. Runs that kept personal data are masked here."""
    keeps = run.lineage.personal_data == "kept"
    said: dict[str, list[str]] = {}
    names = ("conversation_id", "role", "text", *(("entities",) if keeps else ()))
    for row in run.part("turns", number, names).to_pylist():
        if row["role"] == Role.CUSTOMER.value and row["text"]:
            found = [Entity(**entity) for entity in row["entities"] or ()] if keeps else ()
            said.setdefault(row["conversation_id"], []).append(mask(row["text"], found))
    yield from said.items()
