// The network as one picture: pointing at a map shows on the photo what its units see, a click on the photo shows in
// every map the units that saw that point, and a click on a unit takes it apart.
(() => {
  const ribbon = () => document.querySelector("#ribbon .ribbon.filled");
  const numbers = ({ dataset }) => Object.fromEntries(Object.entries(dataset).map(([key, value]) => [key, Number(value)]));
  const seen = () => ribbon()?.querySelector(".seen");

  // A rectangle within a picture, all in parts of it; what lies outside is cut off.
  const place = (mark, left, top, right, bottom) => {
    const cut = (value) => Math.min(1, Math.max(0, value));
    const [x, y, to, down] = [left, top, right, bottom].map(cut);
    Object.assign(mark.style, {
      left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * (to - x)}%`, height: `${100 * (down - y)}%`,
    });
    mark.hidden = to <= x || down <= y;
  };
  const frame = (looks, row, column) => {
    const photo = seen();
    if (!photo) return;
    const { start, jump, field } = looks;
    const size = Number(ribbon().dataset.size);
    const [left, top] = [start + column * jump, start + row * jump];
    place(photo.querySelector(".frame"), left / size, top / size, (left + field) / size, (top + field) / size);
  };
  const unitAt = (tile, event) => {
    const box = tile.querySelector("img").getBoundingClientRect();
    const { rows, columns } = numbers(tile);
    const at = (part, length, count) => Math.min(count - 1, Math.max(0, Math.floor((part / length) * count)));
    return [at(event.clientY - box.top, box.height, rows), at(event.clientX - box.left, box.width, columns)];
  };
  const tell = (words) => {
    const line = document.querySelector("#ribbon .pointed");
    if (line) line.textContent = words || line.dataset.words;
  };

  // One thing is marked everywhere at once: a stage, or one of its blocks, in the ribbon, the table, the chart, the
  // opened stage, its layers and its lines of code.
  const stages = () => [...document.querySelectorAll("#ribbon button[data-stage]")];
  const isOpened = (stage) => stage.getAttribute("aria-pressed") === "true";
  const partsOf = (index, block) => {
    const stage = stages()[index];
    if (!stage) return [];
    const bars = [...document.querySelectorAll("#chart .trace.bars")].map((trace) => trace.querySelectorAll(".point")[index]);
    const cells = [...document.querySelectorAll("#stage-table .column-cell")].filter(
      ({ __data__: cell }) => cell?.column.type !== "header" && cell.rowNumber === index,
    );
    const chip = isOpened(stage) && document.querySelector(`#opened .chips button[data-index="${block}"]`);
    const isShown = isOpened(stage) && (block === undefined || !chip || chip.getAttribute("aria-pressed") === "true");
    const shown = isShown ? document.querySelectorAll("#block .layer-list, .excerpt .marked") : [];
    const tiles = stage.querySelectorAll(block === undefined ? ".tile" : `.tile[data-block="${block}"]`);
    return [stage, chip, ...bars, ...cells, ...tiles, ...shown];
  };
  let pointedAt = "";
  const mark = (index, block) => {
    if (pointedAt === `${index} ${block}`) return;
    pointedAt = `${index} ${block}`;
    for (const each of document.querySelectorAll(".pointed-at")) each.classList.remove("pointed-at");
    if (index !== undefined) for (const part of partsOf(index, block)) part && part.classList.add("pointed-at");
  };
  // What the pointer is over: a tile or a stage of the ribbon, a row of the table, a chip of the opened stage.
  const placeOf = (target) => {
    const tile = target.closest("#ribbon .tile");
    const stage = target.closest("#ribbon button[data-stage]");
    if (stage) return [stages().indexOf(stage), tile ? Number(tile.dataset.block) : undefined];
    const chip = target.closest("#opened .chips button");
    if (chip) return [stages().findIndex(isOpened), Number(chip.dataset.index)];
    const cell = target.closest("#stage-table .column-cell")?.__data__;
    return cell && cell.column.type !== "header" ? [cell.rowNumber] : [];
  };
  for (const over of ["pointerover", "focusin"])
    document.addEventListener(over, ({ target }) => {
      if (target.closest?.("#ribbon, #explore-columns")) mark(...placeOf(target));
      else if (pointedAt) mark();
    });

  document.addEventListener("pointermove", (event) => {
    const tile = event.target.closest?.("#ribbon .tile");
    if (!tile) return;
    const [row, column] = unitAt(tile, event);
    frame(numbers(tile), row, column);
    tell(tile.dataset.words);
  });
  document.addEventListener("pointerout", ({ target, relatedTarget }) => {
    if (!target.closest?.("#ribbon .tile") || relatedTarget?.closest?.("#ribbon .tile")) return;
    tell("");
    const unit = document.querySelector("#unit .unit");
    if (unit) frame(numbers(unit), Number(unit.dataset.row), Number(unit.dataset.column));
    else if (seen()) seen().querySelector(".frame").hidden = true;
  });

  // Which units saw a point of the photo: those whose field has it in it.
  const whoSaw = (x, y) => {
    for (const tile of ribbon().querySelectorAll(".tile")) {
      const { start, jump, field, rows, columns } = numbers(tile);
      const first = (at) => Math.ceil((at - start - field + 1) / jump);
      const last = (at) => Math.floor((at - start) / jump) + 1;
      place(tile.querySelector(".spot"), first(x) / columns, first(y) / rows, last(x) / columns, last(y) / rows);
    }
  };
  document.addEventListener("click", (event) => {
    const photo = event.target.closest?.("#ribbon .seen");
    if (!photo) return;
    const box = photo.getBoundingClientRect();
    const size = Number(ribbon().dataset.size);
    whoSaw(((event.clientX - box.left) / box.width) * size, ((event.clientY - box.top) / box.height) * size);
  });

  // A feature map enlarged beside the square that the model saw: pointing at one marks the same place on both.
  const shrink = (figure) => {
    figure.classList.remove("large");
    figure.querySelector("button").ariaExpanded = "false";
    for (const each of figure.querySelectorAll(".photo")) each.remove();
    figure.querySelector(".frame").hidden = true;
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.(".channels figure button");
    if (!button) return;
    const figure = button.closest("figure");
    const isLarge = figure.classList.contains("large");
    for (const each of document.querySelectorAll(".channels figure.large")) shrink(each);
    const crop = document.querySelector("#inside-photo img");
    if (isLarge || !crop) return;
    figure.classList.add("large");
    button.ariaExpanded = "true";
    const photo = button.firstElementChild.cloneNode(true);
    photo.classList.add("photo");
    photo.querySelector("img").replaceWith(crop.cloneNode());
    button.append(photo);
  });
  document.addEventListener("pointermove", (event) => {
    const picture = event.target.closest?.(".channels .large .linked");
    if (!picture) return;
    const { rows, columns } = numbers(picture.closest(".channels"));
    const box = picture.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    for (const mark of picture.parentElement.querySelectorAll(".frame"))
      place(mark, column / columns, row / rows, (column + 1) / columns, (row + 1) / rows);
  });

  window.resnetExplorer.chooseTile = (element, trigger) =>
    element.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || !event.target.closest("img")) return;
      const [row, column] = unitAt(tile, event);
      tile.closest("button").dataset.block = tile.dataset.block; // the stage opens at this block too
      trigger("input", { place: tile.dataset.path, channel: Number(tile.dataset.channel), row, column });
    }, true);

  window.resnetExplorer.chooseUnit = (element, trigger, watch) => {
    const unit = () => element.querySelector(".unit");
    let asked = ""; // and not answered yet: a key that is held down asks for the same many times a second
    let askedAt = 0;
    const ask = (changes) => {
      const { path, channel, row, column } = unit().dataset;
      const wanted = { place: path, channel: Number(channel), row: Number(row), column: Number(column), ...changes };
      const isAgain = asked === JSON.stringify(wanted) && performance.now() - askedAt < 1000;
      if (isAgain) return;
      [asked, askedAt] = [JSON.stringify(wanted), performance.now()];
      trigger("input", wanted);
    };
    const move = (down, across) =>
      ask({ row: Math.max(0, Number(unit().dataset.row) + down), column: Math.max(0, Number(unit().dataset.column) + across) });
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      if (button.dataset.move) move(...button.dataset.move.split(" ").map(Number));
      if (button.dataset.conv) ask({ place: button.dataset.conv, channel: null });
      if ("close" in button.dataset) {
        trigger("input", { place: "", row: 0, column: 0 });
        if (seen()) seen().querySelector(".frame").hidden = true;
      }
    });
    element.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!steps || !unit()) return;
      event.preventDefault();
      move(...steps);
    });
    watch("value", () => {
      asked = "";
      if (unit()) frame(numbers(unit()), Number(unit().dataset.row), Number(unit().dataset.column));
    });
  };
})();
