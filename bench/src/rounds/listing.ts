/** What a tool printed of a snapshot's files: the lines that are paths, in an order that all tools share. */
export function pathsIn(printed: string): string[] {
  return printed
    .split('\n')
    .filter((line) => line.startsWith('/'))
    .toSorted()
}

/** @returns undefined when two listings name the same paths, else how many each has and the first that one lacks */
export function differenceBetween(one: readonly string[], other: readonly string[]): string | undefined {
  const longest = Math.max(one.length, other.length)
  for (let index = 0; index < longest; index++) {
    if (one[index] === other[index]) continue
    return `${one.length} and ${other.length} paths, first ${one[index] ?? 'nothing'} and ${other[index] ?? 'nothing'}`
  }
  return undefined
}
