import { quadraticFactor, quadraticPath } from "descent-audit/maps";
import { sampledSteps } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

export default {
  claim: "quadratic_divergence_threshold",
  title: "descent on a quadratic, below and beyond 2/L",
  sliders: (audited) => [
    {
      name: "rate",
      label: "learning rate times smoothness, ηL",
      from: 0.05,
      to: 3,
      step: 0.01,
      start: audited.drawn_relative_rates.at(-1),
    },
    { name: "steps", label: "run length N", unit: "steps", from: 10, to: 300, step: 5, start: audited.drawn_steps },
  ],
  axes: [{ panel: "distance", x: {}, y: { within: [1e-8, 1e8] } }],
  series({ rate, steps }) {
    const every = Array.from({ length: steps + 1 }, (_, k) => k);
    const drawn = sampledSteps(steps, 41);
    const run = quadraticPath(1, rate, steps);
    return {
      distance: [
        { role: "run", label: "your run", colour: 0, x: drawn, y: drawn.map((k) => Math.abs(run[k])) },
        {
          role: "line",
          label: "|1 − ηL| to the power k",
          colour: 1,
          x: every,
          y: every.map((k) => quadraticFactor(rate, k)),
        },
      ],
    };
  },
  says({ rate, steps }) {
    const factor = Math.abs(1 - rate);
    const verdict = rate < 2 ? "it converges" : rate === 2 ? "it oscillates for ever" : "it diverges";
    const sides = rate > 1 ? "from side to side" : "from one side";
    return [
      `Each step multiplies the distance by |1 − ηL| = ${shown(factor)}, ${sides}: ${verdict}.`,
      `After ${steps} steps the distance is ${shown(factor ** steps)}.`,
    ].join(" ");
  },
};
