// What is in sight shows itself anew: the page rings a bell of that tab or room, and the server hears of no other.
(() => {
  const bells = {};
  const chosen = (row) => document.querySelector(`${row} > .tab-wrapper [role=tab][aria-selected=true]`)?.dataset.tabId;
  const tab = () => chosen("#tabs") ?? "classify";
  const room = () => chosen("#explore-rooms") ?? "picture";
  const ringOne = (name) => bells[name]?.();
  window.resnetExplorer.ringOne = ringOne;

  Object.assign(window.resnetExplorer, {
    hang(name, trigger) {
      bells[name] = () => trigger("input");
    },
    ring(what) {
      if (window.resnetExplorer.ringLive(tab(), what)) return;
      if (window.resnetExplorer.isAwaited(tab())) return; // it is shown once what the address asks for is there
      if (tab() !== "explore" || what !== "photo") return ringOne(tab());
      ringOne("ribbon");
      if (["picture", "steps"].includes(room())) ringOne(room());
    },
    ringRoom() {
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
