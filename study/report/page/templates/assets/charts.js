"use strict";

// Interactive charts. plotly.js is embedded in the page as packed text; it is unpacked when the first
// chart is scrolled to. Each chart is drawn when it is scrolled to. Without scripts the page has the
// pictures and the tables.
if ("DecompressionStream" in window) {
  const COLOUR = /^var\((--(?:ink|muted|rule|paper|baseline|tuned|good|bad))\)$/;
  const CONFIG = { displayModeBar: false, responsive: true };
  const FAINT = 0.04;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)");

  let library;
  const unpack = async () => {
    const packed = document.getElementById("plotly").textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const source = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(source).text();
    document.head.append(script);
    return window.Plotly;
  };
  const plotly = () => (library ??= unpack());

  // ------------------------------------------------------------------------------- figures

  const labels = new Map();
  const labelsOf = (search) => {
    if (!labels.has(search)) labels.set(search, JSON.parse(search.querySelector(".labels").textContent));
    return labels.get(search);
  };

  const escaped = (text) => text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const labelOf = (search, number) =>
    `<b>Trial ${number}</b>: ${labelsOf(search)[number].map(escaped).join("<br>")}`;

  // Panels in as many columns as there is room for.
  const columnsOf = ({ panels }, width) => Math.max(1, Math.min(panels, Math.floor(width / 160), 4));
  const tile = (layout, width) => {
    const { panels, height, shared } = layout.meta;
    const columns = columnsOf(layout.meta, width);
    const rows = Math.ceil(panels / columns);
    const gap = (shared ? 18 : 80) / width;
    const cell = (1 + gap) / columns;
    layout.height = rows * (shared || columns > 1 ? height : 0.65 * height);
    const label = 52 / layout.height;
    for (let i = 0; i < panels; i++) {
      const x = layout[`xaxis${i ? i + 1 : ""}`];
      const y = layout[`yaxis${i ? i + 1 : ""}`];
      const column = i % columns;
      const top = 1 - Math.floor(i / columns) * ((1 + label) / rows);
      x.domain = [column * cell, Math.min(column * cell + cell - gap, 1)];
      y.domain = [Math.max(top - (1 + label) / rows + label, 0), top];
      if (shared) y.showticklabels = column === 0;
    }
  };

  const figureOf = (plot) => {
    const style = getComputedStyle(document.documentElement);
    const text = plot.closest(".chart, .picked").querySelector("script").textContent;
    const { data, layout } = JSON.parse(text, (_, value) =>
      typeof value === "string" ? value.replace(COLOUR, (_, name) => style.getPropertyValue(name).trim()) : value,
    );
    const search = plot.closest(".searched");
    for (const trace of data) {
      if (!trace.customdata) continue;
      trace.text = trace.customdata.map((number) => labelOf(search, number));
      trace.hovertemplate = "%{text}<extra></extra>";
    }
    if (layout.meta?.panels) tile(layout, plot.clientWidth);
    plot.style.height = `${layout.height}px`;
    // On a touch screen dragging scrolls the page, except over the parallel axes, which need the brush.
    if (coarse.matches) layout.dragmode ??= false;
    return { data, layout };
  };

  const drawn = new Set();
  const draw = async (plot) => {
    const Plotly = await plotly();
    const { data, layout } = figureOf(plot);
    plot.keep?.(data, layout);
    await Plotly.react(plot, data, layout, CONFIG);
    if (drawn.has(plot)) return;
    drawn.add(plot);
    plot.columns = layout.meta?.panels && columnsOf(layout.meta, plot.clientWidth);
    plot.on("plotly_click", ({ points }) => {
      const number = points.find((point) => point.customdata !== undefined)?.customdata;
      if (number !== undefined) pick(plot.closest(".searched"), String(number));
    });
    if (layout.meta?.axes) brush(plot);
  };

  // Charts are drawn one after another.
  let queue = Promise.resolve();
  const drawLater = (plot) => {
    queue = queue.then(() => draw(plot));
  };

  dark.addEventListener("change", () => drawn.forEach(drawLater));
  window.addEventListener("resize", () => {
    for (const plot of drawn) {
      if (!plot.columns || !plot.clientWidth) continue;
      const columns = columnsOf(plot.layout.meta, plot.clientWidth);
      if (columns !== plot.columns) {
        plot.columns = columns;
        drawLater(plot);
      }
    }
  });

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        drawLater(target);
      }
    },
    { rootMargin: "150px" },
  );
  for (const plot of document.querySelectorAll(".explore .plot")) seen.observe(plot);

  // --------------------------------------------------------------- brush over parallel axes

  // A box keeps the trials that pass through it on every axis that it crosses, or on the nearest axis;
  // boxes on several axes keep the trials that pass through all boxes.
  const brush = (plot) => {
    const boxes = new Map();
    const said = document.createElement("output");
    said.className = "kept";
    plot.closest(".chart").append(said);

    const passes = ({ y }) => [...boxes].every(([axis, [low, high]]) => low <= y[axis] && y[axis] <= high);
    plot.keep = (data, layout) => {
      const kept = data.filter(passes).map((trace) => trace.customdata[0]);
      for (const trace of data) {
        if (passes(trace)) continue;
        trace.opacity = FAINT;
        trace.hoverinfo = "skip";
        delete trace.hovertemplate;
      }
      for (const [axis, [low, high]] of boxes) {
        layout.shapes.push({
          type: "rect", x0: axis - 0.12, x1: axis + 0.12, y0: low, y1: high,
          line: { width: 1, color: layout.template.layout.font.color },
          fillcolor: "rgba(128, 128, 128, .25)",
        });
      }
      layout.selections = [];
      kept.sort((a, b) => a - b);
      const only = boxes.size ? new Set(kept.map(String)) : null;
      plot.closest(".searched").dispatchEvent(new CustomEvent("brushed", { detail: only }));
      said.textContent = boxes.size
        ? `${kept.length} of ${data.length} trials kept${kept.length ? `: ${kept.join(", ")}` : ""}`
        : "";
    };
    const last = plot.layout.meta.axes - 1;
    plot.on("plotly_selected", (event) => {
      if (!event?.range) return;
      const [left, right] = [...event.range.x].sort((a, b) => a - b);
      const span = [...event.range.y].sort((a, b) => a - b);
      let axes = Array.from({ length: last + 1 }, (_, axis) => axis).filter((axis) => left <= axis && axis <= right);
      if (!axes.length) axes = [Math.max(0, Math.min(last, Math.round((left + right) / 2)))];
      for (const axis of axes) boxes.set(axis, span);
      drawLater(plot);
    });
    plot.on("plotly_deselect", () => {
      boxes.clear();
      drawLater(plot);
    });
  };

  // ----------------------------------------------------------------------------- one trial

  const pick = (search, number) => {
    const panel = search.querySelector(".picked");
    if (!panel) return;
    for (const button of search.querySelectorAll(".pick")) {
      button.setAttribute("aria-pressed", String(button.textContent === number));
    }
    const plot = panel.querySelector(".plot");
    panel.hidden = false;
    panel.querySelector("h4").textContent = `Learning curves of trial ${number}`;
    panel.querySelector(".said").textContent = labelsOf(search)[number].slice(0, 2).join("; ");
    plot.keep = (data) => {
      const own = data.filter((trace) => String(trace.meta) === number);
      data.length = 0;
      data.push(...own);
      plot.hidden = !own.length;
    };
    drawLater(plot);
  };

  for (const panel of document.querySelectorAll(".picked")) {
    const search = panel.closest(".searched");
    panel.querySelector("button").addEventListener("click", () => {
      panel.hidden = true;
      const button = search.querySelector('.pick[aria-pressed="true"]');
      button?.setAttribute("aria-pressed", "false");
      button?.focus();
    });
    for (const row of search.querySelectorAll(".trials tbody tr")) {
      const number = row.cells[0].textContent.trim();
      const button = document.createElement("button");
      button.type = "button";
      button.className = "pick";
      button.textContent = number;
      button.setAttribute("aria-label", `Learning curves of trial ${number}`);
      button.setAttribute("aria-pressed", "false");
      row.cells[0].replaceChildren(button);
      // If the row has selected text, the click was for selecting.
      row.addEventListener("click", () => {
        if (!String(getSelection())) pick(search, number);
      });
    }
  }
}

// Tables of trials get a search field that hides the rows in which any of its words is missing; rows
// of trials that the brush does not keep are hidden too.
for (const scroll of document.querySelectorAll(".scroll.trials")) {
  const rows = [...scroll.querySelectorAll("tbody tr")];
  const field = document.createElement("p");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("output");
  field.className = "filter";
  input.type = "search";
  label.append("Filter", input);
  field.append(label, count);
  scroll.before(field);
  let brushed = null;
  const update = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const isKept = (row) => !brushed || brushed.has(row.cells[0].textContent.trim());
    const hasWords = (row) => words.every((word) => row.textContent.toLowerCase().includes(word));
    for (const row of rows) row.hidden = !(isKept(row) && hasWords(row));
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} trials`;
  };
  input.addEventListener("input", update);
  scroll.closest(".searched").addEventListener("brushed", ({ detail }) => {
    brushed = detail;
    update();
  });
}
