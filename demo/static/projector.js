// Looking closely: the photo without its map while it is held, a picture as large as the window, and the projector,
// where one thing fills the picture and keys do what buttons do.
(() => {
  const CLICK_MS = 250; // a shorter press is a click
  const root = document.documentElement;
  let pressed = 0;
  let zoomed = null;

  const isTyping = ({ target }) => target.closest("input, textarea, select, [contenteditable]");
  const pictureOf = (target) => {
    const picture = target.closest(".stage .picture, .maps .picture");
    return picture && !target.closest("button, a") ? picture : null;
  };
  const hold = (isHeld) => root.classList.toggle("bare", isHeld);
  const zoom = (picture) => {
    zoomed?.classList.remove("zoomed");
    zoomed = picture === zoomed ? null : picture;
    zoomed?.classList.add("zoomed");
  };

  document.addEventListener("pointerdown", (event) => {
    if (event.button || !pictureOf(event.target)) return;
    pressed = event.timeStamp; // when it was done, not when a busy page comes to it
    hold(true);
  });
  for (const over of ["pointerup", "pointercancel", "blur"])
    window.addEventListener(over, (event) => {
      if (!pressed) return;
      const isClick = over === "pointerup" && event.timeStamp - pressed < CLICK_MS;
      pressed = 0;
      hold(false);
      const picture = isClick && pictureOf(event.target);
      if (picture) zoom(picture);
    });
  document.addEventListener("contextmenu", (event) => {
    if (pictureOf(event.target) && pressed) event.preventDefault(); // a long touch holds, and opens no menu
  });

  const project = (isOn) => {
    root.classList.toggle("projector", isOn);
    for (const button of document.querySelectorAll("[data-projector]")) button.setAttribute("aria-pressed", String(isOn));
    dispatchEvent(new Event("resize")); // charts take the room that is there now
  };
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-projector]")) project(!root.classList.contains("projector"));
  });

  // Left and right go through what the tab has to choose from.
  const step = (event) => {
    const groups = ["#result .answers", "#ribbon", "#opened .chips"].map((group) => document.querySelector(group));
    const group = groups.find((each) => each?.offsetParent && each.querySelector('button[aria-pressed="true"]'));
    const now = group?.querySelector('button[aria-pressed="true"]');
    if (!now) return;
    event.preventDefault();
    now.focus();
    now.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: true }));
  };

  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const isProjector = root.classList.contains("projector");
    const onButton = event.target.closest("button, a, summary, [role=tab], [role=gridcell]");
    if (event.key === "f" || event.key === "F") project(!isProjector);
    else if (event.key === "Escape" && zoomed) zoom(null);
    else if (event.key === "Escape" && isProjector) project(false);
    else if (event.key === " " && (isProjector || zoomed) && !event.repeat) {
      event.preventDefault();
      hold(true);
    } else if (event.key === " " && (isProjector || zoomed)) event.preventDefault();
    else if (isProjector && !onButton && /^Arrow(Left|Right)$/.test(event.key)) step(event);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== " " || !root.classList.contains("bare")) return;
    event.preventDefault(); // a button in focus would take it for a press
    hold(false);
  });
})();
