import { isAscii, runeAt } from '../json/byte-string.ts'

/** What Node's file functions take for a path of any bytes. */
export function pathBytes(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

/** A byte-string path for people: UTF-8 where it is, control characters and other bytes as `\xhh`. */
export function printablePath(path: string): string {
  // oxlint-disable-next-line no-control-regex
  return textOf(path, hexEscape).replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => hexEscape(character.charCodeAt(0)))
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/** A byte string read as UTF-8; `replace` says what stands for a byte that is not. */
export function textOf(bytes: string, replace: (byte: number) => string = () => '\ufffd'): string {
  if (isAscii(bytes)) return bytes
  let text = ''
  for (let offset = 0; offset < bytes.length;) {
    const { codePoint, width } = runeAt(bytes, offset)
    text += codePoint < 0 ? replace(bytes.charCodeAt(offset)) : String.fromCodePoint(codePoint)
    offset += width
  }
  return text
}

/** `directory` is clean; only `/` ends in a slash. */
export function childPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}

/** The shortest path that means the same without looking at the file system; `.` when nothing is left. */
export function cleanPath(path: string): string {
  const absolute = path.startsWith('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..' || (!absolute && (kept.length === 0 || kept.at(-1) === '..'))) kept.push(part)
    else kept.pop()
  }
  if (absolute) return `/${kept.join('/')}`
  return kept.length === 0 ? '.' : kept.join('/')
}

/** `path` seen from the absolute `workingDirectory`; clean. */
export function absolutePath(path: string, workingDirectory: string): string {
  return cleanPath(path.startsWith('/') ? path : `${workingDirectory}/${path}`)
}

/** Names between the slashes of a clean path; none for `/` and `.`. */
export function pathComponents(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** The path of what holds `path`, which is clean and absolute; `/` for itself. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** The last name of a clean path other than `/`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
