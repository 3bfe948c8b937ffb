import { jsonPath } from '../output/printable.ts'

/** Paths are byte strings, as the engine has them: one character per byte. */
export function systemPath(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

/** A byte string as text, for tags and for looking for times. */
export function textOfPath(path: string): string {
  return jsonPath(path)
}

/** The last component; empty for the root. */
export function lastName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1)!
}

/** The component before the last one; empty when there is none. */
export function parentName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-2) ?? ''
}
