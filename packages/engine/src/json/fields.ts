import { DamagedError } from '../errors.ts'
import { isId, type Id } from '../ids.ts'

/**
 * Reading JSON as tolerantly as Go's decoder: keys in any letter case and order, unknown keys ignored, null the same as
 * absent. What is there must still have the right type.
 */
export type Fields = Readonly<Record<string, unknown>>

/**
 * Parses a file of the repository that must hold one JSON object.
 *
 * @param what names the file in errors
 * @throws {DamagedError}
 */
export function parseFields(bytes: Uint8Array, what: string): Fields {
  return fieldsOf(parseJson(bytes, what), what)
}

/** @throws {DamagedError} not JSON; the message does not repeat the content, which may be secret */
function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw new DamagedError(`${what} is not JSON`)
    throw error
  }
}

const UPPER_CASE = /[A-Z]/

/** The fields of an object by lower-case key. @throws {DamagedError} not an object */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DamagedError(`${what} is not a JSON object`)
  }
  const keys = Object.keys(value)
  if (!keys.some((key) => UPPER_CASE.test(key))) return value as Fields
  const folded: Record<string, unknown> = Object.create(null)
  for (const [key, field] of Object.entries(value)) folded[key.toLowerCase()] = field
  return folded
}

/** A string; '' when absent. */
export function textField(value: unknown, what: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new DamagedError(`${what} is not a string`)
  return value
}

/** A whole number from 0 to `limit`; 0 when absent. */
export function numberField(value: unknown, what: string, limit = Number.MAX_SAFE_INTEGER): number {
  if (value === undefined || value === null) return 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > limit) {
    throw new DamagedError(`${what} is not a whole number from 0 to ${limit}`)
  }
  return value
}

/** False when absent. */
export function booleanField(value: unknown, what: string): boolean {
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw new DamagedError(`${what} is neither true nor false`)
  return value
}

/** An id, upper-case digits accepted; undefined when absent. */
export function idField(value: unknown, what: string): Id | undefined {
  if (value === undefined || value === null) return undefined
  return requiredId(value, what)
}

/** @throws {DamagedError} absent, or not 64 hex digits */
export function requiredId(value: unknown, what: string): Id {
  if (typeof value === 'string') {
    if (isId(value)) return value
    const lowered = value.toLowerCase()
    if (isId(lowered)) return lowered
  }
  throw new DamagedError(`${what} is not an id`)
}

/** A list; empty when absent. */
export function listField(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new DamagedError(`${what} is not a list`)
  return value
}

/** A list of strings; empty when absent. */
export function textsField(value: unknown, what: string): readonly string[] {
  return listField(value, what).map((text) => textField(text, what))
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes in standard base64; none when absent. */
export function bytesField(value: unknown, what: string): Buffer {
  const text = textField(value, what)
  if (!BASE64.test(text)) throw new DamagedError(`${what} is not base64`)
  return Buffer.from(text, 'base64')
}
