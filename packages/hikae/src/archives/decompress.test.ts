import { readFile, writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { collect, makeTempDir, missingPrograms, randomBytesOf, runOk, skipBecause } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { gzipped, zstdCompressed } from './compress.ts'
import { decompressed } from './decompress.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

const signal = new AbortController().signal
const CONTENT = Buffer.concat([Buffer.from(randomBytesOf(1, 700_000)), Buffer.alloc(500_000, 'text ')])

async function unpack(path: string, compression: 'gzip' | 'zstd' | 'xz' | 'bzip2'): Promise<Buffer> {
  return Buffer.concat(await collect(decompressed(Buffer.from(path), compression, signal)))
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < CONTENT.length; at += 100_000) yield CONTENT.subarray(at, at + 100_000)
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield CONTENT
  throw new Error('the source broke')
}

const PACKERS = {
  gzip: { pack: (bytes: Buffer) => gzipSync(bytes), stream: gzipped },
  zstd: { pack: (bytes: Buffer) => zstdCompressSync(bytes, { params: { 201: 1 } }), stream: zstdCompressed },
} as const

describe.each(['gzip', 'zstd'] as const)('%s', (format) => {
  const { pack, stream } = PACKERS[format]
  const packed = pack(CONTENT)

  test('what is packed is unpacked', async ({ dir, expect }) => {
    await writeFile(dir.join('x'), Buffer.concat(await collect(stream(pieces()))))
    expect((await unpack(dir.join('x'), format)).equals(CONTENT)).toBe(true)
  })

  test('what goes wrong while packing is thrown', async ({ expect }) => {
    await expect(collect(stream(failing()))).rejects.toThrow('the source broke')
  })

  test('several after each other are one', async ({ dir, expect }) => {
    await writeFile(dir.join('x'), Buffer.concat([packed, packed, pack(Buffer.alloc(0)), packed]))
    expect((await unpack(dir.join('x'), format)).equals(Buffer.concat([CONTENT, CONTENT, CONTENT]))).toBe(true)
  })

  test.for([0, 3, 4, 5, 1000, packed.length - 1])('cut after %i bytes is refused', async (length, { dir, expect }) => {
    await writeFile(dir.join('x'), packed.subarray(0, length))
    await expect(unpack(dir.join('x'), format)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })

  test('a second one that is cut is refused', async ({ dir, expect }) => {
    await writeFile(dir.join('x'), Buffer.concat([packed, packed.subarray(0, 500_000)]))
    await expect(unpack(dir.join('x'), format)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })

  test.for([1, 5, 300_000])('%i other bytes behind it are refused', async (length, { dir, expect }) => {
    await writeFile(dir.join('x'), Buffer.concat([packed, Buffer.alloc(length, 'g')]))
    await expect(unpack(dir.join('x'), format)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })

  test('a flipped bit in the content is found by the checksum', async ({ dir, expect }) => {
    const bad = Buffer.from(packed)
    bad[400_000]! ^= 0x10
    await writeFile(dir.join('x'), bad)
    await expect(unpack(dir.join('x'), format)).rejects.toMatchObject({ code: 'ARCHIVE' })
  })
})

test.for([10, 10_240, 600_000])('%i zeros behind gzip data are padding', async (length, { dir, expect }) => {
  await writeFile(dir.join('x'), Buffer.concat([gzipSync(CONTENT), Buffer.alloc(length)]))
  expect((await unpack(dir.join('x'), 'gzip')).equals(CONTENT)).toBe(true)
  await writeFile(dir.join('y'), Buffer.concat([gzipSync(CONTENT), Buffer.alloc(length), Buffer.from('more')]))
  await expect(unpack(dir.join('y'), 'gzip')).rejects.toThrow('something that is not gzip follows')
})

test('a zstd frame without content is passed over', async ({ dir, expect }) => {
  const skippable = Buffer.from('5e2a4d1803000000616263', 'hex')
  await writeFile(dir.join('x'), Buffer.concat([skippable, zstdCompressSync(CONTENT), skippable]))
  expect((await unpack(dir.join('x'), 'zstd')).equals(CONTENT)).toBe(true)
})

test.skipIf(skipBecause(await missingPrograms('zstd')))(
  'more memory than a machine may have is refused',
  async ({ dir, expect }) => {
    const make = 'head -c 3000000 /dev/urandom | zstd -q -1 --long=28 > x'
    await runOk('sh', ['-c', make], { cwd: dir.path })
    await expect(unpack(dir.join('x'), 'zstd')).rejects.toThrow('more than 128 MiB of memory')
  },
)

describe.skipIf(skipBecause(await missingPrograms('xz', 'bzip2'))).each(['xz', 'bzip2'] as const)('%s', (program) => {
  test('is unpacked by the program, and judged by its exit status', async ({ dir, expect }) => {
    await writeFile(dir.join('c'), CONTENT)
    await runOk('sh', ['-c', `${program} -c c > x`], { cwd: dir.path })
    expect((await unpack(dir.join('x'), program)).equals(CONTENT)).toBe(true)
    const whole = await readFile(dir.join('x'))
    await writeFile(dir.join('cut'), whole.subarray(0, whole.length - 20))
    await expect(unpack(dir.join('cut'), program)).rejects.toThrow(`the ${program} data is damaged`)
  })
})
