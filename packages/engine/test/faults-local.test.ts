import { readdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { check, KnownError, openLocalBackend, openRepository, type Backend } from '@hikae/engine'
import { isChange, makeTempDir, runOk, watchSystemCalls, type SystemCall } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { copyAll, makeGround, PASSWORD, type Ground } from './support/ground.ts'
import { readEverything } from './support/read-everything.ts'
import { UNDERTAKINGS, type Undertaking } from './support/undertakings.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('ground', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return await makeGround(dir)
})

const CHANGING = UNDERTAKINGS.filter(({ name }) => ['backup', 'forget', 'prune'].includes(name))

describe.each(CHANGING)('when the disk fails in a call of the system, $name', (undertaking) => {
  test('says so, loses nothing, and succeeds the next time', async ({ ground, expect }) => {
    const { dir } = ground
    const origin = dir.join(undertaking.name)
    const before = await copyAll(ground.backend, await openLocalBackend(origin))
    await undertaking.prepare?.(before)
    const root = dir.join('work')
    const fresh = async () => {
      await runOk('rm', ['-rf', root])
      await runOk('cp', ['-al', origin, root])
      return await openLocalBackend(root)
    }
    const undisturbed = await fresh()
    const sites = await callSites(root, async () => void (await undertaking.run(undisturbed, ground)))
    expect(sites.length).toBeGreaterThan(5)
    for (const site of sites) {
      const backend = await fresh()
      const told = await runWithFault(undertaking, backend, ground, root, site)
      expect({ site, told, ...(await judge(backend, undertaking, ground)) }).toMatchObject({ errors: [], lost: [] })
      if (told === 'done') expect(await undertaking.isDone(backend, ground)).toBe(true)
      expect({ site, next: await undertaking.run(backend, ground) }).toMatchObject({ next: 'done' })
      expect(await undertaking.isDone(backend, ground)).toBe(true)
      expect({ site, ...(await judge(backend, undertaking, ground)) }).toMatchObject({ errors: [], lost: [] })
    }
  })
})

test('a name that cannot be given to a file where there are no links fails a backup, which succeeds the next time', async ({
  ground,
  expect,
}) => {
  const root = ground.dir.join('without links')
  const backend = await copyAll(ground.backend, await openLocalBackend(root))
  const backup = CHANGING.find(({ name }) => name === 'backup')!
  for (const kind of ['data', 'index', 'snapshots']) {
    const withoutLinks = watchSystemCalls(root, ({ name, path }) => {
      if (name === 'link') return { kind: 'error', code: 'EPERM' }
      return name === 'rename' && path.startsWith(`${root}/${kind}/`) ? { kind: 'error', code: 'EIO' } : undefined
    })
    expect(await backup.run(await openLocalBackend(root), ground)).toBe('reported')
    withoutLinks[Symbol.dispose]()
    expect(await judge(backend, backup, ground)).toEqual({ errors: [], lost: [] })
    expect((await readdir(root, { recursive: true })).filter((name) => name.includes('-tmp-'))).toEqual([])
  }
  expect(await backup.run(backend, ground)).toBe('done')
})

/** Calls that can fail in their own way: what is called, on what kind of file; each once. */
async function callSites(root: string, run: () => Promise<void>): Promise<string[]> {
  using watch = watchSystemCalls(root)
  await run()
  return [...new Set(watch.calls.filter(isWorthAFault).map((call) => siteOf(call, root)))]
}

function isWorthAFault(call: SystemCall): boolean {
  return isChange(call) || call.name === 'open' || call.name === 'close'
}

/** `link of snapshots/ID-tmp`. */
function siteOf({ name, path }: SystemCall, root: string): string {
  const what = relative(root, path)
    .replace(/-tmp-.*/, '-tmp')
    .replace(/[0-9a-f]{64}/, 'ID')
    .replace(/^data\/../, 'data/XX')
  return `${name} of ${what}`
}

/** Only the first call of the site fails. */
async function runWithFault(
  undertaking: Undertaking,
  backend: Backend,
  ground: Ground,
  root: string,
  site: string,
): Promise<string> {
  let hasFailed = false
  using _watch = watchSystemCalls(root, (call) => {
    if (hasFailed || siteOf(call, root) !== site) return undefined
    hasFailed = true
    return { kind: 'error', code: 'EIO' }
  })
  try {
    return await undertaking.run(backend, ground)
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    return error.message
  }
}

async function judge(backend: Backend, { kept }: Undertaking, { trees }: Ground) {
  const repository = await openRepository(backend, { password: PASSWORD })
  const { errors } = await check(repository)
  const there = await readEverything(repository)
  return { errors, lost: kept.filter((number) => !there.includes(trees[number]!)) }
}
