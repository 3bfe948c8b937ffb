const LEVELS = Array.from('▁▂▃▄▅▆▇█')

/** A bar for each number, from 0 to the largest: what shrinks to nothing looks like nothing. */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(1, ...numbers)
  return numbers.map((number) => LEVELS[Math.round((Math.max(0, number) / largest) * (LEVELS.length - 1))]!).join('')
}
