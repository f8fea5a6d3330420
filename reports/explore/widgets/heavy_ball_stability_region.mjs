import {
  complexRange,
  dampingCrossover,
  growthRate,
  heavyBallPath,
  rootModulus,
  stabilityLimit,
} from "descent-audit/momentum";
import { linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

const STEPS = 60;

export default {
  claim: "heavy_ball_stability_region",
  title: "the heavy ball at your rate and momentum",
  sliders: () => [
    { name: "rate", label: "relative rate h = ηλ", from: 0.01, to: 4.2, step: 0.01, start: 1.9 },
    { name: "momentum", label: "momentum β", from: 0, to: 0.99, step: 0.01, start: 0.5 },
  ],
  axes: [
    { panel: "map", x: {}, y: {} },
    { panel: "run", x: { label: "step k" }, y: { label: "iterate, from rest at 1", within: [-20, 20] } },
  ],
  series({ rate, momentum }, audited) {
    const [low, high] = audited.map_momentum;
    const line = linear(low, high, 60);
    const border = (label, colour, of) => ({ role: "line", label, colour, x: line.map(of), y: line });
    const x = Array.from({ length: STEPS + 1 }, (_, k) => k);
    return {
      map: [
        border("(1 − √β)²", 3, (beta) => complexRange(beta)[0]),
        border("1 + √β", 2, dampingCrossover),
        border("(1 + √β)²", 5, (beta) => complexRange(beta)[1]),
        border("2(1 + β)", 1, stabilityLimit),
        { role: "here", label: "your choice", colour: 1, x: [rate], y: [momentum] },
      ],
      run: [
        { role: "run", joined: true, label: "heavy ball", colour: 0, x, y: heavyBallPath(momentum, rate, STEPS) },
        { role: "line", label: "without momentum", colour: 1, x, y: heavyBallPath(0, rate, STEPS) },
      ],
    };
  },
  says({ rate, momentum }, audited) {
    const steps = audited.map_steps;
    const [low, high] = complexRange(momentum);
    const factor = rootModulus(momentum, rate);
    const roots = rate >= low && rate <= high ? "complex" : "real";
    const plainly = Math.abs(1 - rate);
    const gain = factor < plainly ? "faster than without momentum" : "not faster than without momentum";
    return [
      `Factor per step: ${shown(factor)} by the formula (roots ${roots}),`,
      `${shown(Math.exp(growthRate(momentum, rate, steps)))} measured over ${steps} steps;`,
      `${shown(plainly)} without momentum. It is ${factor < 1 ? "stable" : "not stable"}, ${gain};`,
      `the end of stability is at h = ${shown(stabilityLimit(momentum))}.`,
    ].join(" ");
  },
};
