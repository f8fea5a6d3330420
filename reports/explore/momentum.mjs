// The heavy ball on one mode of a quadratic: its run, and its roots in closed form; h is eta times the curvature.

import { path } from "descent-audit/numbers";

const RENORMALISE = 20;

function step(momentum, relativeRate, { x, velocity }) {
  const next = momentum * velocity - relativeRate * x;
  return { x: x + next, velocity: next };
}

/** Return `x_0, ..., x_N` from rest at 1. */
export function heavyBallPath(momentum, relativeRate, steps) {
  return path((state) => step(momentum, relativeRate, state), { x: 1, velocity: 0 }, steps).map((state) => state.x);
}

/** Return the larger modulus of the roots of `z^2 - (1 + beta - h) z + beta`: the factor per step in the long run. */
export function rootModulus(momentum, relativeRate) {
  const trace = Math.abs(1 + momentum - relativeRate);
  const discriminant = trace * trace - 4 * momentum;
  return discriminant <= 0 ? Math.sqrt(momentum) : 0.5 * (trace + Math.sqrt(discriminant));
}

/** Return the relative rate from which on the heavy ball diverges, `2 (1 + beta)`. */
export function stabilityLimit(momentum) {
  return 2 * (1 + momentum);
}

/** Return the relative rate beyond which momentum damps faster than plain descent, `1 + sqrt(beta)`. */
export function dampingCrossover(momentum) {
  return 1 + Math.sqrt(momentum);
}

/** Return `(1 - sqrt(beta))^2` and `(1 + sqrt(beta))^2`, between which the roots are complex. */
export function complexRange(momentum) {
  const root = Math.sqrt(momentum);
  return [(1 - root) ** 2, (1 + root) ** 2];
}

/** Return the mean growth of the logarithm of the state's norm per step, over the second half of a run. */
export function growthRate(momentum, relativeRate, steps) {
  let state = { x: 1, velocity: 0 };
  let total = 0;
  const half = Math.floor(steps / 2);
  for (const [first, last] of [
    [0, half],
    [half, steps],
  ]) {
    total = 0;
    for (let done = first; done < last; done += RENORMALISE) {
      for (let k = done; k < Math.min(done + RENORMALISE, last); k += 1) state = step(momentum, relativeRate, state);
      const norm = Math.hypot(state.x, state.velocity);
      const scale = norm > 0 ? norm : 1;
      state = { x: state.x / scale, velocity: state.velocity / scale };
      total += Math.log(norm);
    }
  }
  return total / (steps - half);
}
