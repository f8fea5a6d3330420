import { geometric } from "descent-audit/numbers";
import { shown } from "descent-audit/plot";
import { flatShare } from "descent-audit/wells";

function wells({ sharpWidth, sharpDepth, flatWidth, flatDepth }) {
  return { sharp: { width: sharpWidth, depth: sharpDepth }, flat: { width: flatWidth, depth: flatDepth } };
}

export default {
  claim: "stationary_flat_share",
  title: "the share of the flat well in the long run",
  sliders: (audited) => [
    {
      name: "temperature",
      label: "temperature T",
      from: 0.05,
      to: 2,
      step: 0.02,
      start: audited.walk_temperatures[0],
      logarithmic: true,
    },
    { name: "sharpDepth", label: "depth of the sharp well", from: 0.2, to: 3, step: 0.05, start: audited.sharp_depth },
    { name: "flatDepth", label: "depth of the flat well", from: 0.2, to: 3, step: 0.05, start: audited.flat_depth },
    { name: "sharpWidth", label: "width of the sharp well", from: 0.2, to: 3, step: 0.05, start: audited.sharp_width },
    { name: "flatWidth", label: "width of the flat well", from: 0.2, to: 3, step: 0.05, start: audited.flat_width },
  ],
  axes: [{ panel: "share", x: {}, y: { limits: [0, 1] } }],
  series(values, audited) {
    const temperatures = geometric(Math.min(...audited.temperatures), Math.max(...audited.temperatures), 81);
    return {
      share: [
        {
          role: "line",
          label: "your wells",
          colour: 0,
          x: temperatures,
          y: temperatures.map((t) => flatShare(wells(values), t)),
        },
        {
          role: "here",
          label: "at your temperature",
          colour: 1,
          x: [values.temperature],
          y: [flatShare(wells(values), values.temperature)],
        },
      ],
    };
  },
  says(values) {
    const order = Math.sign(values.sharpDepth - values.flatDepth);
    const trend = {
      "-1": "the flat well is the deeper one: more noise takes from its share",
      0: "both are equally deep: noise changes nothing",
      1: "the sharp well is the deeper one: more noise favours the flat one",
    }[order];
    const share = flatShare(wells(values), values.temperature);
    return [
      `At T = ${shown(values.temperature)} the flat well holds ${shown(100 * share, 3)} % in the long run;`,
      `${trend}.`,
      `By width alone it would hold ${shown((100 * values.flatWidth) / (values.sharpWidth + values.flatWidth), 3)} %.`,
    ].join(" ");
  },
};
