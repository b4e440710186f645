addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("section:not(#runs) details")) folded.open = true;
});
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const compare = (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
      const number = (a, b) => Number(key(a)) - Number(key(b));
      const missing = (row) => row.cells[column].textContent === "–";
      const numeric = [...body.rows].every((row) => missing(row) || !isNaN(Number(key(row))));
      const rows = [...body.rows].sort((a, b) => missing(a) - missing(b) || (descending ? -1 : 1) * (numeric ? number : compare)(a, b));
      body.append(...rows);
    });
  });
}
