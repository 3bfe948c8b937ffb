import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRoot, makeSmallDisk, randomBytesOf, skipBecause, whyNoSmallDisk } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae, jsonLines } from './hikae.ts'

/** Two repositories that were created in one go; `both` names both of them in every call. */
const test = base
  .extend('one', ({ dir }) => new Hikae({ repository: dir.join('one'), cwd: dir.path }))
  .extend('two', ({ dir }) => new Hikae({ repository: dir.join('two'), cwd: dir.path }))
  .extend('both', async ({ dir }) => {
    const both = new Hikae({ cwd: dir.path })
    await both.ok(['init', '-r', 'one', '-r', 'two'])
    await makeFiles(dir.join('tree'), { 'a/noise': randomBytesOf('noise', 2_500_000), text: 'text', empty: '' })
    return both
  })

const noDisk = skipBecause(await whyNoSmallDisk())
const BOTH = ['-r', 'one', '-r', 'two']

describe.concurrent('one backup into two repositories', () => {
  test('stores the same in both, and each is whole by itself', async ({ one, two, both, dir, expect }) => {
    const messages = jsonLines((await both.ok(['--json', 'backup', ...BOTH, 'tree'])).stdout)
    const summaries = messages.filter(({ message_type }) => message_type === 'summary')
    expect(summaries).toMatchObject([
      {
        repository: dir.join('one'),
        outcome: 'succeeded',
        data_blobs: expect.any(Number),
        total_bytes_processed: 2_500_004,
      },
      { repository: dir.join('two'), outcome: 'succeeded', data_blobs: summaries[0]!['data_blobs'] },
    ])
    const [[first], [second]] = [await one.snapshots(), await two.snapshots()]
    expect(first!['tree']).toBe(second!['tree'])
    expect(first!['time']).toBe(second!['time'])
    await rm(one.repository, { recursive: true })
    await two.check()
    await two.ok(['restore', 'latest:/tree', '--target', dir.join('restored')])
    if (!noRestic) await resticOn(two).check()
  })

  test('each gets what it lacks', async ({ one, two, both, expect }) => {
    await one.backup(['tree'])
    const messages = jsonLines((await both.ok(['--json', 'backup', ...BOTH, 'tree'])).stdout)
    const [first, second] = messages.filter(({ message_type }) => message_type === 'summary')
    expect(first).toMatchObject({ data_blobs: 0, data_added: 0 })
    expect(second!['data_added']).toBeGreaterThan(2_500_000)
    await one.check()
    await two.check()
  })

  test('repositories that cut differently are refused with a way out', async ({ both, dir, expect }) => {
    await both.ok(['init', '-r', 'other'])
    const refused = await both.run(['backup', '-r', 'one', '-r', 'other', 'tree'])
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/cut content[^]*next: .*--copy-chunker-params/)
    const env = { HIKAE_FROM_PASSWORD: both.password }
    await both.ok(['init', '-r', 'third', '--from-repo', 'one', '--copy-chunker-params'], { env })
    await both.ok(['backup', '-r', 'one', '-r', 'third', 'tree'])
    await new Hikae({ repository: dir.join('third') }).check()
  })

  test('each may have its own password', async ({ dir, expect }) => {
    await makeFiles(dir.path, { 'tree/file': 'x', 'password one': 'first\n', 'password two': 'second\n' })
    const both = new Hikae({ cwd: dir.path })
    const passwords = ['-p', 'password one', '-p', 'password two']
    await both.ok(['init', ...BOTH, ...passwords])
    await both.ok(['backup', ...BOTH, ...passwords, 'tree'])
    for (const [repository, password] of [
      ['one', 'first'],
      ['two', 'second'],
    ] as const) {
      expect(await new Hikae({ repository: dir.join(repository), password }).snapshots()).toHaveLength(1)
    }
    const wrong = await both.run(['backup', ...BOTH, '-p', 'password one', 'tree'])
    expect(wrong.exitCode).toBe(3)
    expect(wrong.stderr).toMatch(/error: repository .*two: the password opens no key/)
  })
})

describe.concurrent('when one of two repositories has trouble', () => {
  test.for([
    { trouble: 'is missing', says: /two.*no repository/, spoil: (two: string) => rm(two, { recursive: true }) },
    { trouble: 'has lost its config', says: /two.*no repository/, spoil: (two: string) => rm(join(two, 'config')) },
    { trouble: 'cannot be written', says: /two.*permission/i, spoil: (two: string) => protect(two) },
  ])(
    'that $trouble, the other gets its snapshot and the exit status is 3',
    async ({ says, spoil }, { one, two, both, expect }) => {
      await spoil(two.repository)
      const result = await both.with({ obedient: true }).run(['backup', ...BOTH, 'tree'])
      expect(result.stderr).toMatch(says)
      expect(result.stderr).not.toMatch(/\n\s+at |unexpected error/)
      expect(result.exitCode).toBe(3)
      expect(await one.snapshots()).toHaveLength(1)
      await one.check()
    },
  )

  test('trouble with all of them is a failure', async ({ one, two, both, expect }) => {
    await rm(join(one.repository, 'config'))
    await rm(join(two.repository, 'config'))
    const result = await both.run(['backup', ...BOTH, 'tree'])
    expect(result.exitCode).toBe(10)
    expect(result.stderr).toContain(one.repository)
  })

  test.skipIf(noDisk)(
    'a full disk costs only its own snapshot, and nothing that was there',
    async ({ one, both, dir, expect }) => {
      await using disk = await makeSmallDisk({ sizeBytes: 24 * 1024 * 1024 })
      const env = { HIKAE_FROM_PASSWORD: both.password }
      const full = new Hikae({ repository: join(disk.path, 'repository'), cwd: dir.path })
      await full.ok(['init', '--from-repo', 'one', '--copy-chunker-params'], { env })
      await full.backup(['tree/text'])
      await makeFiles(dir.join('tree'), { large: randomBytesOf('large', 40_000_000) })
      const args = ['backup', '-r', 'one', '-r', full.repository, '--pack-size', '4', 'tree']
      const result = await both.run(args)
      expect(result.stderr).toMatch(/error: .*repository: no snapshot was made: .*no space/)
      expect(result.stderr).not.toMatch(/\n\s+at |unexpected error/)
      expect(result.exitCode).toBe(3)
      expect(await one.snapshots()).toHaveLength(1)
      await one.check()
      await rm(join(disk.path, 'lost+found'), { recursive: true, force: true })
      const alone = await full.run(['backup', 'tree'])
      expect(alone.exitCode).toBe(1)
      expect(alone.stderr).toMatch(/^hikae: .*no space[^\n]*\nnext: /)
      expect(await full.with({ env: {} }).snapshots(['--no-lock'])).toHaveLength(1)
      await full.ok(['check', '--read-data', '--no-lock'])
      await rm(dir.join('tree', 'large'))
    },
  )
})

async function protect(repository: string): Promise<void> {
  if (!isRoot()) return await chmod(join(repository, 'locks'), 0o500)
  for (const folder of ['locks', 'data', 'index', 'snapshots']) await chmod(join(repository, folder), 0o500)
}
