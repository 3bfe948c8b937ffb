/** Who does the work when in a round, that another one begins: the machine is not the same for the first and the last. */
export function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = (round - 1) % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
