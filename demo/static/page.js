// What the page does by itself, without a request: theme, sidebar, choosing an answer, arrow keys in groups of buttons.
(() => {
  let held = 0;
  const press = (group, button) => {
    for (const each of group.querySelectorAll("button[aria-pressed]")) {
      each.setAttribute("aria-pressed", String(each === button));
      each.tabIndex = each === button ? 0 : -1;
    }
  };

  // Arrow keys move through a group and choose, Home and End go to its ends.
  const arrows = (event, choose) => {
    const button = event.target.closest("button[aria-pressed]");
    if (!button) return;
    const all = [...button.parentElement.querySelectorAll("button[aria-pressed]")];
    const last = all.length - 1;
    const at = all.indexOf(button);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[Math.min(last, Math.max(0, to))];
    next.focus();
    choose(next);
  };

  // A browser shows no TIFF and no broken file: better an empty box than its broken-picture sign.
  document.addEventListener(
    "error",
    ({ target }) => {
      if (target.tagName === "IMG" && target.closest("#photo")) target.style.visibility = "hidden";
    },
    true,
  );

  // A result and the status card say of which model they are. A result of another one is faint and says so.
  const compare = () => {
    const card = document.querySelector(".status[data-of]");
    if (!card) return; // one is being loaded
    const loaded = card.dataset.of;
    for (const which of document.querySelectorAll(".which")) {
      which.hidden = false;
      if (which.textContent !== card.dataset.title) which.textContent = card.dataset.title;
    }
    for (const result of document.querySelectorAll("[data-of]:not(.status)")) {
      const isOld = result.dataset.of !== loaded;
      result.classList.toggle("outdated", isOld);
      for (const note of result.querySelectorAll(".of-another")) note.hidden = !isOld;
    }
  };
  // A chart that was drawn while its tab was hidden had no width to go by: it takes the one that it has now.
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[role=tab]")) return;
    for (const after of [50, 600]) setTimeout(() => dispatchEvent(new Event("resize")), after);
  });

  // The addresses for others, large.
  document.addEventListener("click", ({ target }) => {
    const share = document.querySelector("#share dialog");
    if (target.closest("[data-share]")) share.showModal();
    else if (target === share || target.closest("#share [data-close]")) share.close();
  });

  // Gradio's list stays shut at a click where Escape has closed it, because it still has the focus.
  document.addEventListener("keydown", ({ key, target }) => {
    if (key === "Escape" && target.matches("input[role=listbox]")) target.blur();
  });

  // Gradio's boxes speak the browser's language, and are called otherwise than what stands on them.
  const words = (key) => window.resnetWords[document.documentElement.lang]?.[key] ?? window.resnetWords.en[key];
  const nameBoxes = () => {
    for (const [boxes, key] of [["#photo", "photo_placeholder"], [".teach-box", "teach_photos"], ["#files", "batch_drop"], ["#checkpoint", "checkpoint_drop"], ["#compare-files", "compare_files_drop"], ["#compare-checkpoints", "compare_checkpoints_drop"]])
      for (const box of document.querySelectorAll(`${boxes} button.upload-container`))
        if (box.ariaLabel !== words(key)) box.ariaLabel = words(key);
  };
  // Gradio says in English, and in small print, how many are before one in the queue; ours stands where the result will.
  setInterval(() => {
    for (const wrap of document.querySelectorAll(".wrap[data-place], .wrap:has(> .meta-text, > .meta-text-center)")) {
      const print = wrap.querySelector(":scope > :is(.meta-text, .meta-text-center)")?.textContent ?? "";
      const [, at, of] = print.match(/queue: (\d+)\/(\d+)/) ?? [];
      const place = at ? words("queue_place").replace("{at}", at).replace("{of}", of) : "";
      if ((wrap.dataset.place ?? "") !== place) wrap.dataset.place = place;
    }
  }, 400);

  // What Gradio says in English where the queue is full, and what our own limit says, in the reader's language.
  const refusals = { "This application is currently busy": "busy", "requests in a minute came from your address": "too_fast" };
  const sayWhyRefused = () => {
    for (const said of document.querySelectorAll(".toast-message-text"))
      for (const [part, key] of Object.entries(refusals))
        if (said.textContent.includes(part)) {
          said.textContent = words(key);
          said.closest(".toast-body").querySelector(".toast-title").textContent = words(`${key}_title`);
        }
  };

  // A row of tabs is one stop of the Tab key; the arrow keys go through it.
  const oneStop = () => {
    for (const tab of document.querySelectorAll("[role=tab]")) tab.tabIndex = tab.ariaSelected === "true" ? 0 : -1;
  };

  let isDue = false;
  new MutationObserver(() => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      compare();
      nameBoxes();
      oneStop();
      sayWhyRefused();
      window.resnetExplorer.keep();
      window.resnetExplorer.writeAddress();
    });
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["aria-selected"] }); // a tab seen before adds nothing

  const toggleSidebar = (isOpen) => {
    const sidebar = document.querySelector(".sidebar");
    if (sidebar && sidebar.classList.contains("open") !== isOpen) sidebar.querySelector(".toggle-button")?.click();
  };
  const remember = (key, value) => {
    try {
      if (value !== undefined) localStorage.setItem(`resnet-explorer-${key}`, value);
      return localStorage.getItem(`resnet-explorer-${key}`);
    } catch {
      return null; // private window
    }
  };
  document.addEventListener("click", ({ target }) => {
    // The name of the model leads to where another one is chosen.
    if (target.closest(".which, [data-go=model]")) toggleSidebar(true);
    const go = target.closest("[data-go]")?.dataset.go;
    if (go === "photo") document.querySelector("#photo input[type=file]")?.click();
    if (go === "explore") document.querySelector('#tabs [role=tab][data-tab-id="explore"]')?.click();
    if (target.closest(".sidebar .toggle-button"))
      requestAnimationFrame(() =>
        remember("sidebar", document.querySelector(".sidebar").classList.contains("open") ? "open" : "shut"),
      );
  });

  window.resnetExplorer = {
    press,
    arrows,
    // A button with a number chooses what that number stands for.
    chooseByIndex(element, trigger) {
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("button[data-index]");
        if (button) trigger("select", { index: Number(button.dataset.index) });
      });
    },
    // Classify: another answer's map. The same photo in other colours or words keeps the answer that was chosen;
    // another photo starts with its best.
    chooseAnswer(element, watch) {
      const page = window.resnetExplorer;
      let photo = "";
      let chosen = "";
      const name = (button) => button.querySelector(".label b").textContent;
      const show = (button) => {
        page.showAnswer(element, button);
        chosen = page.chosenAnswer(element);
      };
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("button[data-answer]");
        if (button) show(button);
      });
      element.addEventListener("keydown", (event) => arrows(event, show));
      watch("value", () => {
        const shown = element.querySelector(".picture img")?.src ?? "";
        const again = [...element.querySelectorAll("button[data-answer]")].find((button) => name(button) === chosen);
        if (shown === photo && again) page.showAnswer(element, again);
        else chosen = page.chosenAnswer(element);
        photo = shown;
      });
    },
    // Batch: as given, or least sure first.
    sortTiles(element) {
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("button[data-sort]");
        if (!button) return;
        press(button.parentElement, button);
        const tiles = element.querySelector(".tiles");
        const by = (tile) => Number(tile.dataset[button.dataset.sort]);
        tiles.append(...[...tiles.children].sort((one, other) => by(one) - by(other)));
      });
      element.addEventListener("keydown", (event) => arrows(event, (button) => button.click()));
    },
    // Explain: the button in a notice that leads to another layer.
    chooseShownLayer(element, trigger) {
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("button[data-layer]");
        if (button) trigger("select", { index: 0, value: button.dataset.layer });
      });
    },
    // Explain: each map as a PNG, as it is seen.
    savePictures(element) {
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("button[data-save]");
        if (button) window.resnetExplorer.savePicture(button.closest("figure"), button.dataset.save);
      });
    },
    showLayer(element, button) {
      press(button.parentElement, button);
      for (const each of element.querySelectorAll(".arithmetic"))
        each.hidden = each.dataset.layer !== button.dataset.layer;
    },
    showAnswer(element, button) {
      press(button.parentElement, button);
      const chosen = button.dataset.answer;
      for (const layer of element.querySelectorAll(".overlay")) layer.hidden = layer.dataset.answer !== chosen;
      const scales = [...element.querySelectorAll("[data-scale]")];
      const own = scales.some((scale) => scale.dataset.scale === chosen) ? chosen : "";
      for (const scale of scales) scale.hidden = scale.dataset.scale !== own;
    },
    chosenAnswer(element) {
      return element.querySelector('button[aria-pressed="true"] .label b')?.textContent ?? "";
    },
    // Gradio's dropdown breaks down where its choices shrink while it is open, so the list of weights stays shut until
    // the load that changes it is done.
    hold(inputs) {
      held += 1;
      const weights = document.querySelector("#weights");
      if (weights) weights.inert = true;
      return inputs;
    },
    release() {
      setTimeout(() => {
        held = Math.max(0, held - 1);
        const weights = document.querySelector("#weights");
        if (weights && held === 0) weights.inert = false;
      }, 400);
    },
    // A picture as it is seen: photo, map and opacity, at the size of the sharper of the two.
    savePicture(figure, name) {
      const [photo, map] = figure.querySelectorAll(".picture img");
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(photo.naturalWidth, map?.naturalWidth ?? 0);
      canvas.height = Math.max(photo.naturalHeight, map?.naturalHeight ?? 0);
      const pen = canvas.getContext("2d");
      pen.drawImage(photo, 0, 0, canvas.width, canvas.height);
      if (map) {
        pen.globalAlpha = Number(getComputedStyle(map).opacity);
        pen.drawImage(map, 0, 0, canvas.width, canvas.height);
      }
      const link = document.createElement("a");
      link.href = canvas.toDataURL("image/png");
      link.download = name;
      link.click();
    },
    saveFile(file) {
      if (!file) return;
      const link = document.createElement("a");
      link.href = file.url;
      link.download = file.orig_name ?? "";
      link.click();
    },
    setOpacity(value) {
      document.documentElement.style.setProperty("--overlay-opacity", value / 100);
    },
    // The words' language, for who has the page read aloud or translated.
    speak(language) {
      document.documentElement.lang = language;
      nameBoxes();
    },
    switchTheme(element) {
      element.addEventListener("click", ({ target }) => {
        if (target.closest("[data-theme]")) window.resnetExplorer.toggleTheme();
      });
    },
    toggleTheme() {
      const dark = document.body.classList.toggle("dark");
      remember("theme", dark ? "dark" : "light");
    },
    start() {
      const theme = remember("theme");
      if (theme) document.body.classList.toggle("dark", theme === "dark");
      // On a phone the open sidebar covers the page.
      if (innerWidth <= 1100 || remember("sidebar") === "shut") toggleSidebar(false);
      window.resnetExplorer.startAgain();
      window.resnetExplorer.openAddress();
      document.documentElement.dataset.ready = "true";
    },
  };
})();
