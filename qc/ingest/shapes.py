"""Which shape a JSON value has, and its conversations."""

from __future__ import annotations

from collections.abc import Iterator

from qc.domain.config import Config
from qc.ingest import contact_lens, funasr, sca, tencent, whisper, whisperx
from qc.ingest.chat import ChatReader
from qc.ingest.details import DetailReader
from qc.ingest.draft import Draft
from qc.ingest.json_value import JsonObject, ShapeError
from qc.ingest.ticket import TicketReader

EXPECTED = (
    "不是认识的会话、工单或转写格式；应是 {id, turns:[{role, text, time}]}、每行一条消息、工单，"
    "或 whisper、WhisperX、FunASR、阿里云 SCA、Contact Lens、腾讯云的转写结果（见 docs/inputs.zh-CN.md）"
)


class Readers:
    """All readers, configured once."""

    def __init__(self, config: Config) -> None:
        self.details = DetailReader.configured(config.manifest)
        self.chat = ChatReader(config.manifest, self.details)
        self.ticket = TicketReader(config.manifest, self.details)

    def drafts(self, value: JsonObject) -> Iterator[Draft]:
        """The conversations in one JSON object. Raises ShapeError: of an unknown shape, or broken inside."""
        if contact_lens.matches(value):
            yield from contact_lens.read(value)
        elif tencent.matches(value):
            yield from tencent.read(value)
        elif sca.matches(value):
            yield from sca.read(value)
        elif funasr.matches(value):
            yield from funasr.read(value)
        elif whisper.matches(value):
            yield from whisper.read(value)
        elif whisperx.matches(value):
            yield from whisperx.read(value)
        elif (key := self.chat.list_key(value)) is not None:
            yield self.chat.conversation(value, key, "chat_jsonl")
        elif self.ticket.is_ticket(list(value)):
            yield self.ticket.draft(value)
        else:
            raise ShapeError("unknown_format", EXPECTED)

    def is_message(self, value: object) -> bool:
        """One message of a chat, not a conversation of its own."""
        return isinstance(value, dict) and self.chat.list_key(value) is None and self.chat.is_message(value)
