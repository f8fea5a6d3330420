// Noisy descent between two wells, a sharp one left of the barrier at 0 and a flat one right of it: walkers, and the
// exact law of the same discrete chain.

import { normal } from "descent-audit/random";

const CUT = 42;
const PANEL = 1.6;
const NEGLIGIBLE = 9.5;

/** Return the loss `h [(x/a)^4 - 2 (x/a)^2]` of the well on the side of x. */
export function loss({ sharp, flat }, x) {
  const { width, depth } = x < 0 ? sharp : flat;
  const square = (x / width) ** 2;
  return depth * square * (square - 2);
}

/** Return the slope of the loss. */
export function gradient({ sharp, flat }, x) {
  const { width, depth } = x < 0 ? sharp : flat;
  const factor = (4 * depth) / (width * width);
  return x * ((x * x * factor) / (width * width) - factor);
}

/** Return the point after one step with the noise `draw`, a standard normal number. */
export function step(wells, x, rate, temperature, draw) {
  return x - rate * gradient(wells, x) + Math.sqrt(2 * rate * temperature) * draw;
}

/** Return where a crowd from the sharp minimum ends, and how many of it have reached the flat one by each step. */
export function crowd(wells, { rate, temperature, steps, walkers, seed }) {
  const draw = normal(seed);
  const x = new Float64Array(walkers).fill(-wells.sharp.width);
  const passed = new Uint8Array(walkers);
  const counts = [0];
  for (let k = 1; k <= steps; k += 1) {
    let count = 0;
    for (let i = 0; i < walkers; i += 1) {
      x[i] = step(wells, x[i], rate, temperature, draw());
      if (x[i] >= wells.flat.width) passed[i] = 1;
      count += passed[i];
    }
    counts.push(count);
  }
  return { positions: [...x], counts };
}

/** Return nodes and weights of Gauss-Legendre quadrature of an order on [-1, 1]: Newton's method on the polynomial. */
export function legendre(order) {
  const nodes = [];
  const weights = [];
  for (let i = 0; i < order; i += 1) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
    let slope = 1;
    for (let round = 0; round < 8; round += 1) {
      let [before, value] = [1, x];
      for (let n = 2; n <= order; n += 1) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = (order * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** Return nodes and weights on panels no longer than `longest` between neighbouring breaks. */
function compositeGauss(breaks, longest, order) {
  const rule = legendre(order);
  const nodes = [];
  const weights = [];
  for (let b = 1; b < breaks.length; b += 1) {
    const width = breaks[b] - breaks[b - 1];
    const panels = Math.max(1, Math.ceil(width / longest));
    const half = (0.5 * width) / panels;
    for (let p = 0; p < panels; p += 1) {
      const centre = breaks[b - 1] + half * (2 * p + 1);
      rule.nodes.forEach((x, i) => {
        nodes.push(centre + half * x);
        weights.push(half * rule.weights[i]);
      });
    }
  }
  return { nodes, weights };
}

/** Return the distance at which the outer wall of a well reaches an energy. */
export function radius({ width, depth }, energy) {
  return width * Math.sqrt(1 + Math.sqrt(1 + energy / depth));
}

/** Return the exact probabilities that a walker from the sharp minimum has reached the flat one by step 0, ..., N.
 *
 * One less the mass that is still left of it, under the transition operator of the chain at the nodes of a quadrature;
 * what lies further away than a step's noise can reach is left out of the sum.
 */
export function passageCurve(wells, rate, temperature, steps, order) {
  const noise = Math.sqrt(2 * rate * temperature);
  const breaks = [-radius(wells.sharp, CUT * temperature), 0, wells.flat.width];
  const { nodes, weights } = compositeGauss(breaks, PANEL * noise, order);
  const row = (start) => {
    const mean = start - rate * gradient(wells, start);
    const first = nodes.findIndex((x) => x >= mean - NEGLIGIBLE * noise);
    const values = [];
    for (let j = Math.max(first, 0); first >= 0 && j < nodes.length && nodes[j] <= mean + NEGLIGIBLE * noise; j += 1) {
      const score = (nodes[j] - mean) / noise;
      values.push((Math.exp(-0.5 * score * score) / (noise * Math.sqrt(2 * Math.PI))) * weights[j]);
    }
    return { first: Math.max(first, 0), values: Float64Array.from(values) };
  };
  const apply = ({ first, values }, vector) => {
    let sum = 0;
    for (let j = 0; j < values.length; j += 1) sum += values[j] * vector[first + j];
    return sum;
  };
  const [rows, start] = [nodes.map(row), row(-wells.sharp.width)];
  let inside = new Float64Array(nodes.length).fill(1);
  const passed = [0];
  for (let k = 1; k <= steps; k += 1) {
    passed.push(1 - apply(start, inside));
    inside = Float64Array.from(rows, (one) => apply(one, inside));
  }
  return passed;
}

/** Return the share of the flat well in the long run in the limit of small steps. */
export function flatShare({ sharp, flat }, temperature) {
  const logMass = (well) => {
    const end = radius(well, CUT * temperature);
    const { nodes, weights } = compositeGauss([0, end], end / 24, 16);
    const energy = (x) => well.depth * (x / well.width) ** 2 * ((x / well.width) ** 2 - 2) + well.depth;
    const mass = nodes.reduce((sum, x, i) => sum + weights[i] * Math.exp(-energy(x) / temperature), 0);
    return well.depth / temperature + Math.log(mass);
  };
  const ratio = Math.exp(logMass(flat) - logMass(sharp));
  return ratio / (1 + ratio);
}
