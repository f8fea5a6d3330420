import { constantGradientSteps, stepRatio } from "descent-audit/adaptive";
import { sampledSteps } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

export default {
  claim: "adam_bias_profile",
  title: "Adam's first steps under a constant gradient, without its correction",
  sliders: (audited) => [
    { name: "first", label: "first averaging constant β₁", from: 0, to: 0.99, step: 0.01, start: audited.decays[0][0] },
    {
      name: "second",
      label: "second averaging constant β₂",
      from: 0.5,
      to: 0.9999,
      step: 0.0001,
      start: audited.decays[0][1],
    },
    { name: "steps", label: "run length", unit: "steps", from: 100, to: 20000, step: 100, start: audited.steps },
  ],
  axes: [{ panel: "ratio", x: {}, y: {} }],
  series({ first, second, steps }) {
    const drawn = sampledSteps(steps, 40, true);
    const fine = sampledSteps(steps, 150, true);
    const [uncorrected, corrected] = ["adam_uncorrected", "adam"].map((method) =>
      constantGradientSteps(method, first, second, steps),
    );
    return {
      ratio: [
        { role: "line", label: "closed form", colour: 1, x: fine, y: fine.map((t) => stepRatio(t, first, second)) },
        {
          role: "run",
          label: "your run",
          colour: 0,
          x: drawn,
          y: drawn.map((t) => uncorrected[t - 1] / corrected[t - 1]),
        },
      ],
    };
  },
  says({ first, second, steps }) {
    const ratios = Array.from({ length: steps }, (_, i) => stepRatio(i + 1, first, second));
    const peak = ratios.reduce((best, one, i) => (one > ratios[best] ? i : best), 0);
    return [
      `Uncorrected, the first step is ${shown(ratios[0])} times the corrected one;`,
      `the largest is step ${peak + 1} with ${shown(ratios[peak])} times,`,
      `and step ${steps} is at ${shown(ratios[steps - 1])}.`,
    ].join(" ");
  },
};
