import { linear, sampledSteps } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { netGrowthBoundary, singleStepBoundary, sizes } from "descent-audit/warmup";

export default {
  claim: "warmup_transient_growth",
  title: "warmup through an early phase of high curvature",
  sliders: (audited) => [
    { name: "rate", label: "maximal learning rate", from: 0.05, to: 1, step: 0.01, start: audited.learning_rate },
    { name: "high", label: "high curvature", from: 1, to: 30, step: 0.5, start: audited.high_curvature },
    {
      name: "highSteps",
      label: "early phase K",
      unit: "steps",
      from: 1,
      to: 400,
      step: 1,
      start: audited.high_steps[0],
    },
    {
      name: "warmupSteps",
      label: "warmup S",
      unit: "steps",
      from: 1,
      to: 400,
      step: 1,
      start: audited.drawn_warmup_steps,
    },
  ],
  axes: [
    { panel: "size", x: {}, y: {} },
    { panel: "phase", x: { limits: [2, 10] }, y: {} },
  ],
  series(values, audited) {
    const drawn = sampledSteps(audited.steps, 81);
    const toy = { ...values, low: audited.low_curvature };
    const run = (warmupSteps) => {
      const found = sizes({ ...toy, warmupSteps }, audited.steps);
      return drawn.map((k) => found[k]);
    };
    const ends = [1e-60, 1e25];
    const c = linear(2.05, 10, 80);
    const border = (label, colour, of) => ({ role: "line", label, colour, x: c, y: c.map(of) });
    return {
      size: [
        { role: "guide", label: "end of the early phase", x: [values.highSteps, values.highSteps], y: ends },
        { role: "line", label: "constant rate", colour: 1, x: drawn, y: run(1) },
        { role: "line", label: "warmup", colour: 0, x: drawn, y: run(values.warmupSteps) },
      ],
      phase: [
        border("no expanding step below", 5, singleStepBoundary),
        border("no net growth below", 1, netGrowthBoundary),
        {
          role: "here",
          label: "your choice",
          colour: 1,
          x: [values.rate * values.high],
          y: [values.highSteps / values.warmupSteps],
        },
      ],
    };
  },
  says(values, audited) {
    const c = values.rate * values.high;
    const found = sizes({ ...values, low: audited.low_curvature }, audited.steps);
    const early = found.slice(0, values.highSteps + 1).reduce((most, size) => (size > most ? size : most));
    const ratio = values.highSteps / values.warmupSteps;
    const [single, net] = [shown(singleStepBoundary(c)), shown(netGrowthBoundary(c))];
    const limits =
      c > 2
        ? `no step expands up to K/S = 2/c = ${single}, no net growth up to ${net}`
        : "c is at most 2, and no step ever expands";
    return [
      `c = ${shown(c)}, K/S = ${shown(ratio)}: ${limits}.`,
      `With this warmup the largest size in the early phase is ${shown(early)}.`,
    ].join(" ");
  },
};
