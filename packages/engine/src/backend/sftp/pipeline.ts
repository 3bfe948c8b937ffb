import { BANDWIDTH_CHUNK_BYTES } from '../bandwidth.ts'

/** Bytes of one transfer under way at once: twice what an SSH channel lets through before it is confirmed. */
const UNDER_WAY_BYTES = 4 * 1024 * 1024
const MOST_REQUESTS = 64
/** A limited line is kept busy by few. */
const REQUESTS_WHEN_LIMITED = 4

/** How a transfer is cut into requests. */
export interface Steps {
  /** First byte of each request. */
  readonly starts: readonly number[]
  /** Bytes of each request but the last. */
  readonly bytes: number
  /** How many are under way at once: what is more only makes others wait. */
  readonly atOnce: number
}

/** @param mostBytes what the server allows in one request */
export function stepsOf(length: number, mostBytes: number, isLimited = false): Steps {
  const bytes = isLimited ? Math.min(mostBytes, BANDWIDTH_CHUNK_BYTES) : mostBytes
  return {
    starts: Array.from({ length: Math.ceil(length / bytes) }, (_, index) => index * bytes),
    bytes,
    atOnce: isLimited ? REQUESTS_WHEN_LIMITED : Math.min(Math.ceil(UNDER_WAY_BYTES / bytes), MOST_REQUESTS),
  }
}
