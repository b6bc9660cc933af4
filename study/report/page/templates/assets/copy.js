
// Commands get a button that copies them. A page opened as a file may lack navigator.clipboard; then
// document.execCommand copies, and if that is refused too, the text is left selected.
{
  const select = (code) => {
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
      return true;
    } catch {
      select(code);
      const done = document.execCommand("copy");
      if (done) getSelection().removeAllRanges();
      return done;
    }
  };

  for (const code of document.querySelectorAll("pre code, :is(.stages, .runs, .notes, .live) code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool copy";
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    status.textContent = "Copy";
    const what = document.createElement("span");
    what.className = "unseen";
    what.textContent = ` ${code.textContent.trim()}`;
    button.append(status, what);
    button.addEventListener("click", async () => {
      status.textContent = (await copy(code)) ? "Copied" : "Selected: press Ctrl+C";
      setTimeout(() => { status.textContent = "Copy"; }, 2000);
    });
    const pre = code.closest("pre");
    if (pre) {
      const frame = document.createElement("div");
      frame.className = "frame commands";
      pre.replaceWith(frame);
      frame.append(pre, button);
    } else {
      code.after(" ", button);
    }
  }
}
