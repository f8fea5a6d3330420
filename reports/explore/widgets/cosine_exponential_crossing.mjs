import { geometric, linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { areaRatio, cosine, crossing, exponential } from "descent-audit/schedules";

const FINE = linear(0, 1, 101);

export default {
  claim: "cosine_exponential_crossing",
  title: "where the cosine falls below exponential decay, and what both sum to",
  sliders: (audited) => [
    {
      name: "ratio",
      label: "last rate over first, r",
      from: 1e-6,
      to: 0.9,
      step: 0.02,
      start: 0.05,
      logarithmic: true,
    },
    { name: "steps", label: "number of rates N", from: 11, to: 2001, step: 10, start: audited.steps },
  ],
  axes: [
    { panel: "schedules", x: {}, y: {} },
    { panel: "crossing", x: {}, y: {} },
    { panel: "area", x: {}, y: {} },
  ],
  series({ ratio, steps }, audited) {
    const ratios = geometric(Math.min(...audited.ratios), Math.max(...audited.ratios), 121);
    const own = crossing(ratio);
    const here = (y) => ({ role: "here", label: "your r", colour: 2, x: [ratio], y: [y] });
    return {
      schedules: [
        { role: "line", label: "cosine", colour: 0, x: FINE, y: FINE.map((s) => cosine(s, 1, ratio, 2)) },
        { role: "line", label: "exponential", colour: 1, x: FINE, y: FINE.map((s) => exponential(s, 1, ratio, 2)) },
        { role: "here", label: "crossing", colour: 2, x: [own], y: [exponential(own, 1, ratio, 2)] },
      ],
      crossing: [
        { role: "line", label: "crossing, by bisection", colour: 0, x: ratios, y: ratios.map(crossing) },
        here(own),
      ],
      area: [
        { role: "line", label: "closed form", colour: 0, x: ratios, y: ratios.map((r) => areaRatio(r, steps)) },
        here(areaRatio(ratio, steps)),
      ],
    };
  },
  says({ ratio, steps }) {
    return [
      `The cosine is the higher one up to s = ${shown(crossing(ratio))} and the lower one from there on.`,
      `Its ${steps} rates sum to ${shown(areaRatio(ratio, steps))} times those of exponential decay.`,
    ].join(" ");
  },
};
