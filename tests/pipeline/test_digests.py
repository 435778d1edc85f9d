"""What a change of the files beside the rules moves: the plan of a run always, verdicts only where rules read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qc.domain.run import Lineage
from qc.domain.specs import Specs
from qc.paths import packaged
from qc.pipeline.plan import planned_lineage
from qc.pipeline.specs import folders, load
from qc.ruletest.changes import compare
from qc.specs.complaints import FILE, load_complaints


@pytest.fixture(scope="module")
def specs() -> Specs:
    return load(folders(None))


def planned(specs: Specs) -> Lineage:
    return planned_lineage(
        input_path="in",
        input_digest="i",
        manifest=None,
        specs=specs,
        speech_digest="",
        config_digest="c",
        asr=None,
        mask=True,
        notes=(),
        shard_size=100,
        confidence_floor=0.5,
    )


def test_complaints_change_the_plan_and_no_rule(specs: Specs, tmp_path: Path) -> None:
    text = (packaged("rules") / FILE).read_text(encoding="utf-8")
    changed = text.replace("least: ", "least: 1", 1)
    assert changed != text
    (tmp_path / "complaints.yml").write_text(changed, encoding="utf-8")
    other = replace(specs, complaints=load_complaints(tmp_path / "complaints.yml"))
    assert compare(specs, other).nothing
    assert planned(other).plan_digest != planned(specs).plan_digest
    assert planned(other).complaints_digest != planned(specs).complaints_digest


def test_own_complaints_leave_the_digest_of_the_words_alone(
    specs: Specs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (packaged("rules") / FILE).read_text(encoding="utf-8")
    (tmp_path / "complaints.yml").write_text(text.replace("least: ", "least: 1", 1), encoding="utf-8")
    monkeypatch.setattr("qc.pipeline.specs.complaints", lambda _: load_complaints(tmp_path / "complaints.yml"))
    own = load(folders(None))
    assert own.complaints.digest != specs.complaints.digest
    assert own.lexicons_digest == specs.lexicons_digest
