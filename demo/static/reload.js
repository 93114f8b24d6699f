// What a reload keeps: the tab, the photo and the model, as far as this browser's tab can hold them; and Back goes to the
// tab before. A checkpoint of one's own and a lesson are no more than the page's own, and it says so.
(() => {
  const tabs = () => document.querySelectorAll("#tabs > .tab-wrapper [role=tab][data-tab-id]");
  const tabOf = (id) => [...tabs()].find((tab) => tab.dataset.tabId === id);
  const hold = (key, value) => {
    try {
      if (value !== undefined) sessionStorage.setItem(`resnet-explorer-${key}`, value);
      return sessionStorage.getItem(`resnet-explorer-${key}`) ?? "";
    } catch {
      return ""; // cookies are refused
    }
  };

  const seen = () => document.querySelector("#photo .image-frame img")?.src ?? "";
  let isBack = false; // the photo of before is there again
  window.resnetExplorer.keep = () => {
    const card = document.querySelector(".status[data-choice]");
    if (card) hold("model", card.dataset.choice);
    if (isBack) hold("photo", seen());
  };
  window.resnetExplorer.heldModel = () => hold("model");

  const bringBack = async () => {
    const address = hold("photo");
    if (address && address !== seen()) {
      const answer = await fetch(address).catch(() => null);
      const name = decodeURIComponent(address.split("/").pop());
      const blob = answer?.ok && (await answer.blob());
      if (blob) window.resnetExplorer.givePhoto(new File([blob], name, { type: blob.type }));
    }
    isBack = true;
  };

  const tell = () => {
    const held = JSON.parse(hold("model") || "{}");
    const note = document.querySelector(".not-kept");
    if (!note || !held.lost) return;
    note.querySelector("b").textContent = held.lost;
    note.hidden = false;
  };

  window.resnetExplorer.openTab = (id) => tabOf(id)?.click();
  window.resnetExplorer.startAgain = () => {
    tell();
    bringBack();
    if (location.hash) tabOf(location.hash.slice(1))?.click();
  };
  document.addEventListener("click", ({ target }) => {
    const tab = target.closest("#tabs > .tab-wrapper [role=tab][data-tab-id]");
    if (tab && location.hash.slice(1) !== tab.dataset.tabId) history.pushState(null, "", `#${tab.dataset.tabId}`);
  });
  addEventListener("popstate", () => (tabOf(location.hash.slice(1)) ?? tabs()[0])?.click());

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#skip a")) return;
    event.preventDefault(); // the address names the tab
    document.querySelector("#tabs > .tab-wrapper [role=tab][aria-selected=true]").focus();
  });

  // Tabs answer the arrow keys, as tabs do elsewhere.
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab) return;
    const row = [...tab.parentElement.querySelectorAll("[role=tab]")];
    const at = row.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: row.length - 1 }[event.key];
    if (to === undefined || !row[to]) return;
    event.preventDefault();
    event.stopPropagation();
    row[to].focus();
    row[to].click();
  });
})();
