import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTempDir } from '@hikae/testkit'
import fc from 'fast-check'
import { test } from 'vitest'
import { joinLayer } from './join-layer.ts'
import { separateLayer } from './separate-layer.ts'

interface Parts {
  readonly headers: Buffer
  readonly content: Buffer
}

test.for(['gnu', 'pax', 'ustar'])(
  'a layer in the %s format is taken apart and put together',
  async (format, { expect }) => {
    await using dir = await makeTempDir()
    const long = 'a-long-name-'.repeat(format === 'ustar' ? 5 : 15)
    mkdirSync(dir.join('tree/folder'), { recursive: true })
    const files = {
      empty: '',
      one: '1',
      block: 'x'.repeat(512),
      [`folder/${long}`]: 'long',
      'folder/z': 'y'.repeat(70_000),
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(dir.join(`tree/${name}`), content)
    symlinkSync('one', dir.join('tree/link'))
    const before = packed(dir.path, format)
    const parts = await separated(before, 1000)
    expect(parts.content.toString()).toBe(`${'x'.repeat(512)}long${'y'.repeat(70_000)}1`)
    expect(await joined(parts)).toEqual(before)

    for (const name of Object.keys(files)) utimesSync(dir.join(`tree/${name}`), 1, 1)
    const after = packed(dir.path, format)
    expect(after).not.toEqual(before)
    expect((await separated(after, 64)).content).toEqual(parts.content)
  },
)

test('whatever is in a layer comes back byte for byte', async ({ expect }) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 700 }), async (bytes, step) => {
      const layer = Buffer.from(bytes)
      expect(await joined(await separated(layer, step))).toEqual(layer)
    }),
  )
})

test('what follows the end of the archive is kept too', async ({ expect }) => {
  await using dir = await makeTempDir()
  mkdirSync(dir.join('tree'))
  writeFileSync(dir.join('tree/file'), 'content')
  const layer = Buffer.concat([packed(dir.path, 'gnu'), randomBytes(1_000_000)])
  const parts = await separated(layer, 4096)
  expect(await joined(parts)).toEqual(layer)
  expect((await separated(layer, 1111)).headers.equals(parts.headers)).toBe(true)
})

test('a layer that ends in the middle of a file is an error', async ({ expect }) => {
  await using dir = await makeTempDir()
  mkdirSync(dir.join('tree'))
  writeFileSync(dir.join('tree/file'), 'content'.repeat(1000))
  await expect(separated(packed(dir.path, 'gnu').subarray(0, 2048), 100)).rejects.toThrow('ends too early')
})

test('parts that do not fit each other are an error', async ({ expect }) => {
  await using dir = await makeTempDir()
  mkdirSync(dir.join('tree'))
  writeFileSync(dir.join('tree/file'), 'content')
  const { headers, content } = await separated(packed(dir.path, 'gnu'), 512)
  for (const parts of [
    { headers, content: content.subarray(1) },
    { headers, content: Buffer.concat([content, content]) },
    { headers: headers.subarray(0, -3), content },
    { headers: headers.subarray(0, 100), content },
  ]) {
    await expect(joined(parts)).rejects.toThrow('do not fit each other')
  }
})

function packed(folder: string, format: string): Buffer {
  const args = ['-C', join(folder, 'tree'), '--sort=name', `--format=${format}`, '-cf', '-', '.']
  return execFileSync('tar', args, { maxBuffer: 64 * 1024 * 1024 })
}

async function separated(layer: Buffer, step: number): Promise<Parts> {
  const headers: Buffer[] = []
  const content: Uint8Array[] = []
  for await (const part of separateLayer(pieces(layer, step), async (frame) => void headers.push(frame))) {
    content.push(part)
  }
  return { headers: Buffer.concat(headers), content: Buffer.concat(content) }
}

async function joined({ headers, content }: Parts): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of joinLayer('tried', { headers: pieces(headers, 777), content: pieces(content, 333) })) {
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function* pieces(bytes: Buffer, step: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}
