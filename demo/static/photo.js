// Ways in for photos: the camera, the clipboard, and a drop anywhere on the page. All of them end in the upload box of
// the tab that is in sight, so that what follows is the same as for a file that was chosen there.
(() => {
  let touchedBox = null; // of Teach, the one that was used last

  const inSight = (part) => part?.offsetParent != null;
  const boxes = () => [...document.querySelectorAll(".teach-box")].filter(inSight);
  const inputOf = (box) => box?.querySelector("input[type=file]");
  const canFilm = () => Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);

  // Where a photo goes that came from no particular place of the page; none where the tab takes none.
  const place = (spot) => {
    const own = spot?.closest?.(".teach-box, #files, #compare-files, #photo");
    if (own) return own;
    if (boxes().length) {
      const isEmpty = (box) => !box.querySelector(".thumbnail-item");
      return inSight(touchedBox) ? touchedBox : (boxes().find(isEmpty) ?? boxes()[0]);
    }
    const files = [...document.querySelectorAll("#files, #compare-files")].find(inSight);
    if (files) return files;
    return inSight(document.querySelector("#compare-sides")) ? null : document.querySelector("#photo");
  };

  const give = (files, box) => {
    const input = inputOf(box);
    if (!input || !files.length) return false;
    const carrier = new DataTransfer();
    for (const file of input.multiple ? files : files.slice(0, 1)) carrier.items.add(file);
    input.value = "";
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  // A picture that another page holds by an address of its own: what this page may read of such addresses.
  const fetched = async (transfer) => {
    const markup = new DOMParser().parseFromString(transfer.getData("text/html"), "text/html");
    const address = markup.querySelector("img")?.getAttribute("src") || transfer.getData("text/uri-list");
    if (!/^(data:image\/|blob:)/.test(address)) return [];
    const blob = await (await fetch(address)).blob();
    return blob.type.startsWith("image/") ? [new File([blob], `photo.${blob.type.slice(6)}`, { type: blob.type })] : [];
  };

  const take = async (event, transfer, spot) => {
    const box = place(spot);
    const inFolders = ["files", "compare-files"].includes(box?.id) ? window.resnetExplorer.withFolders(transfer) : null;
    const files = [...transfer.files];
    const hasAddress = !files.length && /<img|^(data:image|blob:)/.test(transfer.getData("text/html") || transfer.getData("text/uri-list"));
    if (!box || (!files.length && !hasAddress && !inFolders)) return;
    event.preventDefault();
    event.stopPropagation();
    give(inFolders ? await inFolders : files.length ? files : await fetched(transfer).catch(() => []), box);
  };

  window.resnetExplorer.giveFiles = give;
  window.resnetExplorer.givePhoto = (file) => give([file], document.querySelector("#photo"));

  document.addEventListener("paste", (event) => take(event, event.clipboardData, event.target), true);

  // A drop beside every box would make the browser leave the page for the picture.
  const carriesPicture = (event) => [...event.dataTransfer.types].some((type) => type === "Files" || type === "text/html");
  const ownDrop = (event) => event.target.closest("#checkpoint, #compare-checkpoints, #class-names-file, input, textarea");
  document.addEventListener(
    "dragover",
    (event) => {
      if (!carriesPicture(event) || ownDrop(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    },
    true,
  );
  for (const over of ["dragleave", "drop", "dragend"])
    document.addEventListener(
      over,
      (event) => {
        if (over !== "dragleave" || !event.relatedTarget) document.body.classList.remove("dropping");
      },
      true,
    );
  document.addEventListener(
    "drop",
    (event) => {
      if (carriesPicture(event) && !ownDrop(event)) take(event, event.dataTransfer, event.target);
    },
    true,
  );
  document.addEventListener("pointerdown", ({ target }) => (touchedBox = target.closest(".teach-box") ?? touchedBox), true);
  document.addEventListener("focusin", ({ target }) => (touchedBox = target.closest(".teach-box") ?? touchedBox));

  // The camera: the browser's own where the page may film, which needs https or this very machine; else the device's,
  // as phones offer it for a file.
  const stopTracks = (stream) => stream?.getTracks().forEach((track) => track.stop());
  const stop = (video) => {
    stopTracks(video.srcObject);
    video.srcObject = null;
  };
  const show = (dialog, reason) => {
    for (const words of dialog.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== reason;
    dialog.querySelector("[data-shoot]").disabled = reason !== "films";
    dialog.querySelector("[data-hold]").hidden = reason !== "films" || !inputOf(dialog.box)?.multiple;
    dialog.querySelector("video").hidden = reason !== "films";
  };
  const camera = (size) => navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", ...size } });
  const whyNot = (error) => (error.name === "NotAllowedError" ? "refused" : "missing");
  const film = async (dialog) => {
    const video = dialog.querySelector("video");
    const opening = (dialog.opening = {});
    show(dialog, "asks");
    try {
      const stream = await camera();
      if (!dialog.open || dialog.opening !== opening) return stopTracks(stream); // closed before the browser's question was answered
      video.srcObject = stream;
      await video.play();
      show(dialog, "films");
    } catch (error) {
      if (dialog.opening === opening) show(dialog, whyNot(error));
    }
  };
  const openCamera = (box, reason = canFilm() ? "" : "insecure") => {
    const dialog = document.querySelector("#camera dialog");
    dialog.box = box;
    dialog.querySelector("[data-shots]").textContent = "";
    dialog.showModal();
    if (reason) show(dialog, reason);
    else film(dialog);
  };
  Object.assign(window.resnetExplorer, { canFilm, camera, whyNot, stopCamera: stop }); // for the live one, too
  window.resnetExplorer.tellNoCamera = (reason) => openCamera(document.querySelector("#photo"), reason);
  const frame = (video) => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  };
  const named = (blob, number) => new File([blob], `photo-${Date.now()}-${number}.jpg`, { type: "image/jpeg" });
  const shoot = async (dialog) => {
    give([named(await frame(dialog.querySelector("video")), 1)], dialog.box);
    if (!inputOf(dialog.box)?.multiple) return dialog.close();
    dialog.querySelector("[data-shots]").textContent += "●"; // one for each that was taken; the camera stays
  };

  // While the button is held: a photo every HELD_MS, all given at once when it is let go.
  const HELD_MS = 200;
  const MOST_HELD = 60;
  const hold = (dialog) => {
    if (dialog.held) return;
    const shots = [];
    const take = () => {
      if (shots.length === MOST_HELD) return;
      shots.push(frame(dialog.querySelector("video")));
      dialog.querySelector("[data-shots]").textContent = `● ${shots.length}`;
    };
    take();
    dialog.held = { shots, timer: setInterval(take, HELD_MS) };
  };
  const letGo = async () => {
    const dialog = document.querySelector("#camera dialog");
    if (!dialog?.held) return;
    const { shots, timer } = dialog.held;
    dialog.held = null;
    clearInterval(timer);
    give((await Promise.all(shots)).map(named), dialog.box);
  };
  const isHold = ({ target, key }) => target.closest?.("[data-hold]") && (key === undefined || key === " " || key === "Enter");
  for (const begins of ["pointerdown", "keydown"])
    document.addEventListener(begins, (event) => isHold(event) && hold(event.target.closest("dialog")));
  for (const ends of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(ends, letGo);
  addEventListener("blur", letGo);
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest("button[data-camera]");
    if (opener) return openCamera(opener.closest(".teach-box") ?? document.querySelector("#photo"));
    const dialog = target.closest("#camera dialog");
    if (!dialog) return;
    if (target.closest("[data-shoot]")) shoot(dialog);
    if (target.closest("[data-close]") || target === dialog) dialog.close();
  });
  document.addEventListener(
    "close",
    ({ target }) => {
      if (!target.matches?.("#camera dialog")) return;
      letGo();
      stop(target.querySelector("video"));
    },
    true,
  );
  document.addEventListener("change", ({ target }) => {
    const dialog = target.closest("#camera dialog");
    if (!dialog) return;
    give([...target.files], dialog.box);
    target.value = "";
    dialog.close();
  });
})();
