"use strict";
// 表格的排序与筛选。没有脚本时表格照样可读，只是不能排序和筛选。
(function () {
  const collator = new Intl.Collator("zh-CN", { numeric: true });

  // A "grouped" table keeps a figure row and its coaching row together: one tbody each.
  function units(table) {
    return table.classList.contains("grouped") ? Array.from(table.tBodies) : Array.from(table.tBodies[0].rows);
  }

  function cellOf(unit, column) {
    return (unit.rows ? unit.rows[0] : unit).cells[column];
  }

  function valueOf(unit, column, numeric) {
    const cell = cellOf(unit, column);
    const text = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.trim();
    return numeric ? parseFloat(text) || 0 : text;
  }

  function sort(table, head, numeric) {
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    table.querySelectorAll("th[aria-sort]").forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const column = head.cellIndex;
    const rows = units(table).map((unit) => ({ unit, value: valueOf(unit, column, numeric) }));
    rows.sort((a, b) => sign * (numeric ? a.value - b.value : collator.compare(a.value, b.value)));
    const home = table.classList.contains("grouped") ? table : table.tBodies[0];
    rows.forEach((row) => home.append(row.unit));
  }

  document.querySelectorAll("table.sortable").forEach((table) => {
    table.querySelectorAll("thead th[data-sort]").forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head, head.dataset.sort === "number"));
    });
  });

  document.querySelectorAll(".filters").forEach((bar) => {
    const table = document.getElementById(bar.dataset.table);
    if (!table) return;
    const search = bar.querySelector("input");
    const selects = Array.from(bar.querySelectorAll("select"));
    const output = bar.querySelector("output");
    selects.forEach((select) => {
      const values = new Set(units(table).map((unit) => unit.dataset[select.dataset.column]));
      Array.from(values).sort(collator.compare).forEach((value) => {
        const option = document.createElement("option");
        option.value = option.textContent = value;
        select.append(option);
      });
      select.parentElement.hidden = values.size < 2;
    });
    const apply = () => {
      const words = search.value.trim().toLowerCase();
      let shown = 0;
      units(table).forEach((unit) => {
        const fits = selects.every((s) => !s.value || unit.dataset[s.dataset.column] === s.value)
          && (!words || unit.textContent.toLowerCase().includes(words));
        unit.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      output.textContent = words || selects.some((s) => s.value) ? (output.dataset.shown || "{n}").replace("{n}", shown) : "";
    };
    bar.addEventListener("input", apply);
    bar.hidden = false;
  });
})();
