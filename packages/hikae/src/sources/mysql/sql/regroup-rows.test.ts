import { collect } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { regroupRows } from './regroup-rows.ts'

describe('rows of a dump, one in each statement', () => {
  test('are gathered while they go into the same table', async ({ expect }) => {
    const dump = ['INSERT INTO `a` VALUES (1);\n', 'INSERT INTO `a` VALUES (2);\n', 'INSERT INTO `b` VALUES (3);\n']
    expect(await regrouped(dump.join(''))).toBe('INSERT INTO `a` VALUES (1),(2);\nINSERT INTO `b` VALUES (3);\n')
  })

  test('stay behind and before whatever else is in the dump', async ({ expect }) => {
    const row = 'INSERT INTO `a` VALUES (1);\n'
    const others = ['LOCK TABLES `a` WRITE;\n', '\n', '-- comment INSERT INTO `a` VALUES (9);\n', 'UNLOCK TABLES;\n']
    const dump = others.map((other) => `${row}${row}${other}`).join('')
    const wanted = others.map((other) => `INSERT INTO \`a\` VALUES (1),(1);\n${other}`).join('')
    expect(await regrouped(dump)).toBe(wanted)
  })

  test('come through with every escape, and with what looks like the beginning or the end of a statement', async ({
    expect,
  }) => {
    const values = [
      `'it\\'s', 'a\\\\', '\\0\\n\\r\\Z\\"'`,
      `'); INSERT INTO \`a\` VALUES ('`,
      `');', '),(', ' VALUES ('`,
      `0xFF00,NULL,-1.5e-7,_binary '\\\\'`,
      `'控え🦊'`,
    ]
    const dump = values.map((value) => `INSERT INTO \`a\` VALUES (${value});\n`).join('')
    expect(await regrouped(dump)).toBe(`INSERT INTO \`a\` VALUES ${values.map((value) => `(${value})`).join(',')};\n`)
  })

  test('are told apart by the table, whatever its name is', async ({ expect }) => {
    const names = [
      '`a`',
      '`a``b`',
      '`a`` VALUES (`',
      '`a) VALUES (1`',
      '`控え`',
      '`a` (`x`)',
      '`a` (`x`, `y) VALUES (`)',
    ]
    const dump = names.map((name) => `INSERT INTO ${name} VALUES (1);\nINSERT INTO ${name} VALUES (2);\n`).join('')
    const wanted = names.map((name) => `INSERT INTO ${name} VALUES (1),(2);\n`).join('')
    expect(await regrouped(dump)).toBe(wanted)
  })

  test('are bytes: what is no text comes through', async ({ expect }) => {
    const row = Buffer.concat([
      Buffer.from(`INSERT INTO \`a\` VALUES ('`),
      Buffer.from([0xff, 0x80, 0xfe]),
      Buffer.from(`');\n`),
    ])
    const result = Buffer.concat(await collect(regroupRows(inParts(Buffer.concat([row, row]), 7))))
    const values = row.subarray('INSERT INTO `a` VALUES '.length, -2)
    expect(result).toEqual(
      Buffer.concat([Buffer.from('INSERT INTO `a` VALUES '), values, Buffer.from(','), values, Buffer.from(';\n')]),
    )
  })

  test('make no statement that is larger than it may be, unless one row is', async ({ expect }) => {
    const lengths = [10, 20, 500, 30, 5, 5, 5]
    const dump = lengths.map((length) => `INSERT INTO \`a\` VALUES ('${'x'.repeat(length)}');\n`).join('')
    const lines = (await regrouped(dump, { largest: 100 })).trimEnd().split('\n')
    expect(lines.map((line) => line.match(/x+/g)!.map((row) => row.length))).toEqual([[10, 20], [500], [30, 5, 5, 5]])
  })

  test('come through the same wherever the parts of the dump end', async ({ expect }) => {
    const dump =
      'SET x;\nINSERT INTO `a` VALUES (1);\nINSERT INTO `a` VALUES (22);\n\nINSERT INTO `b` (`c`) VALUES (3);\n-- end'
    const whole = await regrouped(dump)
    for (let size = 1; size <= dump.length; size++) expect(await regrouped(dump, { size })).toBe(whole)
  })

  test('that are not whole are passed on as they are', async ({ expect }) => {
    const dump = 'INSERT INTO `a` VALUES (1);\nINSERT INTO `a` VALUES (2'
    expect(await regrouped(dump)).toBe(dump)
  })
})

async function regrouped(
  dump: string,
  { size = 64, largest }: { size?: number; largest?: number } = {},
): Promise<string> {
  return Buffer.concat(await collect(regroupRows(inParts(Buffer.from(dump), size), largest))).toString()
}

/** In one piece of memory that is used again for each of them. */
async function* inParts(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(memory, 0, at, at + size)
    yield memory.subarray(0, length)
  }
}
