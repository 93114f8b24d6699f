// What the Explore and Compare tabs do by themselves: ways to a stage, saving drawings, copying, searching.
(() => {
  const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // All ways to a stage end at the ribbon: a row of a table, a bar, a tile of the treemap (whose block is opened too).
  const openStage = (name, block) => {
    const button = document.querySelector(`#ribbon button[data-stage="${CSS.escape(name)}"]`);
    if (!button) return;
    if (button.getAttribute("aria-pressed") !== "true") {
      button.dataset.block = block ?? 0;
      button.click();
    } else if (block !== undefined) {
      document.querySelector(`#opened button[data-index="${block}"]`)?.click();
    }
    // In one column it lies above what was clicked.
    const inOneColumn = getComputedStyle(document.querySelector("#explore-columns")).flexDirection === "column";
    if (inOneColumn) document.querySelector("#opened").scrollIntoView({ behavior: isStill() ? "auto" : "smooth" });
  };

  // While the page moves under the ribbon, the ribbon is short, and what is below keeps its place.
  const stick = () => {
    const ribbon = document.querySelector("#ribbon");
    if (!ribbon || getComputedStyle(ribbon).position !== "sticky") return;
    const stuck = ribbon.getBoundingClientRect().top <= 0 && scrollY > 0;
    if (stuck === ribbon.classList.contains("stuck")) return;
    const before = ribbon.offsetHeight;
    ribbon.classList.toggle("stuck", stuck);
    ribbon.style.marginBottom = stuck ? `${before - ribbon.offsetHeight}px` : "";
  };
  addEventListener("scroll", stick, { passive: true });

  // Another stage makes the columns above the rooms longer or shorter; who looks at a room is not thrown about.
  let columnsHeight = 0;
  const keep = new ResizeObserver(([{ target }]) => {
    const grown = target.offsetHeight - columnsHeight;
    columnsHeight = target.offsetHeight;
    const rooms = document.querySelector("#explore-rooms").getBoundingClientRect().top;
    if (grown !== columnsHeight && rooms - grown < innerHeight / 2) scrollBy(0, grown); // not at the first look
  });
  // What scrolls by itself can be scrolled with the keyboard too.
  window.resnetExplorer.makeReachable = () => {
    const table = document.querySelector("#stage-table");
    const name = document.querySelector("#explore-columns h2")?.textContent ?? "";
    for (const [key, value] of Object.entries({ tabindex: 0, role: "region", "aria-label": name }))
      table?.setAttribute(key, value);
  };
  // A stage in the ribbon or a block in the opened stage, by click or arrow keys.
  window.resnetExplorer.choosePart = (element, trigger) => {
    const page = window.resnetExplorer;
    let waiting;
    const choose = (button, pause) => {
      if (button.getAttribute("aria-pressed") === "true") return;
      page.press(button.parentElement, button);
      page.keepPlace();
      const block = Number(button.dataset.block ?? 0);
      delete button.dataset.block;
      clearTimeout(waiting); // an arrow key held down asks once, where it comes to rest
      waiting = setTimeout(() => trigger("select", { index: Number(button.dataset.index), block }), pause);
    };
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-index]");
      if (button) choose(button, 0);
    });
    element.addEventListener("keydown", (event) => page.arrows(event, (button) => choose(button, 120)));
  };
  // The arithmetic of one layer; of another block that of the same layer, where it has one.
  window.resnetExplorer.chooseLayer = (element, watch) => {
    const page = window.resnetExplorer;
    const name = (button) => button.querySelector("code").textContent;
    let chosen = "";
    const choose = (button) => {
      chosen = name(button);
      page.showLayer(element, button);
    };
    watch("value", () => {
      const again = [...element.querySelectorAll("button[data-layer]")].find((button) => name(button) === chosen);
      if (again) page.showLayer(element, again);
    });
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-layer]");
      if (button) choose(button);
    });
    element.addEventListener("keydown", (event) => page.arrows(event, choose));
  };
  window.resnetExplorer.keepPlace = () => keep.observe(document.querySelector("#explore-columns"));

  const stageAt = (index) => document.querySelectorAll("#ribbon button")[index]?.dataset.stage;

  // Plotly's figures come and go; each is given ears when the pointer first comes over it.
  document.addEventListener("pointerover", ({ target }) => {
    const plot = target.closest?.("#chart .js-plotly-plot");
    if (!plot || plot.dataset.hears) return;
    plot.dataset.hears = "true";
    plot.on("plotly_click", ({ points }) => points[0].y && openStage(points[0].y));
    plot.on("plotly_treemapclick", ({ points }) => {
      const { id, parent } = points[0];
      const block = id?.split(".")[1];
      if (id) openStage(block ? parent : id, block && Number(block));
      return false; // the treemap itself stays as it is
    });
  });

  const copy = async (words) => {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      // no clipboard without HTTPS, as in front of a class
      const area = document.createElement("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  // For those who hear the page.
  const say = (words) => {
    const place =
      document.querySelector("#spoken") ??
      Object.assign(document.createElement("p"), { id: "spoken", className: "hidden" });
    place.setAttribute("role", "status");
    document.querySelector("main").append(place);
    place.textContent = words;
  };

  document.addEventListener("click", async ({ target }) => {
    const drawing = target.closest("button[data-drawing]");
    const copied = target.closest("button[data-copy]");
    const stage = target.closest("[data-open-stage]")?.dataset.openStage;
    const cell = target.closest("#stage-table .column-cell")?.__data__;
    if (drawing)
      saveDrawing(drawing.closest("figure").querySelector("svg"), drawing.dataset.name, drawing.dataset.drawing);
    if (stage) openStage(stage);
    const compared = target.closest("[data-compare]")?.dataset.compare;
    if (compared) document.querySelector(`#compare-stage input[value="${compared}"]`).click();
    if (cell && cell.column.type !== "header") openStage(stageAt(cell.rowNumber) ?? "");
    if (copied) {
      await copy(copied.dataset.copy);
      copied.focus();
      say(`✓ ${copied.dataset.copy.split("\n")[0]}`);
      copied.classList.add("copied");
      setTimeout(() => copied.classList.remove("copied"), 1500);
    }
  });

  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.search !== "tree") return;
    const words = target.value.trim().toLowerCase().split(/\s+/);
    const tree = target.closest(".tree");
    const lines = [...tree.querySelectorAll("li")];
    for (const line of lines) line.hidden = !words.every((word) => line.dataset.path.includes(word));
    tree.querySelector("[data-hits]").textContent = `${lines.filter((line) => !line.hidden).length} / ${lines.length}`;
  });

  // A drawing by itself: the stylesheet's looks become attributes, and the paper comes along.
  const LOOKS = [
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "font-family",
    "font-size",
    "font-weight",
    "text-anchor",
  ];
  const saveDrawing = (svg, name, kind) => {
    const alone = svg.cloneNode(true);
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const twins = alone.querySelectorAll("*");
    svg.querySelectorAll("*").forEach((part, i) => {
      const look = getComputedStyle(part);
      for (const property of LOOKS) twins[i].setAttribute(property, look.getPropertyValue(property));
      twins[i].removeAttribute("class");
    });
    const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const colour = getComputedStyle(document.querySelector(".gradio-container")).backgroundColor;
    for (const [key, value] of Object.entries({ width, height, fill: colour })) paper.setAttribute(key, value);
    alone.prepend(paper);
    alone.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    alone.setAttribute("width", width);
    alone.setAttribute("height", height);
    const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(alone))}`;
    const save = (href) => Object.assign(document.createElement("a"), { href, download: name }).click();
    if (kind === "svg") return save(url);
    const image = new Image();
    image.onload = () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 3 * width, height: 3 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      save(canvas.toDataURL("image/png"));
    };
    image.src = url;
  };
})();
