"""What indicators are counted from: one value per conversation and column, NaN where it is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.effort import Repeats, effort, repeats
from qc.opinion.proactive import OFFERS
from qc.opinion.resolution import DAYS, episodes
from qc.opinion.trial import hits_in_force
from qc.reporting.finals import scores_of
from qc.reporting.indicators.people import people_said
from qc.review.judged import Judged, judged
from qc.storage.read import StoredRun

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BOTS = ("bot_text", "bot_voice")
SHIFT = ("班次", "班别", "shift")
ON_TIME = ("按时办结", "是否按时", "是否按时办结", "准时", "on_time")
RESOLVED = ("问题是否解决", "是否解决", "已解决", "resolved")
"""Headers of manifest columns that stay in `conversations.extra`, first match wins."""
_YES, _NO = ("是", "已解决", "按时", "准时", "true", "yes", "y", "1"), ("否", "未解决", "超时", "false", "no", "n", "0")
_COLUMNS = (
    *("conversation_id", "project", "channel", "date", "started_at", "agent_id", "team", "duration_ms"),
    *("queue_wait_s", "hold_s", "after_call_s", "transfers", "ring_count", "satisfaction", "agent_turns"),
    *("bot_turns", "soothed", "customer_emotion_end", "silence_ms", "agent_chars_per_min", "extra"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column of names: `names[code]`, −1 where none is given."""

    codes: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def among(self, *names: str) -> Bools:
        """Which rows have one of `names`."""
        wanted = [i for i, name in enumerate(self.names) if name in names]
        return np.isin(self.codes, wanted)

    @property
    def known(self) -> Bools:
        return self.codes >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Contacts of the last weeks: which begin an episode whose days are over, and which of these were solved at
    once."""

    project: Coded
    channel: Coded
    counted: Bools
    solved: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Columns with one value per conversation. Flags are 0 and 1. `day` counts days as Python's ordinals do; seconds
    end in _s; `score` is in percent of the card; `effort` 0–100. `to_agent`: a person took over from a bot, NaN where
    no bot spoke or nobody can tell. `looked_at`: a person reviewed it, in part or whole; `remarks`: comments written
    for the agent. `verdicts` are those that people confirmed or changed; scores follow from them."""

    project: Coded
    channel: Coded
    team: Coded
    agent: Coded
    shift: Coded
    day: Floats
    duration_s: Floats
    queue_wait_s: Floats
    hold_s: Floats
    after_call_s: Floats
    transfers: Floats
    ring_count: Floats
    satisfaction: Floats
    silence: Floats
    pace: Floats
    emotion_end: Floats
    soothed: Floats
    served: Floats
    bot: Floats
    to_agent: Floats
    score: Floats
    passed: Floats
    business_error: Floats
    complaint: Floats
    offered: Floats
    effort: Floats
    resolved: Floats
    on_time: Floats
    looked_at: Floats
    remarks: Floats
    episodes: Episodes
    verdicts: Judged

    @property
    def size(self) -> int:
        """Conversations."""
        return len(self.day)

    def where(self, kept: Bools) -> Facts:
        """Of the conversations only those in `kept`; episodes and verdicts, which have rows of their own, stay."""
        shorter: dict[str, Floats | Coded] = {}
        for column in fields(self):
            values = getattr(self, column.name)
            if isinstance(values, Coded):
                shorter[column.name] = replace(values, codes=values.codes[kept])
            elif isinstance(values, np.ndarray):
                shorter[column.name] = values[kept]
        return replace(self, **shorter)  # type: ignore[arg-type]

    def by(self, key: str) -> Iterator[tuple[str, Facts]]:
        """The parts of one `project`, `channel` or `team`, with its name, largest first."""
        column: Coded = getattr(self, key)
        counts = np.bincount(column.codes[column.known], minlength=len(column.names))
        order = sorted(range(len(column.names)), key=lambda i: (-counts[i], column.names[i]))
        for i in (i for i in order if counts[i]):
            name = column.names[i]
            own, verdicts = _part(self.episodes, key, name), _part_of(self.verdicts, key, name)
            yield name, replace(self.where(column.codes == i), episodes=own, verdicts=verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """What contacts of weeks tell, the same for every run among them."""

    repeats: Repeats
    episodes: Episodes


def weeks(contacts: pa.Table) -> Weeks:
    """Of `contacts` (`qc.opinion.contacts`)."""
    return Weeks(repeats=repeats(contacts, DAYS), episodes=_episodes(contacts))


def facts(run: StoredRun, contacts: pa.Table | Weeks) -> Facts:
    """The columns of `run`. `contacts` (`qc.opinion.contacts`, or `weeks` of them) are those of this run and of the
    weeks before it."""
    known = contacts if isinstance(contacts, Weeks) else weeks(contacts)
    table = run.table("conversations", _COLUMNS)
    ids = table["conversation_id"]
    people = people_said(run)
    channel = _coded(table["channel"])
    agent_turns, transfers = _floats(table["agent_turns"]), _floats(table["transfers"])
    bot = channel.among(*BOTS) | (_floats(table["bot_turns"]) > 0)
    scores = _scores(run)
    return Facts(
        project=_coded(table["project"]),
        channel=channel,
        team=_coded(table["team"]),
        agent=_coded(table["agent_id"]),
        shift=_coded(_first(table["extra"], SHIFT)),
        day=_days(table),
        duration_s=_floats(table["duration_ms"]) / 1000,
        queue_wait_s=_floats(table["queue_wait_s"]),
        hold_s=_floats(table["hold_s"]),
        after_call_s=_floats(table["after_call_s"]),
        transfers=transfers,
        ring_count=_floats(table["ring_count"]),
        satisfaction=_floats(table["satisfaction"]),
        silence=_ratio(_floats(table["silence_ms"]), _floats(table["duration_ms"])),
        pace=_floats(table["agent_chars_per_min"]),
        emotion_end=_floats(table["customer_emotion_end"]),
        soothed=_floats(table["soothed"]),
        served=_flag((agent_turns > 0) & ~channel.among("ticket")),
        bot=_flag(bot),
        to_agent=_to_agent(bot, agent_turns, transfers),
        score=_beside(ids, scores, "percent_mean"),
        passed=_beside(ids, scores, "passed_all"),
        business_error=_beside(ids, scores, "business_error_any"),
        complaint=_flag(_has(ids, run.table("complaints", ["conversation_id"])["conversation_id"]))
        if run.part_files("complaints") or run.lineage.complaints_digest
        else np.full(len(ids), np.nan),
        offered=_offered(run, ids),
        effort=_beside(ids, effort(run, known.repeats, DAYS).select(["conversation_id", "effort"]), "effort"),
        resolved=_yes_no(_first(table["extra"], RESOLVED)),
        on_time=_yes_no(_first(table["extra"], ON_TIME)),
        looked_at=_reviewed(ids, people, "looked_at"),
        remarks=_reviewed(ids, people, "remarks"),
        episodes=known.episodes,
        verdicts=judged([run]).counted,
    )


def _episodes(contacts: pa.Table) -> Episodes:
    found = episodes(contacts, DAYS)
    return Episodes(
        project=_coded(contacts["project"]),
        channel=_coded(contacts["channel"]),
        counted=found.counted,
        solved=found.solved,
    )


def _part_of(whole: Judged, key: str, name: str) -> Judged:
    """The verdicts of one project or channel; none of a team."""
    values = whole.attributes.get(key)
    return whole.where(np.zeros(len(whole), bool) if values is None else np.asarray(values == name, bool))


def _part(whole: Episodes, key: str, name: str) -> Episodes:
    """The episodes of one project or channel; none of a team: contacts do not know it."""
    kept = getattr(whole, key).among(name) if key in ("project", "channel") else np.zeros(len(whole.counted), bool)
    project, channel = whole.project, whole.channel
    return Episodes(
        project=replace(project, codes=project.codes[kept]),
        channel=replace(channel, codes=channel.codes[kept]),
        counted=whole.counted[kept],
        solved=whole.solved[kept],
    )


def _reviewed(ids: pa.ChunkedArray, people: pa.Table, name: str) -> Floats:
    """A column of reviews; not known where nobody has reviewed anything."""
    return np.nan_to_num(_beside(ids, people, name)) if people.num_rows else np.full(len(ids), np.nan)


def _to_agent(bot: Bools, agent_turns: Floats, transfers: Floats) -> Floats:
    """Where the manifest does not count transfers, a talk with a bot in which an agent spoke was passed on; that none
    did says something only where such talks stand in the same run, else the agent's part may be another system's."""
    passed = bot & ((agent_turns > 0) | (transfers > 0))
    seen = bool((bot & (agent_turns > 0)).any())
    known = bot & (passed | ~np.isnan(transfers) | seen)
    return np.where(known, passed.astype(float), np.nan)


def _offered(run: StoredRun, ids: pa.ChunkedArray) -> Floats:
    hits, judged = hits_in_force(run, OFFERS)
    return _flag(_has(ids, hits["conversation_id"])) if judged else np.full(len(ids), np.nan)


def _scores(run: StoredRun) -> pa.Table:
    """Per conversation: the mean percent of its cards, whether all were passed, whether any has a business error; the
    final ones where there are."""
    columns = ["conversation_id", "base", "score", "passed", "business_error"]
    return (
        scores_of(run, columns)
        .group_by("conversation_id", use_threads=False)
        .aggregate([("percent", "mean"), ("passed", "all"), ("business_error", "any")])
    )


def _days(table: pa.Table) -> Floats:
    """The business day, of the start where the date is not stored."""
    day = pc.coalesce(table["date"], pc.cast(table["started_at"], pa.date32(), safe=False))
    return np.asarray(_floats(pc.cast(day, pa.int32())) + 719_163)  # ordinal of 1970-01-01


def _first(extra: pa.ChunkedArray, headers: Sequence[str]) -> pa.ChunkedArray:
    """The first of `headers` each conversation has a value under."""
    value = pa.chunked_array([pa.nulls(len(extra), pa.string())])
    for header in headers:
        said = pc.utf8_trim_whitespace(pc.map_lookup(extra, query_key=pa.scalar(header), occurrence="first"))
        value = pc.coalesce(value, pc.if_else(pc.not_equal(said, ""), said, None))
    return value


def _yes_no(column: pa.ChunkedArray) -> Floats:
    low = pc.utf8_lower(column)
    yes, no = pc.is_in(low, value_set=pa.array(_YES)), pc.is_in(low, value_set=pa.array(_NO))
    return _floats(pc.if_else(yes, 1.0, pc.if_else(no, 0.0, pa.scalar(None, pa.float64()))))


def _coded(column: pa.ChunkedArray) -> Coded:
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    encoded = pc.dictionary_encode(pc.if_else(blank, None, column).combine_chunks())
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Coded(codes=np.asarray(codes, np.int64), names=tuple(encoded.dictionary.to_pylist()))


def _has(ids: pa.ChunkedArray, among: pa.ChunkedArray) -> Bools:
    found = pc.is_in(ids, value_set=pa.chunked_array(among, pa.string()).combine_chunks())
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)


def _beside(ids: pa.ChunkedArray, table: pa.Table, name: str) -> Floats:
    """The value of each of `ids` in a column of `table`, whose conversation ids are unique."""
    keys = table["conversation_id"].combine_chunks()
    at = pc.fill_null(pc.index_in(ids, value_set=keys), -1).to_numpy()
    return np.asarray(np.append(_floats(table[name]), np.nan)[at], float)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), float)


def _flag(mask: Bools) -> Floats:
    return mask.astype(np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0), float)
