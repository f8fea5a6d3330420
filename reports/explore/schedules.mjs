// Schedules of the learning rate, their slopes, and where the cosine crosses exponential decay.

import { bisect } from "descent-audit/numbers";

const HALVINGS = 60;
const MARGIN = 1e-9;

/** Return `t/(N - 1)`, the elapsed share of a run of N rates. */
function progress(t, steps) {
  return t / Math.max(steps - 1, 1);
}

/** Return the rate t of exponential decay from `rate` to `rate * ratio` over N rates, counted from 0. */
export function exponential(t, rate, ratio, steps) {
  return rate * ratio ** progress(t, steps);
}

/** Return the rate t of cosine annealing between the same two rates. */
export function cosine(t, rate, ratio, steps) {
  return rate * (ratio + (1 - ratio) * Math.cos(0.5 * Math.PI * progress(t, steps)) ** 2);
}

/** Return the rate k, counted from 1, of linear warmup over S steps; S = 1 is the constant rate. */
export function linearWarmup(k, rate, warmupSteps) {
  return rate * Math.min(k / warmupSteps, 1);
}

/** Return minus the derivative of a schedule by the elapsed share, in units of its first rate. */
export function slope(name, share, ratio) {
  if (name === "exponential") return -Math.log(ratio) * ratio ** share;
  return (1 - ratio) * (0.5 * Math.PI * Math.sin(Math.PI * share));
}

/** Return the share of the run at which the cosine falls below exponential decay. */
export function crossing(ratio) {
  return bisect((s) => cosine(s, 1, ratio, 2) - exponential(s, 1, ratio, 2) < 0, MARGIN, 1 - MARGIN, HALVINGS);
}

/** Return the sum of the cosine's N rates over that of exponential decay, in closed form. */
export function areaRatio(ratio, steps) {
  const factor = Math.log(ratio) / (steps - 1);
  return (0.5 * steps * (1 + ratio)) / (Math.expm1(steps * factor) / Math.expm1(factor));
}

/** Return the share at which the cosine falls fastest relative to its size. */
export function fastestRelativePosition(ratio) {
  return Math.acos(-(1 - ratio) / (1 + ratio)) / Math.PI;
}
