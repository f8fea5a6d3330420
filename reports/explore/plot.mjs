// Axes, lines and marks as SVG text, in the grammar of the static figures: marks are runs, lines are closed forms.

/** The palette of the static figures; the last one is the colour of the text, which a dark page turns. */
export const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "currentColor"];

/** The map of the static figures at equal steps. */
export const CIVIDIS = [
  "#00224e", "#002e6a", "#1a386f", "#32436d", "#434e6c", "#535a6d", "#61656f", "#6f7073", "#7d7c78",
  "#8c8878", "#9b9476", "#aba072", "#bcae6c", "#cdbb63", "#dec958", "#f0d846", "#fee838",
];

const MARGIN = { left: 52, right: 14, top: 8, bottom: 24 };
const SYMLOG_THRESHOLD = 2;
const FAR = 1e5;
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** The three scales: where a number is drawn, in units of the scale, and which ticks lie between two numbers. */
export const SCALES = {
  linear: { forward: (v) => v, ticks: linearTicks },
  log: { forward: (v) => (v > 0 ? Math.log10(v) : NaN), ticks: logTicks },
  symlog: { forward: symlog, ticks: symlogTicks },
};

/** Return a number as the ticks and the readout show it. */
export function shown(value, digits = 4) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) return String(Number(value.toPrecision(digits))).replace("-", "−");
  return scientific(value, Math.min(digits, 3));
}

function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = `10${[...String(Number(exponent))].map((one) => SUPERSCRIPTS[one]).join("")}`;
  return Number(mantissa) === 1 ? power : `${String(Number(mantissa)).replace("-", "−")} × ${power}`;
}

/** Return text with the characters replaced that markup would take as its own. */
export function plain(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** Return the ends of an axis: its limits, or the extent of what is drawn, at most `within`, with some room around. */
function extent(axis, values) {
  if (axis.limits) return axis.limits;
  const { forward } = SCALES[axis.scale ?? "linear"];
  const [low, high] = axis.within ?? [-Infinity, Infinity];
  const kept = values.filter((v) => Number.isFinite(v) && Number.isFinite(forward(v)));
  if (!kept.length) return axis.scale === "log" ? [0.1, 10] : [0, 1];
  const least = Math.min(
    Math.max(
      kept.reduce((a, b) => Math.min(a, b)),
      low,
    ),
    high,
  );
  const most = Math.max(
    Math.min(
      kept.reduce((a, b) => Math.max(a, b)),
      high,
    ),
    low,
  );
  const room = 0.04 * (forward(most) - forward(least)) || 0.5;
  if (axis.scale === "log") return [least * 10 ** -room, most * 10 ** room];
  if (axis.scale === "symlog") return [least && least - room, most * 1.15];
  return [least - room, most + room];
}

/** Return one drawing as SVG text.
 *
 * `axes` holds `x` and `y`, each with `scale`, `limits` or `within`, and may hold `equalAspect`, and `valueLimits` of
 * a map. A series has a `role`, a `colour` (an index of the palette), `x`, `y`, and on a map `value`.
 */
export function draw(axes, series, width, height) {
  const box = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left - MARGIN.right };
  box.height = height - MARGIN.top - MARGIN.bottom;
  const ends = {
    x: extent(
      axes.x,
      series.flatMap((one) => one.x),
    ),
    y: extent(
      axes.y,
      series.flatMap((one) => one.y),
    ),
  };
  if (axes.equalAspect) stretch(ends, box);
  const place = { x: placing(axes.x, ends.x, 0, box.width), y: placing(axes.y, ends.y, box.height, 0) };
  const inside = series.map((one) => SHAPES[one.role](one, place, axes)).join("");
  return (
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">` +
    frame(axes, ends, place, box) +
    `<svg x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" overflow="hidden">${inside}</svg></svg>`
  );
}

/** Return the entry of a legend for a series: a swatch in its style, and its label. */
export function legendEntry(one) {
  const place = { x: (v) => v, y: (v) => v };
  const line = one.role === "line" || one.role === "guide" || (one.role === "run" && one.joined);
  const swatch = { ...one, x: line ? [1, 12, 23] : [12], y: line ? [8, 8, 8] : [8] };
  const shape = SHAPES[one.role](swatch, place, {});
  return `<li><svg width="24" height="16" aria-hidden="true">${shape}</svg>${plain(one.label)}</li>`;
}

/** Return the colour of a value between two limits on the map of the static figures. */
export function mapColour(value, [low, high]) {
  const position = Math.min(Math.max((value - low) / (high - low), 0), 1) * (CIVIDIS.length - 1);
  const first = Math.min(Math.floor(position), CIVIDIS.length - 2);
  const channel = (i, from) => Number.parseInt(CIVIDIS[i].slice(from, from + 2), 16);
  const mixed = [1, 3, 5].map((from) => {
    const [a, b] = [channel(first, from), channel(first + 1, from)];
    return Math.round(a + (position - first) * (b - a));
  });
  return `#${mixed.map((one) => one.toString(16).padStart(2, "0")).join("")}`;
}

const SHAPES = {
  line: (one, place) => `<path class="line" ${stroke(one)} d="${polyline(one, place)}"/>`,
  guide: (one, place) => `<path class="guide" d="${polyline(one, place)}"/>`,
  run: (one, place) =>
    (one.joined ? `<path class="thread" ${stroke(one)} d="${polyline(one, place)}"/>` : "") +
    points(one, place, (x, y) => `<circle class="run" ${fill(one)} cx="${x}" cy="${y}" r="${one.size ?? 2.6}"/>`),
  here: (one, place) => points(one, place, (x, y) => `<circle class="here" ${stroke(one)} cx="${x}" cy="${y}" r="6"/>`),
  audited: (one, place) => points(one, place, (x, y) => `<circle class="audited" cx="${x}" cy="${y}" r="3"/>`),
  control: (one, place) => points(one, place, (x, y) => `<path class="audited" d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6"/>`),
  counterexample: (one, place) =>
    points(one, place, (x, y) => `<path class="audited" d="M${x} ${y - 4}l4 4l-4 4l-4 -4z"/>`),
  cells,
};

function stroke(one) {
  return `stroke="${COLOURS[one.colour ?? 0]}"`;
}

function fill(one) {
  return `fill="${COLOURS[one.colour ?? 0]}"`;
}

function points(one, place, mark) {
  const marks = one.x.map((x, i) => [place.x(x), place.y(one.y[i])]);
  return marks
    .filter((at) => at.every((v) => Number.isFinite(v) && Math.abs(v) < FAR))
    .map((at) => mark(...at))
    .join("");
}

function polyline(one, place) {
  let pen = "M";
  const parts = [];
  one.x.forEach((x, i) => {
    const at = [place.x(x), place.y(one.y[i])];
    if (at.every((v) => Number.isFinite(v))) {
      parts.push(pen + at.map((v) => Math.min(Math.max(v, -FAR), FAR)).join(" "));
      pen = "L";
    } else pen = "M";
  });
  return parts.join("");
}

function cells(one, place, axes) {
  const [columns, rows] = [one.x, one.y].map((all) => [...new Set(all)].sort((a, b) => a - b));
  const side = (at, all) => Math.abs(at(all[1] ?? all[0] + 1) - at(all[0]));
  const [w, h] = [side(place.x, columns), side(place.y, rows)];
  return one.x
    .map((x, i) => {
      const colour = mapColour(one.value[i], axes.valueLimits);
      const corner = `x="${(place.x(x) - w / 2).toFixed(1)}" y="${(place.y(one.y[i]) - h / 2).toFixed(1)}"`;
      return `<rect ${corner} width="${(w + 1).toFixed(1)}" height="${(h + 1).toFixed(1)}" fill="${colour}"/>`;
    })
    .join("");
}

function placing(axis, [low, high], from, to) {
  const { forward } = SCALES[axis.scale ?? "linear"];
  const [a, b] = [forward(low), forward(high)];
  return (v) => Number((from + ((forward(v) - a) / (b - a)) * (to - from)).toFixed(2));
}

function stretch(ends, box) {
  const unit = Math.max((ends.x[1] - ends.x[0]) / box.width, (ends.y[1] - ends.y[0]) / box.height);
  for (const [key, side] of [
    ["x", "width"],
    ["y", "height"],
  ]) {
    const middle = 0.5 * (ends[key][0] + ends[key][1]);
    ends[key] = [middle - 0.5 * unit * box[side], middle + 0.5 * unit * box[side]];
  }
}

function frame(axes, ends, place, box) {
  const ticks = (axis, [low, high], most) => SCALES[axis.scale ?? "linear"].ticks(low, high, most);
  const bottom = box.y + box.height;
  const across = ticks(axes.x, ends.x, Math.max(2, Math.floor(box.width / 64))).map((v) => {
    const x = box.x + place.x(v);
    const text = `<text x="${x}" y="${bottom + 17}" text-anchor="middle">${tickText(axes.x, v)}</text>`;
    return `<path class="axis" d="M${x} ${bottom}v4"/>${text}`;
  });
  const up = ticks(axes.y, ends.y, Math.max(2, Math.floor(box.height / 36))).map((v) => {
    const y = box.y + place.y(v);
    return (
      `<path class="grid" d="M${box.x} ${y}h${box.width}"/><path class="axis" d="M${box.x - 4} ${y}h4"/>` +
      `<text x="${box.x - 7}" y="${y + 4}" text-anchor="end">${tickText(axes.y, v)}</text>`
    );
  });
  return `${up.join("")}${across.join("")}<path class="axis" d="M${box.x} ${box.y}V${bottom}h${box.width}"/>`;
}

function tickText(axis, v) {
  return axis.scale === "log" && (v < 0.01 || v >= 1e4) ? scientific(v, 1) : shown(v);
}

function linearTicks(low, high, most) {
  const rough = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5].find((one) => one * unit >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function logTicks(low, high, most) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  if (last - first < 1) return linearTicks(low, high, most);
  const step = Math.ceil((last - first + 1) / most);
  const start = Math.ceil(first / step) * step;
  return Array.from({ length: Math.floor((last - start) / step) + 1 }, (_, i) => 10 ** (start + i * step));
}

function symlog(v) {
  const size = Math.abs(v) / SYMLOG_THRESHOLD;
  return Math.sign(v) * (size <= 1 ? size : 1 + 0.9 * Math.log10(size));
}

function symlogTicks(low, high, most) {
  const powers = high > 10 ? logTicks(10, high, Math.max(most - 2, 1)) : [];
  return [0, 1, ...powers].filter((v) => v >= low && v <= high);
}
