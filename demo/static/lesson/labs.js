// Two steps of the lesson that answer at once, without a request: a pixel's three numbers, and a kernel that slides.
(() => {
  const proper = (value, digits) => value.toFixed(digits).replace("-", "−");
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const kept = new Map(); // where a lab's cursor was: a new language or setting leaves it there

  // Moves a cursor over a picture of (columns, rows) places, by pointing or by the arrow keys.
  const cursor = (picture, { columns, rows, name, at }) => {
    const place = kept.get(name) ?? [Math.floor(columns / 2), Math.floor(rows / 2)];
    const go = (column, row) => {
      place[0] = Math.min(columns - 1, Math.max(0, column));
      place[1] = Math.min(rows - 1, Math.max(0, row));
      kept.set(name, place);
      at(...place);
    };
    const point = ({ clientX, clientY }) => {
      const { left, top, width, height } = picture.getBoundingClientRect();
      go(Math.floor((columns * (clientX - left)) / width), Math.floor((rows * (clientY - top)) / height));
    };
    picture.addEventListener("pointerdown", point);
    picture.addEventListener("pointermove", point);
    picture.addEventListener("keydown", (event) => {
      const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
      if (right === undefined) return;
      event.preventDefault();
      go(place[0] + right, place[1] + down);
    });
    go(...place);
  };

  const pixels = (lab) => {
    const [mean, std] = [JSON.parse(lab.dataset.mean), JSON.parse(lab.dataset.std)];
    const photo = lab.querySelector(".point");
    const image = photo.querySelector("img");
    const caption = lab.querySelector("caption");
    const ready = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(image, 0, 0);
      const at = (column, row) => {
        const colour = pen.getImageData(column, row, 1, 1).data;
        for (const [channel, line] of lab.querySelectorAll("tbody tr").entries()) {
          const unit = colour[channel] / 255;
          const numbers = [String(colour[channel]), proper(unit, 3), proper((unit - mean[channel]) / std[channel], 3)];
          for (const [place, cell] of line.querySelectorAll("td").entries()) cell.textContent = numbers[place];
        }
        caption.textContent = fill(caption.dataset.words, { place: `${column}, ${row}` });
        const mark = photo.querySelector(".cursor");
        mark.style.left = `${(100 * (column + 0.5)) / canvas.width}%`;
        mark.style.top = `${(100 * (row + 0.5)) / canvas.height}%`;
      };
      cursor(photo, { columns: canvas.width, rows: canvas.height, name: "pixels", at });
    };
    if (image.complete && image.naturalWidth) ready();
    else image.addEventListener("load", ready, { once: true });
  };

  const draw = (canvas, rows, shade) => {
    [canvas.width, canvas.height] = [rows[0].length, rows.length];
    const pen = canvas.getContext("2d");
    const picture = pen.createImageData(canvas.width, canvas.height);
    for (const [at, value] of rows.flat().entries()) picture.data.set([...Array(3).fill(shade(value)), 255], 4 * at);
    pen.putImageData(picture, 0, 0);
    return pen;
  };
  const write = (table, rows, digits) => {
    table.innerHTML = "";
    for (const row of rows) {
      const line = table.appendChild(document.createElement("tr"));
      for (const value of row) line.appendChild(document.createElement("td")).textContent = proper(value, digits);
    }
  };

  const slide = (lab) => {
    const { grey, kernel, sums, stride, padding, times } = JSON.parse(lab.dataset.values);
    const [photo, made] = lab.querySelectorAll("canvas");
    const [under, weights, products] = lab.querySelectorAll(".lesson-sum tbody");
    const said = lab.querySelector(".sum");
    const most = Math.max(...sums.flat().map(Math.abs)) || 1;
    const isWhole = kernel.flat().every(Number.isInteger);
    const size = kernel.length;
    const frame = (pen, column, row, side) => {
      pen.strokeStyle = "#ff7a00";
      pen.lineWidth = 1;
      pen.strokeRect(column - 0.5, row - 0.5, side + 1, side + 1);
    };
    const at = (column, row) => {
      const [left, top] = [column * stride - padding, row * stride - padding];
      const window_ = kernel.map((line, y) => line.map((_, x) => grey[top + y]?.[left + x] ?? 0));
      const multiplied = kernel.map((line, y) => line.map((weight, x) => weight * window_[y][x]));
      const sum = multiplied.flat().reduce((one, other) => one + other, 0);
      frame(draw(photo, grey, (value) => value), left, top, size);
      frame(draw(made, sums, (value) => 128 + (127 * value) / most), column, row, 1);
      write(under, window_, 0);
      write(weights, kernel.map((line) => line.map((weight) => weight * times)), isWhole ? 0 : times > 1 ? 0 : 2);
      write(products, multiplied, isWhole ? 0 : 1);
      said.textContent = fill(said.dataset.words, { row: row + 1, column: column + 1, sum: proper(sum, isWhole ? 0 : 1) });
      lab.dataset.sum = sum;
    };
    lab.classList.toggle("many", size > 3);
    draw(photo, grey, (value) => value);
    cursor(photo, { columns: sums[0].length, rows: sums.length, name: "slide", at });
  };

  const LABS = { pixels, slide };
  new MutationObserver(() => {
    for (const lab of document.querySelectorAll("[data-lab]:not([data-alive])")) {
      lab.dataset.alive = "true";
      LABS[lab.dataset.lab](lab);
    }
  }).observe(document, { childList: true, subtree: true });
})();
