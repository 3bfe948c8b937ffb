/** An archive made by hand, for what no tar program would write. */
export interface HandMade {
  readonly name: string
  /** A file by default. */
  readonly type?: string
  readonly content?: string | Buffer
  readonly target?: string
  readonly mode?: number
  /** Of the header, when it is not that of the content. */
  readonly size?: number
  readonly mtime?: string
}

const BLOCK = 512

/** @param end whether the mark of the end is there */
export function tarBytes(members: readonly HandMade[], { end = true }: { end?: boolean } = {}): Buffer {
  return Buffer.concat([...members.flatMap(memberBlocks), ...(end ? [Buffer.alloc(2 * BLOCK)] : [])])
}

export function paxBlock(records: readonly (readonly [string, string])[], type = 'x'): HandMade {
  const lines = records.map(([key, value]) => record(Buffer.from(`${key}=${value}\n`, 'latin1')))
  return { name: 'PaxHeaders/x', type, content: Buffer.concat(lines) }
}

function record(rest: Buffer): Buffer {
  let length = rest.length + 2
  while (`${length} `.length + rest.length !== length) length = `${length} `.length + rest.length
  return Buffer.concat([Buffer.from(`${length} `), rest])
}

function memberBlocks({ name, type = '0', content = '', target = '', mode = 0o644, size, mtime }: HandMade): Buffer[] {
  const bytes = Buffer.from(content as string, 'latin1')
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100, 'latin1')
  block.write(octal(mode, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size ?? bytes.length, 12), 124)
  block.write(mtime ?? octal(1_700_000_000, 12), 136, 'latin1')
  block.write('        ', 148)
  block.write(type, 156, 'latin1')
  block.write(target, 157, 100, 'latin1')
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [block, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]
}

function octal(number: number, width: number): string {
  return `${number.toString(8).padStart(width - 1, '0')}\0`
}
