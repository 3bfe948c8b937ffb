const BLOCK_BYTES = 512
const LARGEST_OCTAL = 0o77777777777

/** The header of a file in a tar archive, as POSIX has it; of sizes from 8 GiB on as GNU has it, which Docker reads too. */
export function archiveHeader(name: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(name, 0, 100, 'latin1')
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  if (sizeBytes > LARGEST_OCTAL) {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(sizeBytes), 128)
  } else {
    block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124)
  }
  block.write('00000000000\0', 136)
  block.write('0', 156)
  block.write('ustar\x0000', 257, 'latin1')
  block.write('        ', 148)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** What comes between a file and the next header. */
export function archivePadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES)
}

export function archiveEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES)
}
