// Grids of numbers, bisection and rows of steps, as the package's own functions make them.

/** Return `count` numbers from `low` to `high`, both included, equally spaced. */
export function linear(low, high, count) {
  const width = high - low;
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? high : low + (width * i) / (count - 1)));
}

/** Return `count` numbers from `low` to `high`, both included, in constant ratio. */
export function geometric(low, high, count) {
  return linear(Math.log(low), Math.log(high), count).map((one, i) =>
    i === 0 ? low : i === count - 1 ? high : Math.exp(one),
  );
}

/** Return the point where `beyond` turns from false to true: the middle of the last bracket. */
export function bisect(beyond, low, high, halvings) {
  for (let i = 0; i < halvings; i += 1) {
    const middle = 0.5 * (low + high);
    if (beyond(middle)) high = middle;
    else low = middle;
  }
  return 0.5 * (low + high);
}

/** Return at most `points` distinct steps from 0 (1 where `log`) to `last`, spread evenly. */
export function sampledSteps(last, points, log = false) {
  const at = log ? geometric(1, Math.max(last, 1), points) : linear(0, last, points);
  return [...new Set(at.map(Math.round))];
}

/** Return `x_0, x_1, ..., x_steps` with `x_k = step(x_{k-1}, k)`. */
export function path(step, start, steps) {
  const points = [start];
  for (let k = 1; k <= steps; k += 1) points.push(step(points[k - 1], k));
  return points;
}
