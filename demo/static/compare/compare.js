// Compare: a button in a table's head puts the rows in the order of its column, and the other way round.
(() => {
  const order = (row, column) => row.cells[column].dataset.order.replace("inf", "Infinity");
  const compare = (one, other) => {
    const [first, second] = [Number(one), Number(other)];
    if (Number.isNaN(first) || Number.isNaN(second)) return one.localeCompare(other);
    return first === second ? 0 : first - second; // two infinities have no difference
  };
  window.resnetExplorer.sortRows = (element) => {
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-column]");
      if (!button) return;
      const head = button.closest("th");
      const column = Number(button.dataset.column);
      const isUp = head.ariaSort !== "ascending";
      for (const each of head.parentElement.cells) each.removeAttribute("aria-sort");
      head.ariaSort = isUp ? "ascending" : "descending";
      const body = head.closest("table").tBodies[0];
      body.append(...[...body.rows].sort((one, other) => (isUp ? 1 : -1) * compare(order(one, column), order(other, column))));
    });
  };
})();
