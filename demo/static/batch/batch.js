// Batch: whole folders that are dropped or chosen, and a table and tiles that are sorted and narrowed down in the page.
(() => {
  // An upload keeps a file's name and loses its folders: they travel in the name (demo/ui/files.py: BETWEEN).
  const BETWEEN = "\u2215"; // a slash that no file system takes for one
  const named = (file, path) => new File([file], path.split("/").filter(Boolean).join(BETWEEN), { type: file.type });

  // What lies in folders that were dropped; hidden files are the system's own.
  const entries = (folder) =>
    new Promise((resolve) => {
      const reader = folder.createReader();
      const found = [];
      const more = () => // a hundred at a time
        reader.readEntries(
          (some) => {
            if (!some.length) return resolve(found);
            found.push(...some);
            more();
          },
          () => resolve(found),
        );
      more();
    });
  const fileOf = (entry) => new Promise((resolve) => entry.file(resolve, () => resolve(null)));
  const filesIn = async (entry) => {
    if (entry.name.startsWith(".")) return [];
    if (entry.isFile) {
      const file = await fileOf(entry);
      const isBeside = entry.fullPath.lastIndexOf("/") === 0;
      return file ? [isBeside ? file : named(file, entry.fullPath)] : [];
    }
    const inside = (await entries(entry)).sort((one, other) => (one.name < other.name ? -1 : 1));
    return (await Promise.all(inside.map(filesIn))).flat();
  };

  Object.assign(window.resnetExplorer, {
    // The files of a drop with those in its folders; the entries can be asked for at the moment of the drop alone.
    withFolders(transfer) {
      const found = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      if (!found.some((entry) => entry.isDirectory)) return null;
      return Promise.all(found.map(filesIn)).then((each) => each.flat());
    },
    // The button that chooses a folder, for a box of files.
    chooseFolder(box) {
      const input = document.createElement("input");
      input.type = "file";
      input.webkitdirectory = true;
      input.addEventListener("change", () => {
        const files = [...input.files].filter((file) => !/(^|\/)\./.test(file.webkitRelativePath));
        files.sort((one, other) => (one.webkitRelativePath < other.webkitRelativePath ? -1 : 1));
        window.resnetExplorer.giveFiles(files.map((file) => named(file, file.webkitRelativePath)), document.querySelector(box));
      });
      input.click();
    },
    // What is shown of a batch: in which order, which of them, and the table by any of its columns.
    batchTools(element, watch) {
      let [which, words] = ["all", ""];
      let column = null; // of the table: [its place, 1 or -1]
      const narrow = () => {
        let shown = 0;
        const rows = element.querySelectorAll(".answers tbody tr");
        const byNumber = new Map([...rows].map((row) => [Number(row.cells[0].textContent) - 1, row]));
        for (const tile of element.querySelectorAll(".tiles figure")) {
          const row = byNumber.get(Number(tile.dataset.given));
          const isOne = which === "all" || tile.dataset.kind.split(" ").includes(which);
          const isMeant = isOne && (row?.textContent ?? "").toLowerCase().includes(words);
          tile.hidden = !isMeant;
          if (row) row.hidden = !isMeant;
          shown += isMeant;
        }
        const told = element.querySelector(".batch .narrow-shown");
        if (told) told.textContent = shown === rows.length ? "" : told.dataset.words.replace("{shown}", shown).replace("{all}", rows.length);
      };
      const value = (row, place) => {
        const text = row.cells[place]?.textContent.trim() ?? "";
        const number = parseFloat(text.replace(/[^\d.-]/g, ""));
        return place === 1 || place === 2 || Number.isNaN(number) ? text.toLowerCase() : number;
      };
      const order = () => {
        const body = element.querySelector(".answers tbody");
        if (!body || !column) return;
        const [place, way] = column;
        const compare = (one, other) => {
          const [a, b] = [value(one, place), value(other, place)];
          if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1; // what has no number stands last
          return way * (a < b ? -1 : a > b ? 1 : 0);
        };
        body.append(...[...body.rows].sort(compare));
        for (const [at, head] of [...element.querySelectorAll(".answers th")].entries())
          head.setAttribute("aria-sort", at !== place ? "none" : way > 0 ? "ascending" : "descending");
      };
      const dress = () => {
        for (const head of element.querySelectorAll(".answers th")) {
          if (head.querySelector("button")) continue;
          const button = document.createElement("button");
          button.type = "button";
          button.append(...head.childNodes);
          head.append(button);
        }
        const [select, input] = [element.querySelector("select.narrow-kind"), element.querySelector("input.narrow-words")];
        if (select && [...select.options].some((option) => option.value === which)) select.value = which;
        else which = "all";
        if (input) input.value = words;
        order();
        narrow();
      };
      element.addEventListener("click", ({ target }) => {
        const head = target.closest(".answers th");
        if (!head) return;
        const place = head.cellIndex;
        column = [place, column?.[0] === place ? -column[1] : 1];
        order();
      });
      element.addEventListener("input", ({ target }) => {
        if (target.matches("select.narrow-kind")) which = target.value;
        else if (target.matches("input.narrow-words")) words = target.value.toLowerCase();
        else return;
        narrow();
      });
      watch("value", () => requestAnimationFrame(dress));
      dress();
    },
  });
})();
