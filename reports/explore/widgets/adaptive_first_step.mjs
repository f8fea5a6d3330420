import { firstStep, parabolaPath, predictedFirstStep } from "descent-audit/adaptive";
import { geometric } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

const METHODS = { adam: "Adam", adam_uncorrected: "Adam, uncorrected", rmsprop: "RMSProp" };
const STEPS = 300;

function constants({ first, second, epsilon }) {
  return { first, second, epsilon };
}

export default {
  claim: "adaptive_first_step",
  title: "the first step against the gradient, and how far a run on a parabola goes",
  sliders: (audited) => [
    { name: "first", label: "first averaging constant β₁", from: 0, to: 0.99, step: 0.01, start: audited.first_decay },
    {
      name: "second",
      label: "second averaging constant β₂",
      from: 0.5,
      to: 0.9999,
      step: 0.0001,
      start: audited.second_decay,
    },
    { name: "epsilon", label: "ε", from: 1e-12, to: 1, step: 0.1, start: audited.excursion_epsilon, logarithmic: true },
    {
      name: "start",
      label: "start of the parabola's run",
      from: 0.1,
      to: 10,
      step: 0.1,
      start: audited.excursion_start,
    },
  ],
  axes: [
    { panel: "first_step", x: {}, y: { within: [1e-6, 1e6] } },
    { panel: "excursion", x: {}, y: { within: [1e-3, 1e6] } },
  ],
  series(values, audited) {
    const gradients = geometric(Math.min(...audited.gradients), Math.max(...audited.gradients), 61);
    const rates = geometric(0.003, 1, 31);
    const names = Object.entries(METHODS);
    const excursion = (method, rate) =>
      parabolaPath(method, values.start, rate, constants(values), STEPS)
        .slice(1)
        .reduce((most, x) => Math.max(most, Math.abs(x)), 0) / values.start;
    return {
      first_step: names.flatMap(([method, label], colour) => [
        {
          role: "line",
          label,
          colour,
          x: gradients,
          y: gradients.map((g) => predictedFirstStep(method, g, constants(values))),
        },
        {
          role: "run",
          label: "",
          colour,
          x: audited.gradients,
          y: audited.gradients.map((g) => firstStep(method, g, audited.learning_rate, constants(values))),
        },
      ]),
      excursion: names.map(([method, label], colour) => ({
        role: "run",
        joined: true,
        label,
        colour,
        x: rates,
        y: rates.map((rate) => excursion(method, rate)),
      })),
    };
  },
  says(values) {
    const at = (method) => shown(predictedFirstStep(method, 1, constants(values)));
    const turns = 1 - (1 - values.first) ** 2;
    const side = values.second > turns ? "too large" : "not too large";
    return [
      `At |g| = 1 the first step over η is ${at("adam")} for Adam,`,
      `${at("adam_uncorrected")} without correction and ${at("rmsprop")} for RMSProp.`,
      `Uncorrected it is ${side}: β₂ is compared with 1 − (1 − β₁)² = ${shown(turns)}.`,
    ].join(" ");
  },
};
