"""Whether what people said stands as they said it, and the last word follows from it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.rule import RulePack
from qc.errors import UsageError
from qc.pipeline.review import final_tables
from qc.pipeline.verification.check import Check, Problems, State
from qc.pipeline.verification.rules import Known
from qc.review.ledger import behind
from qc.review.opinions import Opinion
from qc.schema import rows
from qc.schema.reviews import REVIEW_TABLES
from qc.storage.read import StoredRun

_ID, _TITLE = "reviews", "复核"


def check_reviews(run: StoredRun, known: Known) -> Check:
    """Every opinion has the number that follows from its content; final verdicts and scores are those they come to."""
    problems = Problems()
    try:
        reviews = run.table("reviews")
        for name in ("samples", "appeals"):
            run.table(name)
        if not reviews.num_rows:
            return Check(id=_ID, title=_TITLE, state=State.PASSED, told="没有人的意见")
        for row in reviews.to_pylist():
            opinion = Opinion(**{name: row[name] for name in Opinion.__slots__ if name != "place"})
            if opinion.reviewed_at is None or opinion.id != row["review_id"]:
                problems.add(f"意见 {row['review_id']} 的内容变了")
        if behind(run):
            problems.add("有意见还没有算进终审：运行 qc review import --run 批次目录 重算")
            return problems.check(_ID, _TITLE, "", "复核与终审对不上")
        specs = known.specs if known.whole else None
        pack = RulePack(rules=(), lexicons=(), patterns=(), digest="") if specs is None else specs.pack
        made = final_tables(run, pack, () if specs is None else specs.cards)
        _compare(run, "final_findings", made.last.rows, problems)
        if not made.refused:
            _compare(run, "final_scores", rows.scores(made.scores), problems)
            _compare(run, "final_item_scores", rows.item_scores(made.scores), problems)
    except UsageError as error:
        problems.add(error.message)
        return problems.check(_ID, _TITLE, "", "复核与终审对不上")
    told = f"{reviews.num_rows} 条意见与编号相符，终审判定由它们重算，都相同"
    if not made.refused:
        return problems.check(_ID, _TITLE, f"{told}；终审得分也相同", "复核与终审对不上")
    return problems.check(
        _ID, _TITLE, f"{told}；当时的评分表不在手边，终审得分没有核对", "复核与终审对不上", State.UNCHECKED
    )


def _compare(run: StoredRun, name: str, made: pa.Table, problems: Problems) -> None:
    stored = run.table(name)
    titles = [c for c in REVIEW_TABLES[name].names if not c.endswith(("_title", "_version"))]
    one, other = made.select(titles), stored.select(titles)
    if not one.equals(other):
        ids = {i for i in pc.unique(pa.concat_tables([one, other])["conversation_id"]).to_pylist() if i is not None}
        apart = [
            i
            for i in sorted(ids)
            if not one.filter(pc.equal(one["conversation_id"], i)).equals(
                other.filter(pc.equal(other["conversation_id"], i))
            )
        ]
        problems.extend(f"会话 {i} 的 {name} 与复核算出的不同" for i in apart)
