import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runTool } from './tool.ts'

test('a program is run without a shell, in English and without the cache of file systems', async () => {
  const { stdout } = await runTool('env', [])
  expect(stdout).toMatch(/^LC_ALL=C$/m)
  expect(stdout).toMatch(/^BLKID_FILE=\/dev\/null$/m)
  expect((await runTool('echo', ['$HOME; *'])).stdout).toBe('$HOME; *\n')
})

test('an exit code is an answer only where it is said to be', async () => {
  expect(await runTool('false', [], { accepts: [0, 1] })).toMatchObject({ exitCode: 1 })
  await expect(runTool('false', [])).rejects.toMatchObject({ code: 'TOOL_FAILED', message: 'false exited with 1' })
})

describe('a program that cannot be found', () => {
  const searchPath = mkdtemp(join(tmpdir(), 'hikae-tools-'))
  afterAll(async () => rm(await searchPath, { recursive: true }))

  test('is named, with its package', async () => {
    await expect(runTool('mkfs.ext4', [], { searchPath: await searchPath })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: 'the program mkfs.ext4 is not installed',
      hint: 'install the package e2fsprogs (apt install e2fsprogs)',
    })
  })

  test('is told from one that cannot be run', async () => {
    const program = join(await searchPath, 'lsblk')
    await writeFile(program, '')
    await chmod(program, 0o600)
    await expect(runTool('lsblk', [], { searchPath: await searchPath })).rejects.toMatchObject({ code: 'TOOL_FAILED' })
  })
})

test('a program that waits for ever is given up', async () => {
  const run = runTool('sleep', ['1000'], { timeoutMs: 100 })
  await expect(run).rejects.toMatchObject({ code: 'TOOL_FAILED', hint: expect.stringContaining('dmesg') as string })
})

test('a program ends when nobody wants its answer any more', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const run = runTool('sleep', ['1000'], { signal: stop.signal })
  stop.abort(reason)
  await expect(run).rejects.toBe(reason)
  await expect(runTool('true', [], { signal: stop.signal })).rejects.toBe(reason)
})
