import { ID_BYTES, idFromBytes, type Id } from '../ids.ts'

/** Words in a raw id. Ids are compared four bytes at a time, in the machine's byte order, inside one process only. */
export const ID_WORDS = 8

const bytes = new Uint8Array(ID_BYTES)
const words = new Uint32Array(bytes.buffer)

const NIBBLES = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) {
  NIBBLES[digit.toString(16).charCodeAt(0)] = digit
  NIBBLES[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** The eight words of an id; the same array each time, overwritten by the next call of either function. */
export function wordsOfId(id: Id): Uint32Array {
  for (let index = 0; index < ID_BYTES; index++) {
    bytes[index] = (NIBBLES[id.charCodeAt(2 * index)]! << 4) | NIBBLES[id.charCodeAt(2 * index + 1)]!
  }
  return words
}

/** As {@link wordsOfId} for 32 raw bytes. */
export function wordsOfBytes(source: Uint8Array, offset = 0): Uint32Array {
  for (let index = 0; index < ID_BYTES; index++) bytes[index] = source[offset + index]!
  return words
}

/** The id in a column of raw ids. */
export function idOfWords(column: Uint32Array, row: number): Id {
  return idFromBytes(new Uint8Array(column.buffer, column.byteOffset + row * ID_BYTES, ID_BYTES))
}
