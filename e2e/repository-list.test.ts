import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCheapRepository } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, test as base } from './fixtures.ts'
import { Hikae, PASSWORD, type Message } from './hikae.ts'

/** Two repositories of a stack file: `one` has a snapshot more than `two`. */
const test = base.extend('stack', async ({ dir }) => {
  const repositories = ['one', 'two'].map(
    (name) => `  ${name}: { local: ${name}, password: { env: HIKAE_PASSWORD } }\n`,
  )
  await makeFiles(dir.path, {
    'hikae.yaml': `version: 1\nrepositories:\n${repositories.join('')}`,
    'tree/file': 'content',
  })
  for (const name of ['one', 'two']) await makeCheapRepository(dir.join(name), PASSWORD)
  const stack = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  await stack.ok(['backup', '-r', 'one', '--time', '2026-11-01 02:00:00', 'tree'])
  await stack.ok(['copy', '--catch-up'])
  await stack.ok(['backup', '-r', 'one', '--time', '2026-11-03 02:00:00', 'tree'])
  return stack
})

describe.concurrent('hikae repository list', () => {
  test('tells for each repository what it holds and how it stands against the others', async ({
    stack,
    dir,
    expect,
  }) => {
    const [one, two] = await stack.document<Message[]>(['repository', 'list'])
    const stored = await new Hikae({ repository: dir.join('one') }).snapshots()
    expect(one).toMatchObject({
      name: 'one',
      address: dir.join('one'),
      reachable: true,
      snapshots: 2,
      last_write: stored[1]!['time'],
      last_check: null,
      freshness: 'level',
      free_bytes: expect.any(Number) as number,
      stored_bytes: expect.any(Number) as number,
    })
    expect(two).toMatchObject({
      snapshots: 1,
      freshness: 'behind',
      behind: { repository: 'one', snapshots: 1, older_by_seconds: 2 * 86_400 },
    })
    const { stdout } = await stack.ok(['repository', 'list'])
    expect(stdout).toMatch(/^one +2 .* 2026-11-03 02:00:00 +not from here +level$/m)
    expect(stdout).toMatch(
      /^two +1 .* 2026-11-01 02:00:00 +not from here +1 snapshot behind one, newest is 2 d older$/m,
    )
    expect(stdout).toContain(`\n${dir.join('two')}\n`)
    const only = await stack.document<Message[]>(['repository', 'list', '-r', 'two'])
    expect(only).toMatchObject([{ name: 'two', freshness: 'alone' }])
    for (const name of ['one', 'two'])
      expect(await filesOf(stack.with({ repository: dir.join(name) }), 'locks')).toEqual([])
  })

  test('remembers the checks that found no errors, and only those', async ({ stack, dir, expect }) => {
    await stack.ok(['check', '-r', 'one'])
    const [checked] = await stack.document<Message[]>(['repository', 'list'])
    expect(checked).toMatchObject({ last_check: { kind: 'structure' } })
    await stack.ok(['check', '-r', 'one', '--read-data'])
    const { stdout } = await stack.ok(['repository', 'list'])
    expect(stdout).toContain('all data')
    const two = stack.with({ repository: dir.join('two') })
    const [snapshot] = await filesOf(two, 'snapshots')
    await rename(join(two.repository, 'snapshots', snapshot!), join(two.repository, 'snapshots', 'f'.repeat(64)))
    expect((await stack.run(['check', '-r', 'two'])).exitCode).toBe(1)
    const [read, damaged] = await stack.document<Message[]>(['repository', 'list'])
    expect(read).toMatchObject({ last_check: { kind: 'all' } })
    expect(read!['checks']).toHaveProperty('structure')
    expect(damaged).toMatchObject({ reachable: true, snapshots: 0, damaged_snapshots: 1, last_check: null })
  })

  test('says why one cannot be reached, and lists the others', async ({ stack, dir, expect }) => {
    await rename(dir.join('two'), dir.join('gone'))
    const { exitCode, stdout, stderr } = await stack.run(['repository', 'list'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: '' })
    expect(stdout).toMatch(/^two +not reachable$/m)
    expect(stdout).toMatch(/^two: there is no repository at .*two \(check the place[^\n]*$/m)
    const found = await stack.run(['--json', 'repository', 'list'])
    expect(JSON.parse(found.stdout)).toMatchObject([
      { name: 'one', reachable: true, freshness: 'alone' },
      { name: 'two', reachable: false, error: { code: 'REPOSITORY_MISSING' } },
    ])
    expect((await stack.run(['repository', 'list', '-r', 'two'])).exitCode).toBe(1)
    await writeFile(dir.join('wrong'), 'not it')
    const wrong = await stack.run(['repository', 'list', '-r', 'one', '-p', 'wrong'])
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stdout).toMatch(/^one: the password opens no key/m)
  })
})
