/** What part of a file an answer has, in bytes; `end` is exclusive. */
export interface ContentRange {
  readonly start?: number
  readonly end?: number
  /** Absent when the server does not know it. */
  readonly size?: number
}

/**
 * Reads `Content-Range`: `bytes 3-9/10`, with a star for what is not known or does not exist.
 *
 * @returns undefined when there is none, or it makes no sense
 */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(?:(\d{1,15})|\*)$/.exec(value ?? '')
  if (!match) return undefined
  const [, start, last, size] = match
  return {
    ...(start !== undefined && last !== undefined && { start: Number(start), end: Number(last) + 1 }),
    ...(size !== undefined && { size: Number(size) }),
  }
}
