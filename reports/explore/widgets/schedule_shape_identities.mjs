import { linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { cosine, exponential, fastestRelativePosition, slope } from "descent-audit/schedules";

const SCHEDULES = { cosine, exponential };
const FINE = linear(0, 1, 101);

export default {
  claim: "schedule_shape_identities",
  title: "cosine annealing and exponential decay between the same two rates",
  sliders: (audited) => [
    {
      name: "ratio",
      label: "last rate over first, r",
      from: 1e-6,
      to: 0.99,
      step: 0.02,
      start: audited.drawn_ratio,
      logarithmic: true,
    },
    { name: "steps", label: "number of rates N", from: 2, to: 61, step: 1, start: 31 },
  ],
  axes: [
    { panel: "rates", x: {}, y: {} },
    { panel: "decrements", x: {}, y: {} },
    { panel: "relative", x: {}, y: {} },
  ],
  series({ ratio, steps }) {
    const rates = Object.entries(SCHEDULES).map(([name, of]) => [
      name,
      Array.from({ length: steps }, (_, t) => of(t, 1, ratio, steps)),
    ]);
    const middles = Array.from({ length: steps - 1 }, (_, t) => (t + 0.5) / (steps - 1));
    const panel = (x, measured, line) =>
      rates.flatMap(([name, own], colour) => [
        { role: "line", label: name, colour, x: FINE, y: FINE.map((s) => line(name, s)) },
        { role: "run", label: "", colour, x, y: x.map((_, t) => measured(own, t)) },
      ]);
    const level = (name, s) => SCHEDULES[name](s, 1, ratio, 2);
    return {
      rates: panel(linear(0, 1, steps), (own, t) => own[t], level),
      decrements: panel(
        middles,
        (own, t) => (own[t] - own[t + 1]) * (steps - 1),
        (name, s) => slope(name, s, ratio),
      ),
      relative: panel(
        middles,
        (own, t) => Math.log(own[t] / own[t + 1]) * (steps - 1),
        (name, s) => slope(name, s, ratio) / level(name, s),
      ),
    };
  },
  says({ ratio, steps }) {
    return [
      `Exponential decay multiplies by ${shown(ratio ** (1 / (steps - 1)))} at every step.`,
      `The cosine falls fastest half-way,`,
      `by ${shown(slope("cosine", 0.5, ratio))} per run in units of the first rate;`,
      `relative to its size it falls fastest at s = ${shown(fastestRelativePosition(ratio))}.`,
    ].join(" ");
  },
};
