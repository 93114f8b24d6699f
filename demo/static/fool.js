// Fool it: a brush over the square that the model sees. The strokes stay in the page as long as the photo does; after
// each of them all are sent, as parts of the square's side, and the server paints.
(() => {
  const NEAR = 0.006; // of the side: points closer together say nothing new
  const STEP = 0.03; // of the side, a press of an arrow key
  let photo = ""; // that the strokes are on
  let strokes = [];
  let pen = [0.5, 0.5]; // of the keyboard

  window.resnetExplorer.paint = (element, trigger, watch) => {
    const canvas = () => element.querySelector("canvas");
    const radius = () => Number(element.querySelector("input[type=range]").value) / 200;
    const place = ({ clientX, clientY }) => {
      const box = canvas().getBoundingClientRect();
      const part = (value) => Math.round(Math.min(1.2, Math.max(-0.2, value)) * 1e4) / 1e4;
      return [part((clientX - box.left) / box.width), part((clientY - box.top) / box.height)];
    };
    const draw = () => {
      const sheet = canvas();
      if (!sheet) return;
      const brush = sheet.getContext("2d");
      const side = sheet.width;
      const colour = getComputedStyle(sheet).color;
      brush.clearRect(0, 0, side, side);
      Object.assign(brush, { lineCap: "round", lineJoin: "round", strokeStyle: colour, fillStyle: colour });
      for (const stroke of strokes) {
        const [first, ...rest] = stroke.points.map(([x, y]) => [x * side, y * side]);
        brush.lineWidth = 2 * stroke.radius * side;
        brush.beginPath();
        brush.moveTo(...first);
        for (const point of rest.length ? rest : [first]) brush.lineTo(...point);
        brush.stroke();
      }
      if (document.activeElement !== sheet || !sheet.matches(":focus-visible")) return;
      brush.lineWidth = 4;
      brush.beginPath();
      brush.arc(pen[0] * side, pen[1] * side, radius() * side, 0, 7);
      brush.stroke();
    };
    const send = () => {
      draw();
      trigger("select", { index: 0, value: JSON.stringify(strokes) });
    };
    let isDown = false;

    element.addEventListener("pointerdown", (event) => {
      if (event.target !== canvas() || event.button) return;
      isDown = true;
      event.target.setPointerCapture(event.pointerId);
      strokes.push({ radius: radius(), points: [place(event)] });
      draw();
    });
    element.addEventListener("pointermove", (event) => {
      if (!isDown) return;
      const { points } = strokes.at(-1);
      for (const each of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
        const [x, y] = place(each);
        if (Math.hypot(x - points.at(-1)[0], y - points.at(-1)[1]) > NEAR) points.push([x, y]);
      }
      draw();
    });
    for (const over of ["pointerup", "pointercancel"])
      element.addEventListener(over, () => {
        if (isDown) send();
        isDown = false;
      });
    element.addEventListener("keydown", (event) => {
      if (event.target !== canvas()) return;
      const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
      const move = moves[event.key];
      if (!move && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      if (!move) {
        strokes.push({ radius: radius(), points: [pen] });
        return send();
      }
      pen = pen.map((at, axis) => Math.round(Math.min(1, Math.max(0, at + move[axis])) * 1e4) / 1e4);
      draw();
    });
    for (const change of ["focusin", "focusout", "input"]) element.addEventListener(change, draw);
    element.addEventListener("click", ({ target }) => {
      if (!target.closest("[data-undo], [data-clear]") || !strokes.length) return;
      strokes = target.closest("[data-undo]") ? strokes.slice(0, -1) : [];
      send();
    });
    const begin = () => {
      const now = element.querySelector(".paint")?.dataset.photo ?? "";
      if (now && now !== photo) [photo, strokes] = [now, []];
      draw();
    };
    watch("value", begin);
    begin();
  };
})();
