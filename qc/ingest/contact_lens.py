"""Amazon Connect Contact Lens post-contact analysis: Participants, Transcript[{ParticipantId, Content, …}].

Calls have BeginOffsetMillis / EndOffsetMillis; chats have AbsoluteTime and events without Content. Transcribe Call
Analytics output has the same call shape with ParticipantRole in each item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from qc.domain.conversation import CallMeta, Channel, Role, Turn
from qc.ingest.details import Details
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, ShapeError, label, millis, objects, words
from qc.ingest.moments import moment
from qc.ingest.roles import role_of


def matches(value: JsonObject) -> bool:
    """A `Transcript` whose items name participants."""
    items = value.get("Transcript")
    if not isinstance(items, list):
        return False
    first = items[0] if items else None
    return "Participants" in value or (isinstance(first, dict) and ("ParticipantRole" in first))


def read(value: JsonObject) -> Iterator[Draft]:
    """One conversation. Raises ShapeError when the job failed."""
    status = label(value.get("JobStatus"))
    if status not in (None, "COMPLETED"):
        raise ShapeError("unfinished", f"Contact Lens 任务没有成功（JobStatus：{status[:20]}）")
    roles = {
        label(p.get("ParticipantId")): role_of(label(p.get("ParticipantRole")) or "")
        for p in objects(value.get("Participants"), "Participants")
    }
    items = objects(value.get("Transcript"), "Transcript")
    customer = value.get("CustomerMetadata")
    contact = label(customer.get("ContactId")) if isinstance(customer, dict) else None
    if label(value.get("Channel")) == "CHAT":
        turns, started_at = _chat(items, roles)
    else:
        turns, started_at = tuple(_turn(item, n, roles) for n, item in enumerate(items, 1)), None
    yield Draft(
        format="contact_lens",
        turns=turns,
        details=Details(conversation_id=contact, meta=CallMeta(started_at=started_at)),
        channel=Channel.CHAT if label(value.get("Channel")) == "CHAT" else None,
    )


def _role(item: JsonObject, roles: dict[str | None, Role]) -> Role:
    own = label(item.get("ParticipantRole"))
    participant = label(item.get("ParticipantId"))
    return role_of(own) if own else roles.get(participant) or role_of(participant or "")


def _turn(item: JsonObject, n: int, roles: dict[str | None, Role]) -> Turn:
    return spoken(
        _role(item, roles),
        words(item.get("Content"), f"Transcript 第 {n} 项的 Content"),
        millis(item.get("BeginOffsetMillis")),
        millis(item.get("EndOffsetMillis")),
    )


def _chat(items: Sequence[JsonObject], roles: dict[str | None, Role]) -> tuple[tuple[Turn, ...], str | None]:
    times = [_time(item) for item in items]
    known = [t for t in times if t is not None]
    start = min(known, default=None)
    turns = []
    for n, (item, time) in enumerate(zip(items, times, strict=True), 1):
        at = None if time is None or start is None else round((time - start).total_seconds() * 1000)
        turns.append(spoken(_role(item, roles), words(item.get("Content"), f"Transcript 第 {n} 项的 Content"), at, at))
    return tuple(turns), None if start is None else start.isoformat(timespec="milliseconds").removesuffix(".000")


def _time(item: JsonObject) -> datetime | None:
    try:
        return moment(item.get("AbsoluteTime"))
    except ValueError:
        return None
