
// The page of a run that goes on loads itself again, where the reader was; not while a figure is
// open, for a while after the reader did something, or after the reader stopped it.
{
  const live = document.querySelector(".live");
  if (live) {
    const period = 1000 * Number(live.dataset.reload);
    let touched = 0;
    let stopped = false;
    for (const name of ["pointerdown", "keydown", "wheel", "touchmove"]) {
      addEventListener(name, () => { touched = Date.now(); }, { passive: true });
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
