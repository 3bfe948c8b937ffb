import { BLOCK_BYTES } from './header.ts'

/** Longer names need more than one block. */
export const LONGEST_PLAIN_NAME = 100

/** A member without content, as POSIX has it. @param name byte string of at most {@link LONGEST_PLAIN_NAME} */
export function emptyFile(name: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(name, 0, LONGEST_PLAIN_NAME, 'latin1')
  block.write('0000600\x000000000\x000000000\x0000000000000\x0000000000000\0', 100, 'latin1')
  block.fill(' ', 148, 156)
  block.write('0', 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
