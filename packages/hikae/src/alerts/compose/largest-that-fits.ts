/**
 * The largest count up to `most` that fits, when each that is smaller than one that fits does so too, all but `most`
 * itself: with everything in, no line says how much is missing.
 *
 * @returns 0 also when nothing fits
 */
export function largestThatFits(most: number, fits: (count: number) => boolean): number {
  if (fits(most)) return most
  let [low, high] = [0, most - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}
