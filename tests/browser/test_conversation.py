"""The page of a conversation under the hands of a team lead: listening and reviewing, by mouse and by keyboard."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PACK, PLAN, Visit

AUDIO = "document.querySelector('audio')"


def conversation(report: Path, name: str) -> Path:
    return report / "conversations" / f"{name}.html"


def settled(page: Any, at: float) -> None:
    """Playing, from about `at` seconds."""
    page.wait_for_function(f"() => {{ const a = {AUDIO}; return !a.paused && !a.seeking && a.currentTime > {at}; }}")
    assert page.evaluate(f"{AUDIO}.currentTime") < at + 3


def test_a_click_on_a_time_or_on_evidence_plays_from_a_second_before(visit: Callable[..., Visit], report: Path) -> None:
    tab = visit()
    page = tab.open(conversation(report, "A003"))
    assert tab.requests == [conversation(report, "A003").as_uri()], "nothing is loaded before somebody wants to listen"
    page.click("#t3 .who a[data-ms]")
    settled(page, 7.0)
    page.wait_for_selector("#t2.playing[aria-current=true]")  # 7 s is within the second turn
    page.wait_for_selector("#t3.playing", timeout=10_000)
    assert page.locator(".turn.playing").count() == 1
    page.keyboard.press("p")
    assert page.evaluate(f"{AUDIO}.paused")
    page.click("#t2 mark[data-ms]")
    settled(page, 3.0)
    wanted = [r for r in tab.requests if not r.endswith(".html")]
    assert wanted and all(
        r.startswith("file:") and r.endswith("/recordings/%E6%97%A9%E7%8F%AD/A003.wav") for r in wanted
    )
    assert tab.errors == []


@pytest.mark.slow
def test_listening_by_keyboard(visit: Callable[..., Visit], report: Path) -> None:
    page = visit().open(conversation(report, "A003"))
    page.locator("#j1 .evidence a[data-ms]").first.focus()
    page.keyboard.press("Enter")
    settled(page, 3.0)
    page.keyboard.press("p")
    page.keyboard.press("]")
    page.wait_for_function(f"() => {AUDIO}.currentTime >= 8")
    page.keyboard.press("[")
    page.wait_for_function(f"() => {AUDIO}.currentTime < 7")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "j2"
    page.keyboard.press("e")
    settled(page, 3.0)
    page.locator("details.keys summary").click()
    page.locator("#keys").uncheck()
    page.locator("#j2").focus()
    page.keyboard.press("p")
    assert not page.evaluate(f"{AUDIO}.paused"), "shortcuts can be switched off"


def test_what_cannot_be_played_is_said(visit: Callable[..., Visit], report: Path, tmp_path: Path) -> None:
    html = conversation(report, "A003").read_text(encoding="utf-8")
    own = tmp_path / "x" / "A003.html"
    own.parent.mkdir()
    own.write_text(html, encoding="utf-8")  # away from its recording
    page = visit().open(own)
    page.click("#t3 .who a[data-ms]")
    page.wait_for_function("() => document.querySelector('.player-failed').textContent.includes('早班/A003.wav')")
    assert "输入目录里找不到 B001.wav" in conversation(report, "B001").read_text(encoding="utf-8")


def test_verdicts_of_several_pages_leave_in_one_file(visit: Callable[..., Visit], report: Path) -> None:
    tab = visit()
    page = tab.open(conversation(report, "B001"))
    page.click("#j1 .choices button >> nth=0")
    assert "先写复核人" in page.inner_text(".review-state"), "nobody judges without a name"
    page.fill("#reviewer", "王主管")
    page.click("#j1 .choices button >> nth=0")
    assert "没有导出的共 1 条" in page.inner_text(".review-state")
    page.click("#whole")

    page = tab.open(conversation(report, "A003"))
    assert page.input_value("#reviewer") == "王主管"
    assert "本页 0 条意见；没有导出的共 2 条" in page.inner_text(".review-state")
    page.locator("#j1").focus()
    page.keyboard.press("2")
    assert page.locator("#j1 .choices button[aria-pressed=true]").get_attribute("value") == "miss"
    page.fill("#j1 .comment input", '只是问一句 "</script>" =1+1')
    page.keyboard.press("Tab")
    page.locator("#j2 .choices button").nth(2).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # and taken back
    assert page.locator("#j2 .choices button[aria-pressed=true]").count() == 0
    page.click("details.add summary")
    page.select_option("#missed", "service.shirking")
    page.fill("#missed-why", "让客户自己去问")
    page.click("#add")
    page.select_option("#missed", "insurance.no_guarantee")
    page.click("#add")
    assert page.locator("#added li").count() == 2
    page.reload()
    assert page.locator("#added li").count() == 2
    page.locator("#added li", has_text="insurance").get_by_role("button").click()

    with page.expect_download() as download:
        page.click("#export")
    name = download.value.suggested_filename
    assert name.startswith("复核-20261120-213000-1a2b3c-王主管-") and name.endswith(".json")
    told = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    times = [told.pop("exported_at"), *(r.pop("reviewed_at") for r in told["reviews"])]
    assert all(len(t) == 19 and t[10] == "T" for t in times)
    head = {"format": "qc-review/1", "run_id": "20261120-213000-1a2b3c", "plan_digest": PLAN, "rules_digest": PACK}
    assert {k: v for k, v in told.items() if k != "reviews"} == head | {"reviewer": "王主管", "session": None}

    def one(where: str, rule: str, machine: str, human: str, comment: str = "", digest: str = "00") -> dict[str, Any]:
        return {
            "conversation_id": where, "rule_id": rule, "rule_version": "1.0.0", "rule_digest": digest,
            "machine_verdict": machine, "human_verdict": human, "comment": comment,
        }  # fmt: skip

    shirking = hashlib.sha256(b"service.shirking").hexdigest()
    whole = dict.fromkeys(("rule_id", "rule_version", "rule_digest", "machine_verdict", "human_verdict"))
    expected = [
        one("A003", "customer.escalation", "hit", "miss", '只是问一句 "</script>" =1+1'),
        one("A003", "service.shirking", "miss", "hit", "让客户自己去问", shirking),
        one("B001", "insurance.no_guarantee", "hit", "hit"),
        {"conversation_id": "B001", "comment": ""} | whole,
    ]
    assert sorted(told["reviews"], key=lambda r: (r["conversation_id"], r["rule_id"] or "~")) == expected
    assert "没有导出的共 0 条" in page.inner_text(".review-state")
    page.click("#j1 .choices button[aria-pressed=true]")
    assert "撤不回" in page.inner_text(".review-state"), "what left in a file can be changed, not taken back"
    assert tab.errors == []


@pytest.mark.slow
def test_a_browser_that_keeps_nothing_still_exports(visit: Callable[..., Visit], report: Path) -> None:
    blocked = (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page = visit(script=blocked).open(conversation(report, "A003"))
    assert "离开之前请导出" in page.inner_text(".review-warning")
    page.fill("#reviewer", "李")
    page.click("#j1 .choices button >> nth=0")
    with page.expect_download() as download:
        page.click("#export")
    assert len(json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["reviews"]) == 1


@pytest.mark.slow
def test_two_who_share_a_browser_do_not_sign_for_each_other(visit: Callable[..., Visit], report: Path) -> None:
    page = visit().open(conversation(report, "A003"))
    page.fill("#reviewer", "王")
    page.click("#j1 .choices button >> nth=0")
    page.fill("#reviewer", "李")
    page.keyboard.press("Tab")
    assert page.locator(".choices button[aria-pressed=true]").count() == 0
    page.click("#export")
    assert "还没有意见可导出" in page.inner_text(".review-state")


@pytest.mark.slow
def test_a_calibration_hides_what_others_said(visit: Callable[..., Visit], report: Path) -> None:
    page = visit().open(conversation(report, "A002"))
    said = page.locator(".ruled").first
    assert said.is_visible() and "王主管" in said.inner_text() and "改判：未命中" in said.inner_text()
    assert "整个会话都看过" in page.inner_text(".others")
    page.fill("#session", "十一月校准")
    page.keyboard.press("Tab")
    assert not said.is_visible() and not page.locator(".others").is_visible()


@pytest.mark.slow
def test_what_others_left_in_the_browser_breaks_nothing(visit: Callable[..., Visit], report: Path) -> None:
    """Every page opened from the disk shares one store."""
    key = f"qc-review:20261120-213000-1a2b3c:{PLAN}"
    markup = "<img src=x onerror=document.title='caught'>"
    known = {
        "reviewer": "李", "session": "", "conversation_id": "A003", "rule_id": markup, "comment": markup,
        "human_verdict": "hit", "reviewed_at": "2026-11-21T09:00:00", "exported": False,
    }  # fmt: skip
    left = {"a": None, "b": 1, "c": {"reviewer": 1}, "d": {**known, "comment": {}}, "e": known}
    for told, shown in (('"text"', 0), ("[null]", 0), ("{", 0), (json.dumps(left), 1)):
        keep = (
            f"localStorage.setItem({json.dumps(key)}, {json.dumps(told)}); localStorage.setItem('qc-reviewer', '李');"
        )
        tab = visit(script=f"if (!sessionStorage.once) {{ sessionStorage.once = 1; {keep} }}")
        page = tab.open(conversation(report, "A003"))
        assert page.locator("#added li").count() == shown and page.locator("#added img").count() == 0
        page.click("#j1 .choices button >> nth=0")
        assert page.locator("#j1 .choices button[aria-pressed=true]").count() == 1, told
        assert tab.errors == [] and page.title() != "caught"
