import { DamagedError } from '../errors.ts'
import { encodeGoString } from '../json/go-string.ts'

const MAX_DEPTH = 32

/**
 * Canonical JSON text of a node's `generic_attributes`, which are Windows metadata and mean nothing to us: keys of the
 * object itself in order, as restic writes them, everything else as it was read. Undefined for an empty object.
 *
 * @throws {DamagedError} not an object, or nested deeper than anything that makes sense
 */
export function encodeGenericAttributes(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DamagedError('its generic attributes are not an object')
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return undefined
  const inByteOrder = entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return encodeEntries(inByteOrder, 1)
}

function encodeEntries(entries: readonly [string, unknown][], depth: number): string {
  return `{${entries.map(([key, value]) => `${encodeGoString(key)}:${encodeValue(value, depth + 1)}`).join(',')}}`
}

function encodeValue(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new DamagedError('its generic attributes are nested too deeply')
  if (typeof value === 'string') return encodeGoString(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((element) => encodeValue(element, depth + 1)).join(',')}]`
  return encodeEntries(Object.entries(value), depth)
}
