"use strict";
// 会话页的录音：点时间或证据就从那里放，正在说的一轮标出来。没有脚本时用浏览器自带的播放条。
(function () {
  const bar = document.querySelector(".player");
  const audio = bar && bar.querySelector("audio");
  if (!audio) return;

  const LEAD_S = 1;
  const STEP_S = 5;
  const turns = Array.from(document.querySelectorAll(".turn[data-start]"))
    .map((turn) => ({ turn, start: Number(turn.dataset.start) / 1000, end: Number(turn.dataset.end) / 1000 }));
  const follow = bar.querySelector(".follow");
  let current = null;

  function seek(seconds) {
    // A recording is not loaded before somebody wants to hear it; until then there is nothing to seek in.
    if (audio.readyState === 0) {
      audio.addEventListener("loadedmetadata", () => { audio.currentTime = seconds; }, { once: true });
      audio.load();
    } else {
      audio.currentTime = seconds;
    }
  }

  function play(ms) {
    seek(Math.max(0, Number(ms) / 1000 - LEAD_S));
    audio.play().catch(() => {});
  }

  // Every link that says when, the marked evidence, and the turns of the charts.
  function timeOf(element) {
    const timed = element.closest("[data-ms]");
    if (timed) return timed.dataset.ms;
    const link = element.closest(".panorama a[href^='#t']");
    const turn = link && document.getElementById(link.getAttribute("href").slice(1));
    return turn ? turn.dataset.start : undefined;
  }

  document.addEventListener("click", (event) => {
    const ms = timeOf(event.target);
    const selecting = String(document.getSelection()) !== "" && !event.target.closest("a");
    if (ms !== undefined && !selecting && !event.ctrlKey && !event.metaKey) play(ms);
  });

  // Two may speak at once: the one who began last is the one to look at.
  function speaking(now) {
    let found = null;
    for (const one of turns) {
      if (one.start <= now && now < Math.max(one.end, one.start + 0.2) && (!found || one.start >= found.start)) found = one;
    }
    return found;
  }

  const playheads = Array.from(document.querySelectorAll(".panorama .playhead"));
  const wide = playheads.map((line) => ({
    line,
    left: Number(line.dataset.left),
    scale: (Number(line.dataset.right) - Number(line.dataset.left)) / Number(line.dataset.end) * 1000,
  }));

  function show() {
    const now = audio.currentTime;
    wide.forEach(({ line, left, scale }) => {
      const x = String(left + Math.min(now, line.dataset.end / 1000) * scale);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.removeAttribute("visibility");
    });
    const found = speaking(now);
    const turn = found && found.turn;
    if (turn === current) return;
    if (current) { current.classList.remove("playing"); current.removeAttribute("aria-current"); }
    if (turn) {
      turn.classList.add("playing");
      turn.setAttribute("aria-current", "true");
      if (follow.checked && !audio.paused) turn.scrollIntoView({ block: "center" });
    }
    current = turn;
  }

  audio.addEventListener("timeupdate", show);
  audio.addEventListener("seeked", show);
  audio.addEventListener("error", () => { bar.querySelector(".player-failed").textContent = bar.dataset.failed; });
  audio.addEventListener("loadedmetadata", () => { bar.querySelector(".player-failed").textContent = ""; });

  document.addEventListener("qc-listen", (event) => play(event.detail));
  document.addEventListener("qc-key", (event) => {
    const key = event.detail.toLowerCase();
    if (key === "p") {
      if (audio.paused) audio.play().catch(() => {}); else audio.pause();
    } else if (key === "[" || key === "]") {
      seek(Math.max(0, audio.currentTime + (key === "]" ? STEP_S : -STEP_S)));
    }
  });

  document.body.classList.add("has-sound");
  bar.querySelectorAll(".with-script").forEach((element) => { element.hidden = false; });
})();
