import { linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { basinPath, oneStepReach, singleStepBoundary } from "descent-audit/warmup";

const SHOWN_STEPS = 80;

function left(path) {
  return path.some((w) => !(Math.abs(w) < Math.PI));
}

function paths(values, audited, steps, count) {
  const starts = linear(audited.nearest, audited.furthest, count);
  return starts.map((start) => basinPath(start, { ...values, low: audited.low_curvature }, steps));
}

export default {
  claim: "warmup_basin_retention",
  title: "which starts stay in their basin, by the length of the warmup (one step: none)",
  sliders: (audited) => [
    { name: "warmupSteps", label: "warmup S", unit: "steps", from: 1, to: 400, step: 1, start: audited.warmup_steps },
    { name: "rate", label: "maximal learning rate", from: 0.05, to: 1, step: 0.01, start: audited.learning_rate },
    { name: "high", label: "high curvature", from: 1, to: 20, step: 0.5, start: audited.high_curvature },
    { name: "highSteps", label: "early phase K", unit: "steps", from: 1, to: 400, step: 1, start: audited.high_steps },
  ],
  axes: [{ panel: "warmup", x: {}, y: { limits: undefined, within: [-12, 12] } }],
  series(values, audited) {
    const steps = Math.max(SHOWN_STEPS, audited.drawn_steps);
    const x = Array.from({ length: steps + 1 }, (_, k) => k);
    const found = paths(values, audited, steps, audited.drawn_starts);
    const group = (kept, label, colour) =>
      found
        .filter((path) => left(path) !== kept)
        .map((y) => ({ role: "run", joined: true, size: 1.6, label, colour, x, y }));
    return { warmup: [...group(true, "stays so far", 0), ...group(false, "leaves", 1)] };
  },
  says(values, audited) {
    const c = values.rate * values.high;
    const gone = paths(values, audited, audited.steps, audited.starts).filter(left).length;
    const reach = c > 2 ? ` One step at the full rate reaches ${shown(oneStepReach(c))}; the border is at π.` : "";
    const safe =
      c > 2
        ? `K ≤ 2S/c = ${shown(singleStepBoundary(c) * values.warmupSteps)} suffices to stay`
        : "c is at most 2 and nothing can leave";
    return `c = ${shown(c)}: ${safe}.${reach} Of ${audited.starts} starts ${gone} leave within ${audited.steps} steps.`;
  },
};
