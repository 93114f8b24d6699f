// What one looks at stands in the address and comes back from it: a link, a reload and Back show the same again. Each
// tab's result says in data-address what of it belongs there. Never the photo, which is nobody else's.
(() => {
  const SHOWN = ["tab", "room", "model", "weights", "lang"];
  const DETAILS = ["stage", "block", "layer", "method", "class", "size", "stem", "classes", "left", "right", "step"];
  const OURS = [...SHOWN, ...DETAILS];
  const tabs = (row) => [...document.querySelectorAll(`${row} > .tab-wrapper [role=tab][data-tab-id]`)];
  // A narrow page has the last tabs in a menu, in their order and without their ids.
  const inMenu = (row, id) => {
    const shown = tabs(row).map((tab) => tab.dataset.tabId);
    const at = window.resnetRows[row].filter((each) => !shown.includes(each)).indexOf(id);
    return document.querySelectorAll(`${row} > .tab-wrapper .overflow-dropdown button`)[at];
  };
  const open = (row, id) => (tabs(row).find((tab) => tab.dataset.tabId === id) ?? inMenu(row, id))?.click();
  const chosen = (row) => tabs(row).find((tab) => tab.ariaSelected === "true")?.dataset.tabId;
  const asksForAny = (query) => OURS.some((name) => query.has(name));

  let search = location.search; // what is to come true
  let isArriving = true; // until it has, the page writes no other
  let opened = ""; // what the page showed by itself, which needs no address

  // The address of what is in sight; other parts of it, such as Gradio's own, stay.
  const here = (card) => {
    const query = new URLSearchParams(location.search);
    for (const name of OURS) query.delete(name);
    const { model, weights } = JSON.parse(card.dataset.choice || "{}");
    const [tab, room] = [chosen("#tabs"), chosen("#explore-rooms")];
    const { lang } = document.documentElement;
    const said = { tab, room: tab === "explore" && room !== "picture" ? room : "", model, weights, lang };
    for (const [name, value] of Object.entries(said)) if (value) query.set(name, value);
    for (const part of document.querySelectorAll("[data-address]"))
      if (part.checkVisibility()) for (const [name, value] of new URLSearchParams(part.dataset.address)) query.append(name, value);
    return query;
  };
  const write = () => {
    const card = document.querySelector(".status[data-choice]");
    if (isArriving || !card || !chosen("#tabs")) return; // between two tabs none is chosen for a moment
    const now = new URLSearchParams(location.search);
    const query = here(card);
    opened ||= asksForAny(now) || query.get("tab") !== "classify" ? "never" : String(query);
    if (String(query) === String(now) || (!asksForAny(now) && String(query) === opened)) return;
    const isTab = (now.get("tab") ?? "classify") === query.get("tab");
    history[isTab ? "replaceState" : "pushState"](null, "", `?${query}`);
  };
  const asked = (name) => new URLSearchParams(search).get(name);
  const openTab = () => open("#tabs", asked("tab") ?? "classify");

  Object.assign(window.resnetExplorer, {
    writeAddress: write,
    search: () => search,
    isAwaited: (tab) => isArriving && asksForAny(new URLSearchParams(search)) && tab === (asked("tab") ?? "classify"),
    openTab: (id) => open("#tabs", id),
    // A teacher's page begins at the lesson, unless its address names another tab; before the page is there.
    startAtLesson() {
      const query = new URLSearchParams(search);
      if (query.has("tab")) return;
      query.set("tab", "lesson");
      search = `?${query}`;
      history.replaceState(null, "", `${location.pathname}${search}`);
      if (!query.has("step")) window.resnetExplorer.lessonAgain();
    },
    openAddress() {
      if (asksForAny(new URLSearchParams(search))) openTab();
    },
    // The model is there: what else the address asks for is the server's to try, where it asks for anything.
    arrive() {
      if (asksForAny(new URLSearchParams(search))) return window.resnetExplorer.ringOne("address");
      window.resnetExplorer.arrived();
      window.resnetExplorer.ring();
    },
    arrived() {
      isArriving = false;
      document.documentElement.dataset.arrived = "true"; // for who drives the page by a program
      if (asked("room")) open("#explore-rooms", asked("room"));
      // Who has gone on to a tab that was seen before brings nothing new into the page, which would write it.
      if (chosen("#tabs") !== (asked("tab") ?? "classify")) requestAnimationFrame(write);
    },
  });

  const arriveAgain = () => {
    isArriving = true;
    search = location.search;
    window.resnetExplorer.lessonArrive(new URLSearchParams(search));
    openTab();
    window.resnetExplorer.arrive();
  };
  addEventListener("popstate", arriveAgain);
  // Goes where a link within the page leads; model, weights and language stay unless it names others.
  window.resnetExplorer.visit = (link) => {
    const query = new URLSearchParams(link);
    for (const [name, value] of new URLSearchParams(location.search))
      if (["model", "weights", "lang"].includes(name) && !query.has(name)) query.append(name, value);
    history.pushState(null, "", `?${query}`);
    arriveAgain();
  };

  // Over plain http a browser has no clipboard for scripts but the old one.
  const copy = async (words) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(words);
    const box = document.body.appendChild(document.createElement("textarea"));
    box.value = words;
    box.select();
    document.execCommand("copy");
    box.remove();
  };
  document.addEventListener("click", async ({ target }) => {
    if (!target.closest("[data-copy-link]")) return;
    const card = document.querySelector(".status[data-choice]");
    const address = new URL(location.href);
    if (card) address.search = here(card);
    await copy(address.href);
    const said = document.querySelector(".link-said");
    said.textContent = card && "lost" in JSON.parse(card.dataset.choice || "{}") ? said.dataset.without : said.dataset.copied;
    setTimeout(() => (said.textContent = ""), 4000);
  });
})();
