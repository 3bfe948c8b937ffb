import { isUtf8 } from 'node:buffer'

/** A path of any bytes, as the engine has them: one character (latin1) per byte. */
export type BytePath = string

export function bytePath(text: string): BytePath {
  return Buffer.from(text).toString('latin1')
}

/** What Node's functions take: text where it is text. */
export function systemPath(path: BytePath): string | Buffer {
  const bytes = Buffer.from(path, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : bytes
}

/** For people: control characters, and bytes that are no text, as `\xhh`. */
export function printablePath(path: BytePath): string {
  const text = systemPath(path)
  const escaped = typeof text === 'string' ? text : path.replaceAll(/[\x80-\xff]/g, hexEscape)
  // oxlint-disable-next-line no-control-regex
  return escaped.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, hexEscape)
}

export function childPath(folder: BytePath, name: string): BytePath {
  return folder === '/' ? `/${name}` : `${folder}/${name}`
}

/** @param path absolute, without a slash at its end; what holds `/` is itself */
export function parentPath(path: BytePath): BytePath {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}

export function nameOf(path: BytePath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether a path is another, or below it. */
export function isWithin(path: BytePath, folder: BytePath): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`)
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
