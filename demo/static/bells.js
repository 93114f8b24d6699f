// What is in sight shows itself anew: the page rings a bell of that tab or room, and the server hears of no other.
(() => {
  const bells = {};
  const chosen = (row) => document.querySelector(`${row} > .tab-wrapper [role=tab][aria-selected=true]`)?.dataset.tabId;
  const tab = () => chosen("#tabs") ?? "classify";
  const room = () => chosen("#explore-rooms") ?? "picture";
  // What a phone chooses from the menu behind the tabs comes into their row a moment later, and until then none is chosen.
  const LONGEST_MS = 1000;
  const settled = async (row) => {
    const begun = performance.now();
    while (document.querySelector(row) && !chosen(row) && performance.now() - begun < LONGEST_MS)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const ringOne = (name) => bells[name]?.();
  window.resnetExplorer.ringOne = ringOne;

  Object.assign(window.resnetExplorer, {
    hang(name, trigger) {
      bells[name] = () => trigger("input");
    },
    async ring(what) {
      await settled("#tabs");
      if (window.resnetExplorer.ringLive(tab(), what)) return;
      if (window.resnetExplorer.isAwaited(tab())) return; // it is shown once what the address asks for is there
      if (tab() !== "explore" || what !== "photo") return ringOne(tab());
      ringOne("ribbon");
      if (["picture", "steps"].includes(room())) ringOne(room());
    },
    async ringRoom() {
      await settled("#explore-rooms");
      if (window.resnetExplorer.isAwaited("explore")) return;
      ringOne(["picture", "steps"].includes(room()) ? room() : "about");
    },
    // The network was drawn: its ribbon is filled, and its room follows; of a photo as it was only the maps do.
    ringDrawn(picture = "picture") {
      ringOne("ribbon");
      if (room() === "picture") ringOne(picture);
      else if (room() !== "steps" || picture === "picture") window.resnetExplorer.ringRoom();
    },
    ringOpened() {
      if (room() === "picture") ringOne("maps");
      if (room() === "code") ringOne("excerpts");
    },
  });
})();
