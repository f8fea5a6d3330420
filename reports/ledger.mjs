// The ledger's filter and order. The view is kept in the fragment of the address, so that it can be linked:
// #ledger?verdict=conditional&section=Momentum&text=valley&order=margin

const form = document.querySelector("#ledger-filter");
const boxes = [...form.querySelectorAll("[name=verdict]")];
const verdicts = boxes.map((box) => box.value);
const count = form.querySelector("output");
const sections = [...document.querySelectorAll("section.ledger")];
const entries = [...document.querySelectorAll("tr[data-verdict]")].map((row, place) => ({
  row,
  place,
  home: row.parentElement,
  section: row.dataset.section,
  verdict: verdicts.indexOf(row.dataset.verdict),
  margin: row.dataset.margin ? Number(row.dataset.margin) : Infinity,
  text: row.textContent.toLowerCase(),
}));
const flat = flatTable();

const orders = {
  verdict: (a, b) => a.verdict - b.verdict,
  margin: (a, b) => (a.margin === b.margin ? 0 : a.margin - b.margin),
};

function flatTable() {
  const pattern = document.querySelector("table.statements");
  const table = pattern.cloneNode(false);
  table.append(pattern.tHead.cloneNode(true), pattern.tBodies[0].cloneNode(false));
  table.classList.add("flat");
  table.setAttribute("aria-label", "Statements of all sections");
  form.after(table);
  return table;
}

function viewOf(data) {
  return new URLSearchParams([...data].filter(([, value]) => value.trim()));
}

function matches(entry, view) {
  const chosen = view.getAll("verdict");
  const words = (view.get("text") ?? "").toLowerCase().split(/\s+/);
  return (
    (!chosen.length || chosen.includes(entry.row.dataset.verdict)) &&
    (!view.get("section") || view.get("section") === entry.section) &&
    words.every((word) => entry.text.includes(word))
  );
}

function show(view) {
  const order = orders[view.get("order")];
  const shown = entries.filter((entry) => matches(entry, view));
  const sorted = order ? [...entries].sort((a, b) => order(a, b) || a.place - b.place) : entries;
  for (const entry of sorted) {
    entry.row.hidden = !shown.includes(entry);
    (order ? flat.tBodies[0] : entry.home).append(entry.row);
  }
  flat.hidden = !order || !shown.length;
  for (const section of sections) section.hidden = !section.querySelector("tr[data-verdict]:not([hidden])");
  count.value = shown.length ? `${shown.length} of ${entries.length} statements` : "No statement fits.";
}

function update() {
  const view = viewOf(new FormData(form));
  history.replaceState(null, "", view.size ? `#ledger?${view}` : "#ledger");
  show(view);
}

function fill(view) {
  form.reset();
  for (const box of boxes) box.checked = view.getAll("verdict").includes(box.value);
  for (const name of ["section", "text", "order"]) form.elements[name].value = view.get(name) ?? "";
  show(viewOf(new FormData(form)));
}

function follow() {
  const [anchor, view] = location.hash.slice(1).split("?");
  const target = document.getElementById(anchor);
  if (view !== undefined) fill(new URLSearchParams(view));
  else if (target?.closest("[hidden]")) fill(new URLSearchParams());
  else return;
  target?.scrollIntoView();
}

for (const link of document.querySelectorAll("a[data-view]")) {
  link.href = `#ledger?${new URLSearchParams(link.dataset.view)}`;
}
form.addEventListener("input", update);
form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector("button").addEventListener("click", () => {
  form.reset();
  update();
});
addEventListener("hashchange", follow);
form.hidden = false;
show(new URLSearchParams());
follow();
