// Linear warmup through an early phase of high curvature: on a quadratic, and in a loss whose basins are finite.

import { bisect, path } from "descent-audit/numbers";
import { linearWarmup } from "descent-audit/schedules";

/** Return `|w_0|, ..., |w_N|` on `a_k w^2/2` from 1; the curvature is high in the first `highSteps` steps. */
export function sizes({ rate, high, low, highSteps, warmupSteps }, steps) {
  const curvature = (k) => (k <= highSteps ? high : low);
  return path((w, k) => w - linearWarmup(k, rate, warmupSteps) * (curvature(k) * w), 1, steps).map(Math.abs);
}

/** Return the largest K/S at which no single step expands, `2/c`. */
export function singleStepBoundary(relativeRate) {
  return 2 / relativeRate;
}

/** Return the largest K/S without net growth in the limit of large S/c. */
export function netGrowthBoundary(relativeRate) {
  const root = bisect((x) => (x - 1) * Math.log(x - 1) > x, 2, 10, 52);
  return relativeRate >= root ? root / relativeRate : 1 / relativeRate + 1 / Math.log(relativeRate - 1);
}

/** Return `w_0, ..., w_N` on `a_k (1 - cos w)`. */
export function basinPath(start, { rate, high, low, highSteps, warmupSteps }, steps) {
  const curvature = (k) => (k <= highSteps ? high : low);
  return path((w, k) => w - linearWarmup(k, rate, warmupSteps) * (curvature(k) * Math.sin(w)), start, steps);
}

/** Return how far one step can lead from inside the basin at `c >= 2`: `sqrt(c^2 - 1) - arccos(1/c)`, at least pi. */
export function oneStepReach(relativeRate) {
  return Math.max(Math.sqrt(relativeRate * relativeRate - 1) - Math.acos(1 / relativeRate), Math.PI);
}
