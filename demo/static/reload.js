// What a reload keeps beside its address: the photo, as far as this browser's tab can hold it. A checkpoint of one's own
// and a lesson are no more than the page's own, and it says so.
(() => {
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
    if (card) hold("lost", JSON.parse(card.dataset.choice || "{}").lost ?? "");
    if (isBack) hold("photo", seen());
  };

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
    const note = document.querySelector(".not-kept");
    if (!note || !hold("lost")) return;
    note.querySelector("b").textContent = hold("lost");
    note.hidden = false;
  };

  window.resnetExplorer.startAgain = () => {
    tell();
    bringBack();
  };

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
