
// The page of a run that is still going reloads itself and keeps the reader's place; but not while a
// figure is enlarged, for a while after the reader did something, or after the reader stopped it. The
// longer there has been no update, the less often it reloads: the run may have been killed, which
// it cannot report.
{
  const live = document.querySelector(".live");
  if (live) {
    const SILENT = 600_000;
    const silence = Date.now() - Date.parse(live.querySelector("time").dateTime);
    const period = Math.max(1000 * Number(live.dataset.reload), silence / 20);
    let touched = 0;
    let stopped = false;
    for (const name of ["pointerdown", "keydown", "wheel", "touchmove"]) {
      addEventListener(name, () => { touched = Date.now(); }, { passive: true });
    }
    if (silence > SILENT) {
      const minutes = Math.floor(silence / 60_000);
      const said = live.querySelector(".silence");
      said.querySelector("b").textContent = minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
      said.hidden = false;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool";
    button.textContent = "Stop reloading";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      stopped = !stopped;
      button.setAttribute("aria-pressed", String(stopped));
    });
    live.append(" ", button);
    setInterval(() => {
      const reading = document.querySelector("dialog[open]") || Date.now() - touched < period;
      if (!stopped && !reading) location.reload();
    }, period);
  }
}
