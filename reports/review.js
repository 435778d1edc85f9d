"use strict";
// 会话页上的复核：同意、改判、补充，存在浏览器里，导出成一个文件交给 qc review import。
(function () {
  // Shortcuts, for this script and the player: a single key, where nobody is typing.
  const keys = document.getElementById("keys");
  const storage = (() => {
    try {
      const own = window.localStorage;
      own.setItem("qc-review", "1");
      own.removeItem("qc-review");
      return own;
    } catch (_) {
      return null;
    }
  })();
  const read = (name) => { try { return storage ? storage.getItem(name) : null; } catch (_) { return null; } };

  const panel = document.getElementById("review");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || (keys && !keys.checked)) return;
    if (event.target.closest("input, select, textarea, audio, [contenteditable]")) return;
    if (!/^[jkpe\[\]1-4]$/i.test(event.key)) return;
    document.dispatchEvent(new CustomEvent("qc-key", { detail: event.key }));
    event.preventDefault();
  });

  const judgements = Array.from(document.querySelectorAll("#judgements > ol > .judgement"));
  const here = () => judgements.indexOf(document.activeElement.closest(".judgement"));
  const heard = new Map();
  document.addEventListener("qc-key", (event) => {
    const key = event.detail.toLowerCase();
    if (key === "j" || key === "k") {
      const next = judgements[Math.min(Math.max(here() + (key === "j" ? 1 : -1), 0), judgements.length - 1)];
      if (next) next.focus();
    } else if (key === "e" && here() >= 0) {
      const own = judgements[here()];
      const times = Array.from(own.querySelectorAll(".evidence [data-ms]"));
      const turn = heard.get(own) || 0;
      if (times.length) document.dispatchEvent(new CustomEvent("qc-listen", { detail: times[turn % times.length].dataset.ms }));
      heard.set(own, turn + 1);
    } else if (key >= "1" && key <= "4" && here() >= 0 && panel) {
      const button = judgements[here()].querySelectorAll(".choices button")[Number(key) - 1];
      if (button) button.click();
    }
  });
  if (!panel) return;

  const { conversation, run, plan, rules } = panel.dataset;
  const home = `qc-review:${run}:${plan}`;
  const byId = (id) => document.getElementById(id);
  const reviewer = byId("reviewer");
  const session = byId("session");
  const state = panel.querySelector(".review-state");
  const warning = panel.querySelector(".review-warning");
  const groups = Array.from(document.querySelectorAll(".choices"));
  let memory = {};
  let stored = storage !== null;

  const say = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));

  // --- what is kept: key → opinion, of every page of this run, of every reviewer who uses this browser
  function all() {
    if (!stored) return memory;
    try { return Object.fromEntries(Object.entries(JSON.parse(read(home)) || {}).filter(([, o]) => sound(o))); } catch (_) { return {}; }
  }

  // Every page opened from this disk may write there.
  function sound(o) {
    const text = (name) => typeof o[name] === "string";
    return o !== null && typeof o === "object" && ["reviewer", "session", "conversation_id", "comment", "reviewed_at"].every(text)
      && (o.rule_id === null || text("rule_id"));
  }

  function keep(opinions) {
    memory = opinions;
    if (stored) {
      try { storage.setItem(home, JSON.stringify(opinions)); } catch (_) { stored = false; }
    }
    if (!stored) warning.textContent = panel.dataset.blocked;
  }

  const who = () => reviewer.value.trim();
  const keyOf = (rule) => JSON.stringify([who(), session.value.trim(), conversation, rule]);
  const mine = (opinions) => Object.values(opinions)
    .filter((o) => o.reviewer === who() && o.session === session.value.trim());

  function now() {
    const time = new Date();
    return new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
  }

  function named() {
    if (who()) return true;
    state.textContent = panel.dataset.nameless;
    reviewer.focus();
    return false;
  }

  // `about`: rule (null: the whole conversation), version, digest, machine; null as `human` withdraws.
  function give(about, human, what) {
    if (!named()) return;
    const opinions = all();
    const key = keyOf(about.rule);
    const before = opinions[key];
    if (human === undefined) {
      if (before && before.exported) { tell(panel.dataset.sent); return; }
      delete opinions[key];
    } else {
      opinions[key] = {
        reviewer: who(), session: session.value.trim(), conversation_id: conversation, rule_id: about.rule,
        rule_version: about.version, rule_digest: about.digest, machine_verdict: about.machine, human_verdict: human,
        comment: about.comment !== undefined ? about.comment : before ? before.comment : "", reviewed_at: now(), exported: false,
      };
    }
    keep(opinions);
    show();
    tell(say(human === undefined ? panel.dataset.withdrawn : panel.dataset.kept, { what }));
  }

  function tell(text) {
    const opinions = mine(all());
    const waiting = opinions.filter((o) => !o.exported);
    const counted = say(panel.dataset.count, {
      given: opinions.filter((o) => o.conversation_id === conversation).length,
      waiting: waiting.length,
      pages: new Set(waiting.map((o) => o.conversation_id)).size,
    });
    state.textContent = text ? `${text} ${counted}` : counted;
  }

  const aboutGroup = (group) => ({
    rule: group.dataset.rule, version: group.dataset.version, digest: group.dataset.digest, machine: group.dataset.machine,
  });
  const whole = { rule: null, version: null, digest: null, machine: null };

  function show() {
    const opinions = all();
    groups.forEach((group) => {
      const given = opinions[keyOf(group.dataset.rule)];
      group.querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-pressed", String(Boolean(given) && given.human_verdict === button.value));
      });
      const comment = group.querySelector(".comment");
      comment.hidden = !given;
      comment.querySelector("input").value = given ? given.comment : "";
      group.querySelector(".exported").hidden = !(given && given.exported);
    });
    byId("whole").setAttribute("aria-pressed", String(Boolean(opinions[keyOf(null)])));
    showAdded(opinions);
    document.body.classList.toggle("calibrating", session.value.trim() !== "");
  }

  function showAdded(opinions) {
    const list = byId("added");
    if (!list) return;
    list.replaceChildren();
    const known = new Set(groups.map((group) => group.dataset.rule));
    mine(opinions).filter((o) => o.conversation_id === conversation && o.rule_id !== null && !known.has(o.rule_id)).forEach((o) => {
      const item = document.createElement("li");
      const what = say(panel.dataset.added, { rule: nameOf(o.rule_id) });
      item.append(o.comment ? `${what} · ${o.comment} ` : `${what} `);
      if (!o.exported) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = panel.dataset.withdraw;
        button.setAttribute("aria-label", `${panel.dataset.withdraw} ${what}`);
        button.addEventListener("click", () => { give({ rule: o.rule_id }, undefined, what); byId("missed").focus(); });
        item.append(button);
      }
      list.append(item);
    });
  }

  function nameOf(rule) {
    const option = Array.from(byId("missed").options).find((o) => o.value === rule);
    return option ? option.textContent : rule;
  }

  // --- by mouse and by keyboard
  groups.forEach((group) => {
    group.hidden = false;
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const what = `${group.getAttribute("aria-label")} ${button.textContent}`;
      give(aboutGroup(group), button.getAttribute("aria-pressed") === "true" ? undefined : button.value, what);
    });
    const input = group.querySelector("input");
    input.addEventListener("change", () => {
      const given = all()[keyOf(group.dataset.rule)];
      if (given) give({ ...aboutGroup(group), comment: input.value.trim() }, given.human_verdict, input.value.trim());
    });
  });

  byId("whole").addEventListener("click", (event) => {
    const pressed = event.currentTarget.getAttribute("aria-pressed") === "true";
    give(whole, pressed ? undefined : null, panel.dataset.whole);
  });

  if (byId("add")) {
    byId("add").addEventListener("click", () => {
      const choice = byId("missed").selectedOptions[0];
      if (!choice || !choice.value) { state.textContent = panel.dataset.choose; byId("missed").focus(); return; }
      const about = {
        rule: choice.value, version: choice.dataset.version, digest: choice.dataset.digest,
        machine: choice.parentElement.dataset.machine, comment: byId("missed-why").value.trim(),
      };
      if (!who()) { named(); return; }
      give(about, "hit", say(panel.dataset.added, { rule: choice.textContent }));
      byId("missed").value = "";
      byId("missed-why").value = "";
    });
  }

  // --- one file for all pages of the run
  byId("export").addEventListener("click", () => {
    if (!named()) return;
    const opinions = all();
    const own = mine(opinions);
    if (!own.length) { tell(panel.dataset.nothing); return; }
    const order = (o) => `${o.conversation_id}\n${o.reviewed_at}\n${o.rule_id || ""}`;
    own.sort((a, b) => (order(a) < order(b) ? -1 : 1));
    const file = {
      format: "qc-review/1", run_id: run, plan_digest: plan, rules_digest: rules, reviewer: who(),
      session: session.value.trim() || null, exported_at: now(),
      reviews: own.map(({ reviewer: _r, session: _s, exported: _e, ...review }) => review),
    };
    const name = `${panel.dataset.file}-${run}-${who()}-${now().replace(/\D/g, "").slice(0, 14)}.json`.replace(/[\\/:*?"<>|\s]/g, "_");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"], { type: "application/json" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    own.forEach((o) => { o.exported = true; });
    keep(opinions);
    show();
    tell(say(panel.dataset.saved, { file: name, n: own.length }));
  });

  // --- what is remembered from page to page
  reviewer.value = read("qc-reviewer") || "";
  session.value = read(`${home}:session`) || "";
  keys.checked = read("qc-keys") !== "off";
  const remember = (name, value) => { try { if (storage) storage.setItem(name, value); } catch (_) { /* told by keep */ } };
  reviewer.addEventListener("change", () => { remember("qc-reviewer", who()); show(); tell(""); });
  session.addEventListener("change", () => { remember(`${home}:session`, session.value.trim()); show(); tell(""); });
  keys.addEventListener("change", () => remember("qc-keys", keys.checked ? "on" : "off"));
  window.addEventListener("storage", () => { show(); tell(""); });
  window.addEventListener("beforeunload", (event) => {
    if (!stored && mine(all()).some((o) => !o.exported)) event.preventDefault();
  });

  panel.hidden = false;
  if (!stored) warning.textContent = panel.dataset.blocked;
  show();
  tell("");
})();
