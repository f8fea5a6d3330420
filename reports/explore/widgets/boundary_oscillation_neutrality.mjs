import { logCoshPath, quadraticFactor } from "descent-audit/maps";
import { sampledSteps } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

export default {
  claim: "boundary_oscillation_neutrality",
  title: "two losses with the same curvature at the minimum, at the boundary 2/L",
  sliders: (audited) => [
    {
      name: "rate",
      label: "learning rate times smoothness, ηL",
      from: 1.5,
      to: 2.5,
      step: 0.005,
      start: audited.relative_rate,
    },
    { name: "start", label: "start", from: 0.01, to: 3, step: 0.01, start: audited.log_cosh_start },
    {
      name: "steps",
      label: "run length N",
      unit: "steps",
      from: 100,
      to: 20000,
      step: 100,
      start: audited.drawn_steps,
    },
  ],
  axes: [{ panel: "size", x: {}, y: {} }],
  series({ rate, start, steps }) {
    const drawn = sampledSteps(steps, 60, true);
    const run = logCoshPath(0, start, rate, steps);
    return {
      size: [
        { role: "run", label: "log cosh, your run", colour: 0, x: drawn, y: drawn.map((k) => Math.abs(run[k])) },
        { role: "line", label: "√(3/(4k))", colour: 1, x: drawn, y: drawn.map((k) => Math.sqrt(0.75 / k)) },
        {
          role: "line",
          label: "quadratic, from 1",
          colour: 2,
          x: drawn,
          y: drawn.map((k) => quadraticFactor(rate, k)),
        },
      ],
    };
  },
  says({ rate, start, steps }) {
    const run = logCoshPath(0, start, rate, steps);
    const quadratic = quadraticFactor(rate, steps);
    return [
      `After ${steps} steps: log cosh is at distance ${shown(Math.abs(run[steps]))},`,
      `the quadratic at ${shown(quadratic)}; √(3/(4N)) = ${shown(Math.sqrt(0.75 / steps))}.`,
    ].join(" ");
  },
};
