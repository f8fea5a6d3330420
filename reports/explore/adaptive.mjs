// Methods with adaptive rates on numbers: Adam with and without bias correction, RMSProp, plain descent.

import { path } from "descent-audit/numbers";

/** Return the state of a method before its first step from `x`. */
function atRest(x) {
  return { x, step: 0, mean: 0, square: 0 };
}

/** Return the state after one step against `gradient`
 *
 * A method is adam, adam_uncorrected, rmsprop or gradient_descent.
 */
function update(method, state, gradient, rate, { first, second, epsilon }) {
  if (method === "gradient_descent") return { ...state, x: state.x - rate * gradient };
  const step = state.step + 1;
  const square = second * state.square + (1 - second) * gradient * gradient;
  if (method === "rmsprop") {
    return { x: state.x - (rate * gradient) / (Math.sqrt(square) + epsilon), step, mean: 0, square };
  }
  const mean = first * state.mean + (1 - first) * gradient;
  const corrected = method === "adam";
  const m = corrected ? mean / (1 - first ** step) : mean;
  const v = corrected ? square / (1 - second ** step) : square;
  return { x: state.x - (rate * m) / (Math.sqrt(v) + epsilon), step, mean, square };
}

/** Return `x_0, ..., x_N` of a method on `x^2/2`. */
export function parabolaPath(method, start, rate, constants, steps) {
  return path((state) => update(method, state, state.x, rate, constants), atRest(start), steps).map((one) => one.x);
}

/** Return the size of the first step over the rate, from a run of one step. */
export function firstStep(method, gradient, rate, constants) {
  return Math.abs(update(method, atRest(0), gradient, rate, constants).x) / rate;
}

/** Return the size of the first step over the rate in closed form. */
export function predictedFirstStep(method, gradient, { first, second, epsilon }) {
  const size = Math.abs(gradient);
  const root = Math.sqrt(1 - second);
  return {
    adam: size / (size + epsilon),
    adam_uncorrected: ((1 - first) * size) / (root * size + epsilon),
    rmsprop: size / (root * size + epsilon),
    gradient_descent: size,
  }[method];
}

/** Return the sizes of steps 1, ..., N over the rate under the gradient 1, without epsilon. */
export function constantGradientSteps(method, first, second, steps) {
  let state = atRest(0);
  return Array.from({ length: steps }, () => {
    state = update(method, { ...state, x: 0 }, 1, 1, { first, second, epsilon: 0 });
    return Math.abs(state.x);
  });
}

/** Return `(1 - beta_1^t) / sqrt(1 - beta_2^t)`, uncorrected over corrected step t under a constant gradient. */
export function stepRatio(t, first, second) {
  return (1 - first ** t) / Math.sqrt(1 - second ** t);
}
