// Gradient descent as a map of the line and of the plane: quadratics, log cosh, a valley.

import { bisect, path } from "descent-audit/numbers";

/** Return `x_0, ..., x_N` of descent on `x^2/2` at the rate `relativeRate`, which is eta times L. */
export function quadraticPath(start, relativeRate, steps) {
  return path((x) => x - relativeRate * x, start, steps);
}

/** Return `|1 - eta L|^k`, the factor of the top eigenvector after k steps. */
export function quadraticFactor(relativeRate, k) {
  return Math.abs(1 - relativeRate) ** k;
}

/** Return the gradient of `mu x^2/2 + log cosh x`. */
export function logCoshGradient(strongConvexity, x) {
  return strongConvexity * x + Math.tanh(x);
}

/** Return `x_0, ..., x_N` of descent on `mu x^2/2 + log cosh x`. */
export function logCoshPath(strongConvexity, start, rate, steps) {
  return path((x) => x - rate * logCoshGradient(strongConvexity, x), start, steps);
}

/** Return the last point of `logCoshPath`. */
export function logCoshEnd(strongConvexity, start, rate, steps) {
  let x = start;
  for (let k = 0; k < steps; k += 1) x -= rate * logCoshGradient(strongConvexity, x);
  return x;
}

/** Return the positive root of `(2/eta - mu) x = tanh x`: 0 up to 2/L, infinite from 2/mu on. */
export function cycleAmplitude(strongConvexity, rate) {
  const slope = 2 / rate - strongConvexity;
  if (slope >= 1) return 0;
  if (slope <= 0) return Infinity;
  return bisect((x) => slope * x > Math.tanh(x), 0, 1 / slope, 60);
}

/** Return the points `[stiff, flat]` of descent on curvatures 1 and 1/kappa. */
export function valleyPath(start, conditionNumber, relativeRate, steps) {
  const flat = 1 / conditionNumber;
  return path(([x, y]) => [x - relativeRate * x, y - relativeRate * (flat * y)], start, steps);
}

/** Return the length of the path over the distance of its start, in closed form. */
export function pathRatio(conditionNumber, start, relativeRate, steps) {
  const factors = [relativeRate, relativeRate / conditionNumber];
  let length = 0;
  for (let k = 0; k < steps; k += 1) {
    length += Math.hypot(...factors.map((f, j) => f * Math.abs(1 - f) ** k * start[j]));
  }
  return length / Math.hypot(...start);
}
