
// Figures are enlarged by a click on the picture or on the button that each figure gets here. Arrow
// keys show the previous and the next figure, Escape closes (a dialog does so by itself), and the
// focus returns to the figure's button.
{
  const viewer = document.querySelector("dialog.viewer");
  const stage = viewer.querySelector(".stage");
  const size = viewer.querySelector("[data-size]");
  const figures = [...document.querySelectorAll("figure:has(.card img)")];
  let shown = 0;

  const fit = (full) => {
    viewer.classList.toggle("full", full);
    size.setAttribute("aria-pressed", String(full));
  };

  const show = (place) => {
    shown = (place + figures.length) % figures.length;
    const figure = figures[shown];
    const picture = figure.querySelector(".card img").cloneNode();
    picture.style.setProperty("--natural", `${picture.width}px`);
    stage.replaceChildren(picture);
    viewer.querySelector("#viewer-title").textContent = figure.dataset.title;
    viewer.querySelector(".place").textContent = `${shown + 1} of ${figures.length}`;
    viewer.querySelector(".words").textContent = figure.querySelector(".caption").textContent;
    fit(false);
  };

  figures.forEach((figure, place) => {
    const open = () => {
      show(place);
      viewer.showModal();
      stage.focus();
    };
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool enlarge";
    button.textContent = "Enlarge";
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-label", `Enlarge: ${figure.dataset.title}`);
    button.addEventListener("click", open);
    const picture = figure.querySelector(".card img");
    picture.classList.add("opens");
    picture.addEventListener("click", open);
    figure.querySelector(".frame").append(button);
  });

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.step) show(shown + Number(button.dataset.step));
    else if (event.target === viewer || button?.dataset.close !== undefined) viewer.close();
    else if (button === size || event.target.tagName === "IMG") fit(!viewer.classList.contains("full"));
  });
  viewer.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || viewer.classList.contains("full")) return;  // in full size, arrow keys scroll
    event.preventDefault();
    show(shown + step);
  });
  viewer.addEventListener("close", () => figures[shown].querySelector(".enlarge").focus());
}
