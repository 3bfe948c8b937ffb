import { BANDWIDTH_CHUNK_BYTES } from '../bandwidth.ts'

/** Requests of one transfer under way at once: 8 MiB with OpenSSH, enough for any line. */
const AT_ONCE = 32
/** A limited line is kept busy by few. */
const AT_ONCE_WHEN_LIMITED = 4

/** How many bytes one request of a transfer moves. */
export function stepBytes(serverAllows: number, isLimited = false): number {
  return isLimited ? Math.min(serverAllows, BANDWIDTH_CHUNK_BYTES) : serverAllows
}

export function requestsAtOnce(isLimited = false): number {
  return isLimited ? AT_ONCE_WHEN_LIMITED : AT_ONCE
}
