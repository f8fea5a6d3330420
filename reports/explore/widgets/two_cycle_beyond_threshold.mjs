import { cycleAmplitude, logCoshEnd } from "descent-audit/maps";
import { linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

const LARGEST = 1e100;

function bounded(distance) {
  return distance <= LARGEST ? distance : NaN;
}

export default {
  claim: "two_cycle_beyond_threshold",
  title: "where descent ends on a loss that is quadratic only near its minimum",
  sliders: (audited) => [
    { name: "rate", label: "learning rate η", from: 0.1, to: 12, step: 0.05, start: 3 },
    {
      name: "convexity",
      label: "strong convexity μ",
      from: 0,
      to: 1,
      step: 0.01,
      start: audited.drawn_strong_convexity,
    },
    { name: "start", label: "start", from: 0.01, to: 20, step: 0.01, start: audited.start },
    { name: "steps", label: "run length N", unit: "steps", from: 10, to: 2000, step: 10, start: 100 },
  ],
  axes: [{ panel: "amplitude", x: {}, y: { within: [0, 1e3] } }],
  series({ rate, convexity, start, steps }, audited) {
    const [low, high] = audited.drawn_learning_rates;
    const rates = linear(low, Math.max(high, rate), 61);
    const fine = linear(low, Math.max(high, rate), 241);
    const ends = rates.map((one) => bounded(Math.abs(logCoshEnd(convexity, start, one, steps))));
    const here = bounded(Math.abs(logCoshEnd(convexity, start, rate, steps)));
    const branch = fine.map((one) => cycleAmplitude(convexity, one));
    const height = branch.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 1);
    const bounds = [2 / (1 + convexity), 2 / convexity].filter((one) => one <= rates.at(-1));
    return {
      amplitude: [
        ...bounds.map((one) => ({ role: "guide", label: "2/L and 2/μ", x: [one, one], y: [0, height] })),
        { role: "line", label: "amplitude of the two-cycle", colour: 1, x: fine, y: branch },
        { role: "run", label: "your runs", colour: 0, x: rates, y: ends },
        { role: "here", label: "at your rate", colour: 2, x: [rate], y: [here] },
      ],
    };
  },
  says({ rate, convexity, start, steps }) {
    const end = Math.abs(logCoshEnd(convexity, start, rate, steps));
    const [first, last] = [2 / (1 + convexity), 2 / convexity];
    const place =
      rate <= first
        ? "up to 2/L: it converges"
        : rate < last
          ? "between 2/L and 2/μ: a bounded two-cycle"
          : "beyond 2/μ: it diverges";
    return [
      `2/L = ${shown(first)}, 2/μ = ${shown(last)}; your rate is ${place}.`,
      `After ${steps} steps the distance is ${shown(end)};`,
      `the cycle's amplitude is ${shown(cycleAmplitude(convexity, rate))}.`,
    ].join(" ");
  },
};
