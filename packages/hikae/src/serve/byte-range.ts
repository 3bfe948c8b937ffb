/** Bytes from `start` up to and including `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a `Range` header asks for of a file. What it says in other units, several parts at once or nonsense is ignored,
 * as RFC 9110 §14.2 allows: the whole file is the answer then.
 *
 * @param size bytes of the file
 * @returns undefined for the whole file
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') return lastBytes(Number(last), size)
  const start = Number(first)
  // restic asks for `bytes=0-` whenever it wants a whole file, also of an empty one.
  if (start === 0 && size === 0) return undefined
  if (start >= size) return 'unsatisfiable'
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return end < start ? undefined : { start, end }
}

function lastBytes(count: number, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (count === 0) return 'unsatisfiable'
  return size === 0 ? undefined : { start: Math.max(size - count, 0), end: size - 1 }
}
