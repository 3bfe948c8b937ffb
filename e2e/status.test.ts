import { rename } from 'node:fs/promises'
import { makeCheapRepository } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

/** Two repositories in one folder, and so on one disk, whichever that is. */
const test = base.extend('stack', async ({ dir }) => {
  const repositories = ['one', 'two'].map(
    (name) => `  ${name}: { local: ${name}, password: { env: HIKAE_PASSWORD } }\n`,
  )
  await makeFiles(dir.path, {
    'hikae.yaml': `version: 1\nrepositories:\n${repositories.join('')}`,
    'tree/file': 'content',
  })
  for (const name of ['one', 'two']) await makeCheapRepository(dir.join(name), PASSWORD)
  return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
})

interface Status {
  readonly repositories: readonly object[]
  readonly three_two_one: {
    readonly copies: number
    readonly off_site: number
    readonly missing: object
    readonly not_counted: readonly { readonly repository: string; readonly reason: string }[]
  }
}

async function statusOf(stack: Hikae): Promise<{ exitCode: number | null; status: Status }> {
  const { exitCode, stdout } = await stack.run(['--json', 'status'])
  return { exitCode, status: JSON.parse(stdout) as Status }
}

describe.concurrent('hikae status', () => {
  test('is content when all are level, and counts two on one disk once', async ({ stack, expect }) => {
    await stack.ok(['backup', '-r', 'one', 'tree'])
    await stack.ok(['copy', '--catch-up'])
    const { exitCode, status } = await statusOf(stack)
    expect(exitCode).toBe(0)
    expect(status.repositories).toMatchObject([{ freshness: 'level' }, { freshness: 'level' }])
    const { copies, off_site: offSite, not_counted: uncounted } = status.three_two_one
    expect(copies).toBeLessThanOrEqual(2)
    expect(offSite).toBe(0)
    expect(uncounted.map(({ repository }) => repository)).toContain('two')
    const { stdout } = await stack.ok(['status'])
    expect(stdout).toMatch(/^one +last snapshot \d+ (s|min) ago +.*one +never checked +level$/m)
    expect(stdout).toMatch(/^3-2-1: [12] cop(y|ies), 1 medium, 0 off-site$/m)
    expect(stdout).toMatch(/^ {2}two is (no copy of its own|not counted): /m)
    expect(stdout).toMatch(/^missing: [12] more cop(y|ies), another medium, a copy that is off-site$/m)
    expect(stdout).toMatch(/^next: [^\n]+\n$/m)
  })

  test('is not when one is behind, empty or away, and says which', async ({ stack, dir, expect }) => {
    expect((await stack.run(['status'])).stdout).toContain('next: make the first backup: hikae backup\n')
    await stack.ok(['backup', '-r', 'one', 'tree'])
    const empty = await statusOf(stack)
    expect(empty.exitCode).toBe(3)
    expect(empty.status.three_two_one.not_counted).toContainEqual({ repository: 'two', reason: 'empty' })
    expect((await stack.run(['status'])).stdout).toMatch(
      /^two +no snapshot +.*two +never checked +1 snapshot behind one$/m,
    )
    expect((await stack.run(['status'])).stdout).toContain('next: fill the empty repositories: hikae copy --catch-up\n')
    await rename(dir.join('two'), dir.join('gone'))
    const away = await stack.run(['status'])
    expect(away.exitCode).toBe(3)
    expect(away.stdout).toMatch(/^two +.*two +not reachable: there is no repository at .*whether its disk is mounted/m)
    expect(away.stdout).toContain('  two is not counted: it cannot be reached\n')
    expect(away.stdout).toContain('next: bring back the repositories that cannot be reached\n')
  })
})
