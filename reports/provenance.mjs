// Where a number comes from, shown beside it: hover shows its name, a tap or Enter the whole chain.

/** The parts of an identifier: claim/arm/quantity[point], table.csv/row/column, or a claim for its figure. */
export function parts(id) {
  const observed = /^(\w+)\/(\w+)\/(\w+)(?:\[(.*)\])?$/.exec(id);
  if (observed) {
    const [, claim, arm, quantity, at] = observed;
    return { kind: "observed", claim, arm, quantity, at: at ?? "" };
  }
  const counted = /^(\w+\.csv)\/([^/]+)\/(\w+)$/.exec(id);
  if (counted) return { kind: "counted", table: counted[1], row: counted[2], column: counted[3] };
  return { kind: "drawn", claim: id };
}

/** The lines of the chain, [label, text], for a page whose run has this scale and seed, and by claim a file and digests. */
export function chain(id, { scale, seed, origins }) {
  const one = parts(id);
  const option = scale === "full" ? "" : ` --scale ${scale}`;
  const quoted = /^[\w/.-]+$/.test(id) ? id : `'${id}'`;
  const command = `python -m descent_audit.trace${option}`;
  const trace = ["trace", `${command} ${quoted}`];
  if (one.kind === "counted") {
    return [["table", one.table], ["row", one.row], ["column", one.column.replaceAll("_", " ")], trace];
  }
  const made = origins[one.claim] ?? { file: "", parameters: "", code: "" };
  const origin = [
    ["seed", String(seed)],
    ["parameters", made.file],
    ["sha256 of them", made.parameters],
    ["sha256 of the code", made.code],
  ];
  if (one.kind === "drawn") {
    return [["figure of", one.claim], ["file", `results/${scale}/curves/${one.claim}.csv`], ...origin, trace];
  }
  return [
    ["claim", one.claim],
    ["arm", one.arm],
    ["quantity", one.quantity],
    ["at", one.at.replaceAll(";", ", ") || "the whole arm"],
    ["file", `results/${scale}/observations/${one.claim}.csv`],
    ...origin,
    trace,
    ["recompute", `${command} --recompute ${quoted}`],
  ];
}

function panel() {
  const dialog = document.createElement("dialog");
  dialog.className = "provenance";
  dialog.setAttribute("aria-labelledby", "provenance-title");
  dialog.innerHTML = '<form method="dialog"><h2 id="provenance-title">Where this comes from</h2><button>Close</button></form><dl></dl>';
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  return dialog;
}

function show(dialog, lines) {
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const [label, text] of lines) {
    const [term, detail, code] = ["dt", "dd", "code"].map((name) => document.createElement(name));
    term.textContent = label;
    code.textContent = text;
    detail.append(code);
    list.append(term, detail);
  }
  dialog.showModal();
}

function start() {
  const data = document.getElementById("provenance-data");
  if (!data) return;
  const origin = JSON.parse(data.textContent);
  const dialog = panel();
  // One stop of the keyboard a row: the first number of it; the others open on a tap or a click.
  for (const row of document.querySelectorAll("tr, figcaption, li, .tile")) {
    const first = row.querySelector(".bound");
    if (first) Object.assign(first, { tabIndex: 0, role: "button" });
  }
  for (const image of document.querySelectorAll("section.claim figure > img.figure")) {
    image.title = image.closest("section").id;
    image.classList.add("bound");
  }
  const open = (event) => {
    const bound = event.target.closest(".bound");
    if (!bound || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    show(dialog, chain(bound.title, origin));
  };
  document.addEventListener("click", open);
  document.addEventListener("keydown", open);
}

if (typeof document !== "undefined") start();
