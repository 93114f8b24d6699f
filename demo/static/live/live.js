// The live camera: the newest frame alone goes to the app, one at a time, and the very frame that was answered is drawn
// with its map over it. Whatever ends the live view ends the camera with it.
(() => {
  const page = window.resnetExplorer;
  const root = document.documentElement;
  const LONGEST = 640; // px of a frame's longer side: the model looks at less
  const RATED_MS = 6000; // the answers of so long make the rate
  const SETTLED_MS = 1000; // an answer that stays so long is read aloud
  const FAILURES = 4; // without an answer, one second after the other
  let go = null; // what runs now

  const part = (selector) => document.querySelector(`#live ${selector}`);
  const all = (selector) => document.querySelectorAll(`#live ${selector}`);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const say = (words) => {
    part("[data-problem]").textContent = words;
    part("[data-problem]").hidden = !words;
  };
  // The words' language may change meanwhile, and with it all that stands here.
  const setUp = () => {
    const place = part("[data-here]");
    if (!place.firstElementChild || go.view !== place.dataset.here) place.innerHTML = go.view = place.dataset.here;
    part(".asks").hidden = go.films;
  };
  const press = (isOn) => {
    root.classList.toggle("live", isOn);
    for (const button of document.querySelectorAll("[data-live]")) button.setAttribute("aria-pressed", String(isOn));
  };

  const start = async () => {
    if (go) return;
    if (!page.canFilm()) return page.tellNoCamera("insecure");
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, className: "live-source" });
    const mine = { video, canvas: document.createElement("canvas"), over: new AbortController(), films: false, token: "", frames: 0, times: [], failures: 0 };
    go = mine;
    document.body.append(video); // a browser on a phone plays none that is nowhere
    say("");
    press(true);
    setUp();
    part(".result").scrollIntoView({ block: "nearest" });
    page.ringOne("live"); // asks for the pass, which comes to film()
    try {
      video.srcObject = await page.camera({ width: { ideal: 640 }, height: { ideal: 480 } });
      if (go !== mine) return page.stopCamera(video); // stopped before the browser's question was answered
      for (const track of video.srcObject.getTracks()) track.addEventListener("ended", () => go === mine && fail("missing"));
      await video.play();
    } catch (error) {
      if (go === mine) fail(page.whyNot(error));
      return;
    }
    mine.films = true;
    setUp();
    countFrames(mine);
    run(mine);
  };

  const fail = (reason) => {
    stop();
    page.tellNoCamera(reason);
  };
  const letGo = ({ video, over, token }) => {
    page.stopCamera(video);
    video.remove();
    over.abort();
    if (token) navigator.sendBeacon(`live/${token}?off`);
  };
  const stop = (why = "") => {
    if (!go) return;
    const mine = go;
    go = null;
    letGo(mine);
    press(false);
    part("[data-here]").replaceChildren();
    say(why);
    if (mine.isOther) page.ringOne("classify"); // what stands there was made for another model, language or look
  };

  // No frame is answered twice: a fast computer waits for the camera.
  const countFrames = (mine) => {
    if (!mine.video.requestVideoFrameCallback) return;
    const came = () => {
      mine.frames += 1;
      mine.wake?.();
      if (go === mine) mine.video.requestVideoFrameCallback(came);
    };
    mine.video.requestVideoFrameCallback(came);
  };
  const another = (mine) => {
    if (!mine.video.requestVideoFrameCallback) return sleep(30);
    return mine.frames ? null : new Promise((resolve) => (mine.wake = resolve));
  };
  const grab = (mine) => {
    const { video, canvas } = mine;
    mine.frames = 0;
    const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, width, height);
    // Not toBlob, which waits until the page has nothing else to do: that costs more than the encoding.
    const encoded = atob(canvas.toDataURL("image/jpeg", 0.9).split(",")[1] ?? "");
    return new Blob([Uint8Array.from(encoded, (each) => each.charCodeAt(0))], { type: "image/jpeg" });
  };

  const run = async (mine) => {
    while (go === mine && !mine.isHeld) {
      if (!mine.token) {
        await sleep(50); // the pass is on its way
        continue;
      }
      await another(mine);
      if (go !== mine) return;
      const blob = grab(mine);
      const taken = performance.now();
      const answer = await ask(mine, blob);
      if (!answer) continue;
      const map = answer.map && (await decoded(answer.map));
      if (go !== mine || mine.isHeld) return;
      mine.shown = blob;
      setUp();
      draw(mine.canvas, map, answer.seen);
      write(mine, answer);
      document.dispatchEvent(new CustomEvent("live-answer", { detail: performance.now() - taken })); // for the benchmark
      await sleep(answer.pause);
    }
  };
  // None where this frame has none; what cannot get better ends the live view.
  const ask = async (mine, body) => {
    try {
      const response = await fetch(`live/${mine.token}`, { method: "POST", body, signal: mine.over.signal });
      const answer = await response.json();
      mine.failures = 0;
      if (response.ok) return answer;
      if (response.status === 404 && !mine.isBack) {
        Object.assign(mine, { isBack: true, token: "" }); // forgotten, such as when the computer slept: once more
        page.ringOne("live");
      } else if (response.status === 429) await sleep(200);
      else if (go === mine) stop(answer.problem ?? part("[data-problem]").dataset.lost);
    } catch {
      mine.failures += 1;
      if (go !== mine) return null;
      if (mine.failures === FAILURES) stop(part("[data-problem]").dataset.lost);
      await sleep(1000);
    }
    return null;
  };
  const decoded = async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    return image;
  };

  // The square that the model saw, and the map over it.
  const draw = (frame, map, share) => {
    const side = Math.round(Math.min(frame.width, frame.height) * share);
    const [left, top] = [Math.round((frame.width - side) / 2), Math.round((frame.height - side) / 2)];
    const [square, layer] = all("canvas");
    for (const canvas of [square, layer]) if (canvas.width !== side) canvas.width = canvas.height = side;
    square.getContext("2d").drawImage(frame, left, top, side, side, 0, 0, side, side);
    const pen = layer.getContext("2d");
    pen.clearRect(0, 0, side, side);
    if (map) pen.drawImage(map, 0, 0, side, side);
  };

  // Names of classes come from files that anybody has made: they are written as text, never as HTML.
  const made = (tag, kind, words = "") => Object.assign(document.createElement(tag), { className: kind, textContent: words });
  const strip = ({ share, colour }) => {
    const line = made("i", "");
    line.style.width = `${(100 * share).toFixed(2)}%`;
    if (colour) line.style.background = colour;
    return line;
  };
  const row = (each) => {
    const whole = made("p", "row");
    const bar = made("span", "bar");
    bar.append(strip(each));
    whole.append(made("b", "label", each.label), made("span", "value", each.value), bar);
    return whole;
  };
  const write = (mine, answer) => {
    Object.assign(part("[data-headline]"), { className: answer.size, textContent: answer.headline });
    part("[data-value]").textContent = answer.value;
    part(".versus").hidden = !answer.ends.length;
    part(".ends").replaceChildren(...answer.ends.map(({ label }) => made("b", "end", label)));
    part(".parts").replaceChildren(...answer.ends.map(strip));
    part(".answers > div").replaceChildren(...answer.answers.map(row));
    part("[data-notes]").replaceChildren(...answer.notes.map((words) => made("p", "note", words)));
    part("[data-keep]").disabled = false;
    rate(mine, answer.cameras);
    readAloud(mine, answer.headline);
  };
  const rate = (mine, cameras) => {
    const now = performance.now();
    mine.times = [...mine.times.filter((time) => now - time < Math.max(RATED_MS, cameras * 1000)), now];
    if (mine.times.length < 2 || now - (mine.rated ?? 0) < 500) return; // figures that change all the time cannot be read
    mine.rated = now;
    const each = (1000 * (mine.times.length - 1)) / (now - mine.times[0]);
    const { rate, shared } = part(".result").dataset;
    const words = cameras > 1 ? shared : rate;
    part("[data-rate-now]").textContent = words.replace("{rate}", each < 1.95 ? each.toFixed(1) : Math.round(each)).replace("{cameras}", cameras);
  };
  const readAloud = (mine, headline) => {
    if (mine.headline !== headline) Object.assign(mine, { headline, since: performance.now() });
    else if (performance.now() - mine.since > SETTLED_MS && part(".said").textContent !== headline) part(".said").textContent = headline;
  };

  // The frame that is shown becomes the page's photo; the camera is off at once, and its picture stays until then.
  const keep = () => {
    go.isHeld = true;
    page.stopCamera(go.video);
    page.givePhoto(new File([go.shown], `photo-${Date.now()}.jpg`, { type: "image/jpeg" }));
  };

  Object.assign(page, {
    film(token) {
      if (!go) return;
      if (token) go.token = token;
      else stop(); // why stands where all problems of this tab do
    },
    openLive() {
      page.openTab("classify");
      start();
    },
    // Whether it is the live view that another model, language or look concerns; another tab or photo ends it.
    ringLive(tab = "classify", what = "") {
      if (!go) return false;
      if (tab !== "classify" || what === "photo") {
        stop();
        return false;
      }
      go.isOther = true;
      page.ringOne("live");
      return true;
    },
  });

  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-live]")) go ? stop() : start();
    else if (target.closest("#live [data-stop]")) stop();
    else if (target.closest("#live [data-keep]") && go?.shown) keep();
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !go || document.querySelector("dialog[open], .zoomed")) return;
      event.stopPropagation(); // the projector stays
      stop();
    },
    true,
  );
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  addEventListener("pagehide", () => stop());
})();
