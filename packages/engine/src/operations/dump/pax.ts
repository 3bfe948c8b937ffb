import { parseTime } from '../../json/go-time.ts'
import { textOfBytes } from '../../json/byte-string.ts'
import type { Node } from '../../tree/node.ts'

const SECOND = 1_000_000_000n

/** `seconds` and nine digits as POSIX has them: negative times count downwards. */
export function paxTime(text: string): { seconds: bigint; text: string } {
  const ns = parseTime(text)
  const magnitude = ns < 0n ? -ns : ns
  const fraction = (magnitude % SECOND).toString().padStart(9, '0').replace(/0+$/, '')
  const seconds = ns / SECOND
  const whole = `${ns < 0n ? '-' : ''}${magnitude / SECOND}`
  return { seconds, text: fraction === '' ? whole : `${whole}.${fraction}` }
}

/** One record of an extended header: its own length in decimal, key, value. Byte strings. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

/** Keys as GNU tar escapes them: an equals sign would end the key. */
export function xattrRecords({ extendedAttributes = [] }: Pick<Node, 'extendedAttributes'>): string {
  return extendedAttributes
    .map(({ name, value }) => {
      const key = name.replaceAll('%', '%25').replaceAll('=', '%3D')
      return paxRecord(`SCHILY.xattr.${key}`, value === null ? '' : Buffer.from(value).toString('latin1'))
    })
    .join('')
}

/** Whether readers that believe in UTF-8 have to be told that these bytes are none. */
export function isBinary(bytes: string): boolean {
  return textOfBytes(bytes) === undefined
}
