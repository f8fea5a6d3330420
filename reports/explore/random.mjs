// Random numbers from a seed: the same seed draws the same walkers in every browser.

const WARM_UP = 20;

/** Return a function that draws uniform numbers in [0, 1) with 32 bits: SFC32 of PractRand (Doty-Humphrey 2010).
 *
 * The small sibling of the generator that the simulations use; neighbouring seeds start far apart in its cycle.
 */
export function uniform(seed) {
  let [a, b, c, counter] = [seed | 0, 0, 0, 1];
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < WARM_UP; i += 1) draw();
  return draw;
}

/** Return a function that draws standard normal numbers, two from each pair of uniform ones (Box and Muller 1958). */
export function normal(seed) {
  const draw = uniform(seed);
  let spare = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - draw()));
    const angle = 2 * Math.PI * draw();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
