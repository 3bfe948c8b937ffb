const LINE_END = 0x0a

/** Lines with their ends, some at a time; the last one may have none. */
export async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = []
  for await (const part of content) {
    const bytes = Buffer.from(part) // whoever gave it may use its memory again
    const lines: Buffer[] = []
    let from = 0
    for (let at = bytes.indexOf(LINE_END); at !== -1; at = bytes.indexOf(LINE_END, from)) {
      const end = bytes.subarray(from, at + 1)
      lines.push(begun.length === 0 ? end : Buffer.concat([...begun, end]))
      begun = []
      from = at + 1
    }
    if (from < bytes.length) begun.push(bytes.subarray(from))
    if (lines.length > 0) yield lines
  }
  if (begun.length > 0) yield [Buffer.concat(begun)]
}
