"""Recordings whose transcript was given with them: read, laid over the audio, or refused with a reason."""

from __future__ import annotations

from qc.asr.engines import imported
from qc.asr.sound.audio import AudioError
from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.domain.recording import GivenTranscript, Recording, Transcript
from qc.ingest.documents import read_document
from qc.ingest.draft import Draft, in_order
from qc.ingest.inputs import Document
from qc.ingest.json_value import ShapeError
from qc.ingest.shapes import Readers


class Importer:
    """What a worker process makes transcripts with, where `asr.engine` is imported."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._readers = Readers(config)

    def __call__(self, recording: Recording) -> Transcript | Failure:
        """A bad recording or transcript is a Failure."""
        if recording.given is None:
            return recording.unheard("no_transcript", "录音旁没有同名的转写文件", retryable=True)
        try:
            draft = self._draft(recording.given)
            turns = in_order(draft.turns, self._config.run.max_turn_chars)
            return imported.transcribe(recording, turns, self._config.audio.max_duration_s)
        except ShapeError as e:
            return recording.unheard(e.kind, f"转写 {recording.given.path}：{e.message}")
        except AudioError as e:
            return recording.unheard(e.kind, e.message, retryable=e.retryable)

    def _draft(self, given: GivenTranscript) -> Draft:
        """The one conversation in the file. Raises ShapeError."""
        name = given.path
        document = Document(path=given.path, file=given.file, format=given.format, sha256=given.sha256, name=name)
        drafts: list[Draft] = []
        for item in read_document(document, self._readers):
            if isinstance(item.found, ShapeError):
                raise item.found
            drafts.append(item.found)
        if len(drafts) != 1:
            raise ShapeError("not_one_conversation", f"里面有 {len(drafts)} 个会话；录音旁的转写应当只有这一通")
        return drafts[0]
