"""Tickets (工单): what the customer wants becomes a turn of the customer, each step and the result one of the agent.

The form's other fields stay in `extra` under their own names, also those that fill CallMeta (处理人, 受理时间),
so that a rule may ask for any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qc.domain.config import ManifestConfig
from qc.domain.conversation import Channel, Role, Turn
from qc.ingest.columns import TICKET, Columns, columns
from qc.ingest.details import DetailReader, clean
from qc.ingest.draft import Draft, spoken
from qc.ingest.json_value import JsonObject, label, words

_ROLES = {"request": Role.CUSTOMER, "handling": Role.AGENT, "result": Role.AGENT}
_STEP_TEXTS = ("内容", "处理内容", "处理意见", "处理情况", "text", "content", "remark")


class TicketReader:
    """Reads tickets by the aliases of the configuration."""

    def __init__(self, config: ManifestConfig, details: DetailReader) -> None:
        self.fields: Columns = columns(TICKET, config.columns)
        self.details = details

    def is_ticket(self, names: list[str]) -> bool:
        """A form with a ticket number or the customer's request."""
        found = self.fields.assign(names)
        return "request" in found or ("ticket_id" in found and ("handling" in found or "result" in found))

    def draft(self, form: JsonObject | Mapping[str, object]) -> Draft:
        """The conversation of one form. Raises ShapeError for a text field that holds none."""
        names = list(form)
        used = {field: names[index] for field, index in self.fields.assign(names).items()}
        turns: list[Turn] = []
        for field, role in _ROLES.items():
            if field in used:
                turns += [spoken(role, text, None, None) for text in _texts(form[used[field]], used[field])]
        spoken_keys = frozenset(used[field] for field in _ROLES if field in used)
        details = self.details.of_object(form, spoken_keys)
        own = {clean(k): text for k, v in form.items() if k not in spoken_keys and (text := label(v))}
        ticket_id = own.pop(clean(used["ticket_id"]), None) if "ticket_id" in used else details.conversation_id
        meta = replace(details.meta, extra={**own, **details.meta.extra})
        return Draft(
            format="ticket",
            turns=tuple(turns),
            details=replace(details, conversation_id=ticket_id, meta=meta),
            channel=Channel.TICKET,
        )


def _texts(value: object, place: str) -> list[str]:
    """A text, or a list of steps: texts or objects holding one."""
    steps = value if isinstance(value, list) else [value]
    return [words(_step(step), place) for step in steps]


def _step(step: object) -> object:
    return next((step[key] for key in _STEP_TEXTS if key in step), "") if isinstance(step, dict) else step
