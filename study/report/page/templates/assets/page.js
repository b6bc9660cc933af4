"use strict";

// In tables of class "sortable" every column heading becomes a button that sorts by its column, first
// upwards, then downwards. Cells without a value stay last. Without this script the tables are plain.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(undefined, { numeric: true });

  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();

  const sort = (column, direction) => {
    const rows = [...body.rows].map((row) => ({ row, key: key(row, column) }));
    const filled = rows.filter((entry) => entry.key !== "");
    const numbers = filled.every((entry) => Number.isFinite(Number(entry.key)));
    const compare = numbers ? (a, b) => a - b : collator.compare;
    filled.sort((a, b) => direction * compare(a.key, b.key));
    const empty = rows.filter((entry) => entry.key === "");
    body.append(...[...filled, ...empty].map((entry) => entry.row));
  };

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(column, descending ? -1 : 1);
    });
  });
}

// Pictures wider than their card can be focused, to be scrolled by keyboard; other pictures cannot.
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const card of document.querySelectorAll(".card.wide")) watcher.observe(card);
