import { geometric, linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { crowd, loss, passageCurve } from "descent-audit/wells";

const ORDER = 6;
const DRAWN = 13;
const exact = new Map();
const last = {};

function wells(audited) {
  return {
    sharp: { width: audited.sharp_width, depth: audited.sharp_depth },
    flat: { width: audited.flat_width, depth: audited.flat_depth },
  };
}

function passages(temperature, audited) {
  const steps = audited.steps.at(-1);
  if (!exact.has(temperature))
    exact.set(temperature, passageCurve(wells(audited), audited.learning_rate, temperature, steps, ORDER));
  return exact.get(temperature);
}

function walkers(values, audited) {
  const key = JSON.stringify(values);
  if (last.key !== key)
    Object.assign(last, { key, found: crowd(wells(audited), { ...values, rate: audited.learning_rate }) });
  return last.found;
}

export default {
  claim: "noise_escape_probability",
  title: "walkers from the sharp minimum, and the exact share of them that has reached the flat one",
  sliders: (audited) => [
    { name: "temperature", label: "temperature T", from: 0.12, to: 1, step: 0.01, start: audited.path_temperature },
    {
      name: "steps",
      label: "steps N",
      unit: "steps",
      from: 50,
      to: audited.steps.at(-1),
      step: 50,
      start: audited.steps.at(-1),
    },
    { name: "walkers", label: "walkers", from: 50, to: 600, step: 10, start: 300 },
    { name: "seed", label: "seed", from: 1, to: 1000, step: 1, start: 1 },
  ],
  axes: [
    { panel: "walkers", x: {}, y: { within: [-2, 4] } },
    { panel: "passages", x: { label: "step k" }, y: { label: "share that has passed", limits: [0, 1] } },
    { panel: "escape", x: {}, y: { limits: [0, 1.05] } },
  ],
  series(values, audited) {
    const own = wells(audited);
    const found = walkers(values, audited);
    const curve = passages(values.temperature, audited);
    const every = Array.from({ length: values.steps + 1 }, (_, k) => k);
    const temperatures = geometric(0.12, 1, DRAWN);
    const share = found.counts[values.steps] / values.walkers;
    const ground = linear(-1.6 * audited.sharp_width, 1.5 * audited.flat_width, 120);
    return {
      walkers: [
        { role: "guide", label: "loss", x: ground, y: ground.map((x) => loss(own, x)) },
        {
          role: "run",
          label: `walkers after ${values.steps} steps`,
          colour: 0,
          x: found.positions,
          y: found.positions.map((x) => loss(own, x)),
        },
      ],
      passages: [
        { role: "line", label: "exact", colour: 1, x: every, y: every.map((k) => curve[k]) },
        {
          role: "line",
          label: "your walkers",
          colour: 0,
          x: every,
          y: every.map((k) => found.counts[k] / values.walkers),
        },
      ],
      escape: [
        {
          role: "line",
          label: "exact, at your N",
          colour: 1,
          x: temperatures,
          y: temperatures.map((t) => passages(t, audited)[values.steps]),
        },
        { role: "here", label: "your walkers", colour: 0, x: [values.temperature], y: [share] },
      ],
    };
  },
  says(values, audited) {
    const probability = passages(values.temperature, audited)[values.steps];
    const count = walkers(values, audited).counts[values.steps];
    const error = Math.sqrt(values.walkers * probability * (1 - probability));
    return [
      `Exactly ${shown(100 * probability, 3)} % have reached the flat minimum within ${values.steps} steps.`,
      `Of your ${values.walkers} walkers ${count} have;`,
      `${shown(values.walkers * probability, 3)} are expected, give or take ${shown(error, 2)}.`,
    ].join(" ");
  },
};
