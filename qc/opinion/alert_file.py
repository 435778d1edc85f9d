"""The alert file: a day as JSON for other programs, in a fixed order, the same bytes for the same runs.

`format` and `version` tell readers what to expect: a new field does not change the version, another meaning does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from qc.domain.alert import Alert, AlertSpecs
from qc.opinion.bursts import Bursts
from qc.opinion.day import DayReport, Figure
from qc.opinion.wording import family, test_title, told

FORMAT, VERSION = "qc.opinion.alerts", 1
_WORDS = 20

Json = Mapping[str, object]


def document(report: DayReport, specs: AlertSpecs, version: str) -> str:
    """The text of the file; `version` is that of qc."""
    quiet = specs.quiet_hours
    content: Json = {
        "format": FORMAT,
        "version": VERSION,
        "qc_version": version,
        "rules_digest": specs.digest,
        "date": report.day.isoformat(),
        "runs": list(report.runs),
        "personal_data": "masked" if report.masked else "kept",
        "alerts": [_alert(a) for a in report.alerts],
        "levels": [
            {
                "level": m.level.value,
                "title": m.title,
                "colour": m.colour,
                "who": m.who,
                "within_minutes": m.within_minutes,
            }
            for m in specs.levels
        ],
        "quiet_hours": None
        if quiet is None
        else {
            "start": quiet.start.strftime("%H:%M"),
            "end": quiet.end.strftime("%H:%M"),
            "above": quiet.above.value,
        },
        "tested": report.tested,
        "untested": [
            {
                "metric": u.metric.value,
                "dimensions": [d.value for d in u.dimensions],
                "title": family(u.metric, u.dimensions),
                "reason": u.reason,
            }
            for u in report.untested
        ],
        "days": [
            {
                "date": f.day.isoformat(),
                "conversations": f.conversations,
                "customers": f.customers,
                "negative": negative,
                "runs": f.runs,
                "partial": f.partial,
            }
            for f, negative in zip(report.days, report.negative, strict=True)
        ],
        "missing_days": [d.isoformat() for d in report.missing],
        "figures": {d.value: [_figure(f) for f in figures] for d, figures in report.figures.items()},
        "words": _words(report.words),
        "notes": list(report.notes),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _alert(alert: Alert) -> Json:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "title": alert.title,
        "level": alert.level.value,
        "metric": alert.metric.value,
        "dimensions": [d.value for d in alert.dimensions],
        "values": list(alert.values),
        "name": alert.name,
        "date": alert.day.isoformat(),
        "observed": alert.observed,
        "of": alert.of,
        "expected": rounded(alert.expected),
        "usual_high": alert.usual_high,
        "increase": rounded(alert.increase),
        "test": alert.test,
        "test_title": test_title(alert.test),
        "p_value": rounded(alert.p_value),
        "q_value": rounded(alert.q_value),
        "log_likelihood_ratio": rounded(alert.log_likelihood_ratio),
        "baseline_days": alert.baseline_days,
        "same_weekdays": alert.same_weekdays,
        "seasonal": alert.seasonal,
        "dispersion": rounded(alert.dispersion),
        "explanation": told(alert),
        "examples": list(alert.examples),
        "who": alert.who,
        "within_minutes": alert.within_minutes,
        "held_in_quiet_hours": alert.held,
        "part_of": alert.part_of,
    }


def _figure(figure: Figure) -> Json:
    return {
        "value": figure.value,
        "title": figure.title,
        "customers": figure.customers,
        "expected": rounded(figure.expected),
        "negative": figure.negative,
        "p_value": rounded(figure.p),
        "q_value": rounded(figure.q),
        "expected_negative": rounded(figure.usual),
        "negative_q_value": rounded(figure.mood_q),
        "risk": figure.risk,
    }


def _words(words: Bursts | str) -> Json:
    if isinstance(words, str):
        return {"tested": 0, "reason": words, "words": []}
    return {
        "tested": words.terms,
        "limit": rounded(words.limit),
        "baseline_days": words.days,
        "words": [
            {
                "term": b.term,
                "conversations": b.observed,
                "of": b.of,
                "expected": rounded(b.expected),
                "log_likelihood_ratio": rounded(b.ratio),
                "q_value": rounded(b.q),
            }
            for b in words.found[:_WORDS]
        ],
    }


def rounded(value: float | None) -> float | None:
    """Six significant digits: what differs between processors in the last bits does not change the file."""
    return None if value is None else float(f"{value:.6g}")
