// A widget under a figure: sliders with a number field each, drawings, a legend, and a line that says what is seen.

import { CIVIDIS, draw, legendEntry, plain, shown } from "descent-audit/plot";

const HEIGHT = 260;
const WIDEST = 940;

/** Show the widget of every `.explore` element of a document once it comes near the window. */
export function start(document) {
  const found = [...document.querySelectorAll(".explore")];
  for (const element of found) element.hidden = false;
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
        observer.unobserve(target);
        mount(target);
      }
    },
    { rootMargin: "600px" },
  );
  for (const element of found) observer.observe(element);
}

/** Fill an element with its widget. Its data say which: the claim, its parameters, its axes and its audited points. */
async function mount(element) {
  const audit = JSON.parse(element.querySelector("script").textContent);
  const { default: widget } = await import(`descent-audit/widgets/${element.dataset.widget}`);
  const controls = widget.sliders(audit.parameters).map((slider) => control(slider, element.dataset.widget));
  const panels = widget.axes.map((axes) => ({ axes: resolved(axes, audit), node: panelNode(axes, audit) }));
  const says = document.createElement("output");
  says.setAttribute("aria-live", "polite");

  const render = () => {
    const values = Object.fromEntries(controls.map((one) => [one.name, one.value]));
    const series = widget.series(values, audit.parameters);
    for (const { axes, node } of panels) {
      redraw(node, axes, [...auditedSeries(axes, audit), ...(series[axes.panel] ?? [])]);
    }
    says.textContent = widget.says(values, audit.parameters);
  };
  const later = coalesced(render);
  for (const one of controls) one.onChange = later;

  const fields = document.createElement("div");
  fields.className = "controls";
  fields.append(...controls.map((one) => one.node), resetButton(controls, later));
  const heading = document.createElement("p");
  heading.className = "heading";
  heading.innerHTML = `<strong>Explore.</strong> ${plain(widget.title)}`;
  const plots = document.createElement("div");
  plots.className = "plots";
  plots.append(...panels.map((one) => one.node));
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `Explore: ${widget.title}`);
  element.append(heading, fields, says, plots);
  new ResizeObserver(later).observe(plots);
  render();
}

/** Return the axes of a panel: those of the figure, with what the widget says of them on top. */
function resolved(axes, audit) {
  const own = audit.panels.find((panel) => panel.name === axes.panel) ?? {};
  const side = (key) => ({ scale: own[`${key}_scale`], limits: own[`${key}_limits`], ...axes[key] });
  return {
    panel: axes.panel,
    x: side("x"),
    y: side("y"),
    equalAspect: own.equal_aspect,
    valueLimits: own.value_limits,
  };
}

/** Return the audited points of a panel as series: marks by what their arm is, cells where they have values. */
function auditedSeries(axes, audit) {
  const roles = { claim: "audited", case: "audited", control: "control", counterexample: "counterexample" };
  const labels = { audited: "audited", control: "audited control", counterexample: "audited counterexample" };
  return audit.points
    .filter((one) => one.panel === axes.panel)
    .map((one) => {
      if (one.role === "guide") return { ...one, role: "guide", label: "guide" };
      if (one.value) return { ...one, role: "cells", label: "" };
      return { ...one, role: roles[one.kind], label: labels[roles[one.kind]] };
    });
}

function control(slider, widget) {
  const { name, label, from, to, step, unit = "", logarithmic = false } = slider;
  const [out, back] = logarithmic ? [Math.log10, (v) => 10 ** v] : [(v) => v, (v) => v];
  const clamped = (v) => Math.min(Math.max(v, from), to);
  const node = document.createElement("div");
  const id = `explore-${widget}-${name}`;
  node.className = "control";
  node.innerHTML =
    `<label for="${id}">${plain(label)}</label>` +
    `<input type="range" id="${id}" min="${out(from)}" max="${out(to)}" step="${step}">` +
    `<span><input type="number" min="${from}" max="${to}" step="${logarithmic ? "any" : step}"` +
    ` aria-label="${plain(label)}, as a number"> ${plain(unit)}</span>`;
  const [range, field] = node.querySelectorAll("input");
  const one = { name, node, value: slider.start, onChange: () => {} };
  const show = (source) => {
    if (source !== range) range.value = out(one.value);
    if (source !== field) field.value = Number(one.value.toPrecision(6));
    range.setAttribute("aria-valuetext", `${shown(one.value)} ${unit}`.trim());
  };
  const take = (value, source) => {
    one.value = clamped(value);
    show(source);
    one.onChange();
  };
  range.addEventListener("input", () => take(tidy(back(Number(range.value))), range));
  field.addEventListener("input", () => {
    const value = field.valueAsNumber;
    if (value >= from && value <= to) take(value, field);
  });
  field.addEventListener("change", () => {
    const value = field.valueAsNumber;
    take(Number.isFinite(value) ? value : one.value, null);
  });
  one.reset = () => take(slider.start, null);
  show(null);
  return one;
}

function tidy(value) {
  return Number(value.toPrecision(6));
}

function resetButton(controls, later) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Reset";
  button.addEventListener("click", () => {
    for (const one of controls) one.reset();
    later();
  });
  return button;
}

function coalesced(render) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      render();
    });
  };
}

function panelNode(axes, audit) {
  const own = audit.panels.find((panel) => panel.name === axes.panel) ?? {};
  const node = document.createElement("div");
  node.className = "plot";
  node.innerHTML =
    `<p class="label">${own.y ?? plain(axes.y.label)}</p><div class="drawing"></div>` +
    `<p class="label across">${own.x ?? plain(axes.x.label)}</p><ul class="legend"></ul>`;
  if (own.value) {
    const [low, high] = own.value_limits;
    const bar = `<span class="bar" style="background: linear-gradient(to right, ${CIVIDIS})"></span>`;
    node
      .querySelector(".across")
      .insertAdjacentHTML("afterend", `<p class="label values">${own.value}: ${shown(low)} ${bar} ${shown(high)}</p>`);
  }
  return node;
}

function redraw(node, axes, series) {
  const drawing = node.querySelector(".drawing");
  const width = Math.max(Math.min(Math.floor(drawing.clientWidth), WIDEST), 240);
  const front = ["cells", "guide", "audited", "control", "counterexample", "run", "line", "here"];
  const ordered = [...series].sort((a, b) => front.indexOf(a.role) - front.indexOf(b.role));
  drawing.innerHTML = draw(axes, ordered, width, HEIGHT);
  const named = new Map(ordered.filter((one) => one.label).map((one) => [one.label, one]));
  node.querySelector(".legend").innerHTML = [...named.values()].map(legendEntry).join("");
}
