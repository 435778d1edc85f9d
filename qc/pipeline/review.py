"""Reviews into a run: masked, appended, and the scores made again from the last word on every verdict."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.finding import Verdict
from qc.domain.rule import RulePack, RuleStatus
from qc.domain.score import Score
from qc.domain.scorecard import Scorecard
from qc.pipeline.report import REPORT
from qc.pipeline.revisions import read_state
from qc.pipeline.specs import Folders
from qc.review.file import read_file
from qc.review.ledger import Final, additions, check, final, reviewed
from qc.review.machine import Machine, machine
from qc.review.opinions import APPEAL, CARRIED, VERDICTS, Complaint, Opinion, Returned, ReviewError
from qc.review.sampling import Sample, Wanted, draw
from qc.review.sheet import read_reviews, write_sheet
from qc.schema import rows
from qc.scoring.score import Scorer
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards
from qc.storage.append import alone, append_part
from qc.storage.files import atomic
from qc.storage.read import StoredRun, list_runs, open_run
from qc.storage.write import write_part
from qc.text.masking import mask_value

_VERDICTS = {verdict: Verdict(verdict) for verdict in VERDICTS}
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Who enters reviews, and when (local time)."""

    name: str
    at: datetime


def clerk() -> Clerk:
    """The user of this session, now."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "未知"
    return Clerk(name=name, at=datetime.now().replace(microsecond=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Where scorecards are looked for: the folders in force, or a git revision of the workspace around them."""

    where: Folders
    workspace: Path | None
    revision: str | None = None

    def read(self) -> tuple[RulePack, Sequence[Scorecard]]:
        """Rules and cards. Raises UsageError for a revision that does not exist, SpecError."""
        if self.revision is not None:
            specs = read_state(self.revision, self.workspace, self.where).specs
            return specs.pack, specs.cards
        pack = load_rules([self.where.rules])
        return pack, load_scorecards([self.where.scorecards], {rule.id for rule in pack.rules})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """What the last word came to. `verdicts`: judged by people, without those that do not apply; `changed`: verdicts
    that are not the machine's; `scores`: how many were made again, `moved` of them to another figure; `refused`: cards
    that are not as they were, and what to do."""

    conversations: int
    verdicts: int
    changed: int
    scores: int
    moved: int
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`added` opinions are new, `repeated` were there; `left_out` were not taken although the rest was."""

    added: int
    repeated: int
    conflicts: tuple[str, ...]
    left_out: tuple[Complaint, ...]
    rescored: Rescored


def sample_run(run: Path, wanted: Wanted, who: Clerk, *, keep: bool) -> Sample:
    """Draw conversations to review; with `keep` the draw is stored. Raises UsageError."""
    stored = open_run(run)
    machine(stored, ())  # refuses a run that could not be reviewed
    with alone(run):
        sample = draw(stored, wanted, list_runs(run.resolve().parent), at=who.at, by=who.name)
        if keep:
            append_part(run, "samples", sample.rows)
    return sample


def read_returned(files: Iterable[Path], who: Clerk, reviewer: str) -> list[Returned]:
    """Review files and sheets, by their extension."""
    found = []
    for path in files:
        sheet = path.suffix.lower() in (".xlsx", ".xlsm")
        found.append(read_reviews(path, now=who.at, reviewer=reviewer) if sheet else read_file(path, now=who.at))
    return found


def import_reviews(run: Path, returned: Sequence[Returned], cards: Cards, who: Clerk, *, partial: bool) -> Imported:
    """Check what came back against the run and store it, all or (with `partial`) what is sound of it.

    Raises ReviewError with all problems when nothing was stored, UsageError for a run that cannot be reviewed.
    """
    stored = open_run(run)
    complaints = [c for file in returned for c in file.complaints]
    opinions: list[Opinion] = []
    for file in returned:
        if file.run_id is not None and file.run_id != stored.lineage.run_id:
            told = f"是批次 {file.run_id} 的复核，不是 {stored.lineage.run_id} 的"
            complaints.append(Complaint(place=file.path, message=told))
        elif file.run_id is None and not file.complaints:
            complaints.append(Complaint(place=file.path, message="没有写是哪个批次的（run_id）"))
        else:
            opinions += file.opinions
    return _entered(stored, opinions, complaints, cards, who, partial=partial)


def carry_reviews(old: Path, new: Path, cards: Cards, who: Clerk) -> Imported:
    """Take the reviews of run `old` over into `new`, a run of the same conversations, where the rule and what the
    machine made of it are the same; the others are told. A conversation that was read as a whole is carried as one
    opinion per rule that did not change, but for those of which somebody spoke apart: he has the last word there, and
    it is known to be of a conversation that was read.
    Appeals stay with their run; what they decided goes along. So do the samples, where both runs judged the same
    inputs: what was drawn stands for as many conversations as before."""
    before, after = open_run(old), open_run(new)
    known, now = machine(before, reviewed(before)), machine(after, reviewed(before))
    opinions: list[Opinion] = []
    rows = before.table("reviews").to_pylist()
    spoken = {_matter(row, row["rule_id"]) for row in rows}
    # read by other rules, which the run had before it was made anew under its name, is not read
    wholes = {_matter(row, None) for row in rows if row["rule_id"] is None and row["rule_digest"] == known.rules_digest}
    for row in rows:
        place = f"{before.lineage.run_id} 的意见 {row['review_id']}"
        opinion = Opinion(place=place, **{n: row[n] for n in Opinion.__slots__ if n != "place"})
        same = known.rules_digest == now.rules_digest
        within = not same and _matter(row, None) in wholes
        if opinion.rule_id is not None:
            along = within and opinion.session is None and opinion.origin != APPEAL
            opinions.append(replace(opinion, origin=CARRIED) if along else opinion)
        elif not within:
            opinions.append(opinion)
        else:
            opinions += [o for o in _unfolded(opinion, known, now) if _matter(row, o.rule_id) not in spoken]
    done = _entered(after, opinions, [], cards, who, partial=True)
    if before.lineage.input_digest == after.lineage.input_digest != "":
        with alone(new):
            drawn, there = before.table("samples"), after.table("samples", ["sample_id"])["sample_id"]
            drawn = drawn.filter(pc.invert(pc.is_in(drawn["sample_id"], value_set=there.combine_chunks())))
            if drawn.num_rows:
                append_part(new, "samples", drawn)
    return done


def _matter(row: Mapping[str, Any], rule_id: str | None) -> tuple[str | None, ...]:
    """What an opinion is about; in a calibration everybody speaks for himself."""
    session = row["session"]
    return row["conversation_id"], rule_id, session, None if session is None else row["reviewer"]


def _unfolded(whole: Opinion, known: Machine, now: Machine) -> Iterator[Opinion]:
    conversation = whole.conversation_id
    if conversation not in known.conversation or conversation not in now.conversation:
        return
    for rule in known.rules:
        verdict = known.verdict(conversation, rule)
        same = now.digests.get(rule) == known.digests[rule]
        if same and now.verdict(conversation, rule) == verdict:
            yield replace(
                whole,
                rule_id=rule,
                rule_version=known.versions.get(rule),
                rule_digest=known.digests[rule],
                machine_verdict=verdict,
                human_verdict=verdict,
                origin=CARRIED if whole.session is None else whole.origin,
            )


def _entered(
    run: StoredRun,
    opinions: Sequence[Opinion],
    complaints: Sequence[Complaint],
    cards: Cards,
    who: Clerk,
    *,
    partial: bool,
) -> Imported:
    checked = check(opinions, machine(run, {o.conversation_id for o in opinions}))
    wrong = (*complaints, *checked.complaints)
    if wrong and not (partial and checked.sound):
        hint = "改正后再导入；只导入没有问题的，加 --partial。" if checked.sound else "改正后再导入。"
        raise ReviewError(wrong, hint)
    known = cards.read()  # before anything is stored: a typing error in --at costs nothing
    sound = [_masked(o) for o in checked.sound]
    with alone(run.path):
        added = additions(sound, run.table("reviews"), at=who.at, by=who.name)
        if added.rows.num_rows:
            append_part(run.path, "reviews", added.rows)
        rescored = _rescored(run, *known)
    return Imported(
        added=added.rows.num_rows,
        repeated=added.repeated,
        conflicts=added.conflicts,
        left_out=wrong,
        rescored=rescored,
    )


def _masked(opinion: Opinion) -> Opinion:
    """What somebody typed may name a customer."""
    session = None if opinion.session is None else mask_value(opinion.session)
    return replace(opinion, comment=mask_value(opinion.comment), session=session)


def rescore(run: Path, cards: Cards) -> Rescored:
    """Make the final verdicts and scores of a run again from its reviews. Raises UsageError, SpecError."""
    stored = open_run(run)
    known = cards.read()
    with alone(run):
        return _rescored(stored, *known)


def enter(run: StoredRun, opinion: Opinion, cards: Cards, who: Clerk) -> Rescored:
    """Store one opinion that is known to be sound, by somebody who holds the run alone."""
    added = additions([opinion], run.table("reviews"), at=who.at, by=who.name)
    if added.rows.num_rows:
        append_part(run.path, "reviews", added.rows)
    return _rescored(run, *cards.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalTables:
    """The last word on every verdict and the scores it comes to. `refused`: as Rescored has it."""

    last: Final
    scores: Sequence[Score]
    refused: tuple[str, ...]


def final_tables(run: StoredRun, pack: RulePack, cards: Sequence[Scorecard]) -> FinalTables:
    """What the stored reviews come to by these cards. Raises UsageError."""
    last = final(run.table("reviews"), machine(run, reviewed(run)))
    scores, refused = _scores(run, last, pack, cards)
    return FinalTables(last=last, scores=scores, refused=refused)


def _rescored(run: StoredRun, pack: RulePack, cards: Sequence[Scorecard]) -> Rescored:
    opinions = run.table("reviews")
    made = final_tables(run, pack, cards)
    last, scores, said = made.last, made.scores, made.last.machine
    write_part(run.path, "final_findings", 0, last.rows)
    write_part(run.path, "final_scores", 0, rows.scores(scores))
    # Last, and with how many reviews all three rest on: whoever was killed before it left them behind (ledger.behind).
    write_part(run.path, "final_item_scores", 0, rows.item_scores(scores), note=str(opinions.num_rows))
    stored = run.table("scores", ["conversation_id", "scorecard_id", "score"])
    stored = stored.filter(pc.is_in(stored["conversation_id"], value_set=pa.array(said.ids, pa.string())))
    before = {(row["conversation_id"], row["scorecard_id"]): row["score"] for row in stored.to_pylist()}
    return Rescored(
        conversations=len(said.ids),
        verdicts=last.rows.num_rows - int(pc.sum(_absent(last.rows)).as_py() or 0),
        changed=int((last.codes != said.codes).sum()),
        scores=len(scores),
        moved=sum(s.score != before[s.conversation_id, s.scorecard_id] for s in scores),
        refused=made.refused,
    )


def _absent(finals: pa.Table) -> pa.ChunkedArray:
    """Where both say that the rule does not apply: there was nothing to judge."""
    return pc.and_(*(pc.equal(finals[c], Verdict.NOT_APPLICABLE.value) for c in ("machine_verdict", "final_verdict")))


def _scores(
    run: StoredRun, last: Final, pack: RulePack, cards: Sequence[Scorecard]
) -> tuple[list[Score], tuple[str, ...]]:
    """Every score that the machine gave a reviewed conversation, from the final verdicts and by the same card; and the
    cards that are not the same any more."""
    said = last.machine
    columns = ["conversation_id", "scorecard_id", "scorecard_title", "scorecard_version", "scorecard_digest"]
    given = run.table("scores", columns)
    given = given.filter(pc.is_in(given["conversation_id"], value_set=pa.array(said.ids, pa.string())))
    by_digest = {card.digest: card for card in cards}
    shadow = _shadow(run, pack)
    scorers: dict[str, Scorer] = {}
    refused: dict[str, str] = {}
    out = []
    for row in given.sort_by([("conversation_id", "ascending"), ("scorecard_id", "ascending")]).to_pylist():
        digest = row["scorecard_digest"]
        if digest not in by_digest:
            refused.setdefault(digest, _another(row, cards))
            continue
        if digest not in scorers:
            scorers[digest] = Scorer(by_digest[digest], shadow)
        at = said.conversation[row["conversation_id"]]
        verdicts = {r: _VERDICTS[VERDICTS[c]] for r, c in zip(said.rules, last.codes[at].tolist(), strict=True)}
        hits = dict(zip(said.rules, said.hits[at].tolist(), strict=True))
        out.append(scorers[digest].score(row["conversation_id"], verdicts, hits))
    return out, tuple(refused.values())


def _shadow(run: StoredRun, pack: RulePack) -> frozenset[str]:
    """The rules that were on trial in the run: as its findings have it, and for rules that found nothing as the rules
    at hand have it."""
    table = run.table("findings", ["rule_id", "status"]).group_by("rule_id").aggregate([("status", "max")])
    stored = dict(zip(table["rule_id"].to_pylist(), table["status_max"].to_pylist(), strict=True))
    now = {rule.id: rule.status.value for rule in pack.rules}
    return frozenset(rule for rule, status in (now | stored).items() if status == RuleStatus.SHADOW.value)


def _another(row: Mapping[str, str], cards: Sequence[Scorecard]) -> str:
    name = f"评分表“{row['scorecard_title']}”（{row['scorecard_id']}）"
    then = f"批次用的是 {row['scorecard_version']}（{row['scorecard_digest'][:_SHORT]}）"
    for card in cards:
        if card.id == row["scorecard_id"]:
            return f"{name}变了：{then}，现在是 {card.version}（{card.digest[:_SHORT]}）"
    return f"{name}没有了：{then}"


def write_review_sheet(run: Path, ids: Sequence[str], out: Path, who: Clerk) -> int:
    """Write the review sheet of conversations to `out`; returns its rows. Links lead to the run's report, whether it is
    there yet or not."""
    from qc.reporting.pagenames import page_names

    stored = open_run(run)
    names = page_names(stored.table("conversations", ["conversation_id"])["conversation_id"].to_pylist())
    report = Path(os.path.relpath((run / REPORT / "conversations").resolve(), out.resolve().parent))
    pages = {name: (report / names[name]).as_posix() for name in ids}
    with atomic(out) as temporary:
        return write_sheet(temporary, stored, machine(stored, ids), pages, created=who.at)
