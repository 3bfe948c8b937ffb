import { access } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { describe, test } from 'vitest'
import {
  byteStream,
  bytesOf,
  makeRandom,
  makeTempDir,
  randomBytesOf,
  runOk,
  runProcess,
  startProcess,
} from '@hikae/testkit'

describe('running programs', () => {
  test('output, input, environment and exit code are passed on', async ({ expect }) => {
    const script = 'cat; echo "$GREETING" >&2; exit 7'
    const result = await runProcess('sh', ['-c', script], { input: 'in', env: { GREETING: 'hello' } })
    expect(result).toMatchObject({ stdout: 'in', stderr: 'hello\n', exitCode: 7, signal: null })
  })

  test('a failure of a program that has to succeed carries what it said', async ({ expect }) => {
    await expect(runOk('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toThrow(/exited with 3\nwhy/)
    await expect(runOk('no-such-program', [])).rejects.toThrow('ENOENT')
  })

  test('a program that takes too long is killed, with all that holds its output', async ({ expect }) => {
    const run = runProcess('sh', ['-c', 'sleep 3 & sleep 3'], { timeoutMs: 200 })
    await expect(run).rejects.toThrow('ran longer than 200 ms')
  })

  test('a running program can be waited for and killed', async ({ expect }) => {
    await using running = await startProcess('sh', ['-c', 'echo ready; exec sleep 1000'])
    await running.printed('ready')
    running.kill('SIGTERM')
    expect(await running.finished).toMatchObject({ exitCode: null, signal: 'SIGTERM', stdout: 'ready\n' })
    await expect(running.printed('never')).rejects.toThrow('ended without printing "never"')
  })
})

test('a temporary folder is gone at the end of its block', async ({ expect }) => {
  let path: string
  {
    await using dir = await makeTempDir()
    path = dir.path
    await access(path)
  }
  await expect(access(path)).rejects.toThrow('ENOENT')
})

describe('random data', () => {
  test('is the same for the same seed on every machine', ({ expect }) => {
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 8)
    expect([1, 2].map((seed) => digest(randomBytesOf(seed, 1000)))).toEqual(['f2a9d64b', '7ee66ca8'])
    expect(digest(bytesOf('a', 200_000, 'half'))).toBe('64a82c5c')
    const random = makeRandom(5)
    expect([random.integer(1, 6), random.integer(1, 6), random.pick(['a', 'b', 'c'])]).toEqual([2, 3, 'b'])
  })

  test('a shorter stream is the beginning of a longer one', ({ expect }) => {
    const longer = Buffer.concat([...byteStream(3, 300_000, 'half')])
    expect(longer).toHaveLength(300_000)
    expect(bytesOf(3, 70_001, 'half').equals(longer.subarray(0, 70_001))).toBe(true)
  })

  test.for([
    ['noise', 0.99, 1.01],
    ['half', 0.5, 0.7],
    ['text', 0.05, 0.4],
  ] as const)('%s compresses as expected', ([kind, least, most], { expect }) => {
    const bytes = bytesOf(kind, 1_000_000, kind)
    const ratio = zstdCompressSync(bytes).length / bytes.length
    expect(ratio).toBeGreaterThan(least)
    expect(ratio).toBeLessThan(most)
  })

  test('integers reach both ends of their range', ({ expect }) => {
    const random = makeRandom('ends')
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(-1, 2)))
    expect(seen).toEqual(new Set([-1, 0, 1, 2]))
  })
})
