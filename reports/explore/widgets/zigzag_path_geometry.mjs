import { pathRatio, valleyPath } from "descent-audit/maps";
import { linear } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";

export default {
  claim: "zigzag_path_geometry",
  title: "the path down a narrow valley",
  sliders: (audited) => [
    { name: "rate", label: "learning rate times smoothness, ηL", from: 0.05, to: 2.1, step: 0.01, start: 1.9 },
    {
      name: "condition",
      label: "condition number κ",
      from: 1,
      to: 100,
      step: 0.5,
      start: audited.drawn_condition_number,
    },
    { name: "stiff", label: "start, stiff coordinate", from: 0, to: 5, step: 0.1, start: 1 },
    { name: "steps", label: "run length", unit: "steps", from: 1, to: 200, step: 1, start: audited.drawn_steps },
  ],
  axes: [{ panel: "paths", x: { within: [-110, 110] }, y: { within: [-20, 20] } }],
  series({ rate, condition, stiff, steps }) {
    const points = valleyPath([stiff, condition], condition, rate, steps);
    const turn = linear(0, 2 * Math.PI, 121);
    const level = Math.sqrt(stiff * stiff + condition);
    return {
      paths: [
        {
          role: "guide",
          label: "level set of the start",
          x: turn.map((a) => level * Math.sqrt(condition) * Math.sin(a)),
          y: turn.map((a) => level * Math.cos(a)),
        },
        {
          role: "run",
          joined: true,
          label: "your run",
          colour: 0,
          x: points.map((one) => one[1]),
          y: points.map((one) => one[0]),
        },
      ],
    };
  },
  says({ rate, condition, stiff, steps }) {
    const start = [stiff, condition];
    const sides =
      rate > 1 && stiff > 0 ? "it crosses the valley floor at every step" : "it never crosses the valley floor";
    const best = 2 / (1 + 1 / condition);
    const ratio = pathRatio(condition, start, rate, steps);
    return [
      `From (${shown(stiff)}, κ): ${sides}.`,
      `The path is ${shown(ratio)} times as long as the distance of its start from the minimum.`,
      `The rate 2/(L+μ) is at ηL = ${shown(best)}.`,
    ].join(" ");
  },
};
