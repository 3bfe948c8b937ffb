import { BackendError, check, KnownError, MemoryBackend, openRepository, type Backend } from '@hikae/engine'
import { makeTempDir, withFaults, type Fault, type RecordedCall } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { copyAll, makeGround, namesOf, PASSWORD, type Ground } from './support/ground.ts'
import { readEverything } from './support/read-everything.ts'
import { UNDERTAKINGS, type Undertaking } from './support/undertakings.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('ground', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return await makeGround(dir)
})

const broken = new BackendError('cannot reach the repository: the disk failed', {
  cause: Object.assign(new Error('EIO'), { code: 'EIO' }),
})

/** What can go wrong with a call. What only reads fails before or comes back wrong; a change may also have been made. */
function faultsOf({ operation }: RecordedCall): Fault[] {
  const before: Fault = { kind: 'fail-before', error: broken }
  if (operation === 'size') return [before]
  if (operation === 'read') return [before, { kind: 'flipped-bit' }, { kind: 'truncated' }]
  if (operation === 'list') return [before, { kind: 'truncated', error: broken }]
  const after: Fault = { kind: 'fail-after', error: broken }
  return operation === 'write' ? [before, after, { kind: 'torn-write', error: broken }] : [before, after]
}

describe.each(UNDERTAKINGS)('with a fault at every call of the storage, $name', (undertaking) => {
  test('never claims to have done what it has not, loses nothing, and succeeds the next time', async ({
    ground,
    expect,
  }) => {
    const before = await copyAll(ground.backend, new MemoryBackend())
    await undertaking.prepare?.(before)
    const undisturbed = withFaults(await copyAll(before, new MemoryBackend()))
    expect(await undertaking.run(undisturbed, ground)).toBe('done')
    expect(undisturbed.calls.length).toBeGreaterThan(5)
    for (const call of undisturbed.calls) {
      for (const fault of faultsOf(call)) {
        const inner = await copyAll(before, new MemoryBackend())
        const faulty = withFaults(inner, ({ number }) => (number === call.number ? fault : undefined))
        const told = await outcomeOf(undertaking, faulty, ground)
        expect({ call, fault, told, ...(await judge(inner, undertaking, ground)) }).toMatchObject(SOUND)
        if (told === 'done') expect(await undertaking.isDone(inner, ground)).toBe(true)
        // Nothing is different from the first time.
        if (undertaking.changes === 'nothing' || (await isSame(before, inner))) continue
        expect({ call, fault, next: await undertaking.run(inner, ground) }).toMatchObject({ next: 'done' })
        expect(await undertaking.isDone(inner, ground)).toBe(true)
        expect({ call, fault, ...(await judge(inner, undertaking, ground)) }).toMatchObject(SOUND)
      }
    }
  })
})

async function isSame(one: Backend, other: Backend): Promise<boolean> {
  const names = async (backend: Backend) =>
    await Promise.all((['snapshot', 'index', 'pack'] as const).map((kind) => namesOf(backend, kind)))
  return JSON.stringify(await names(one)) === JSON.stringify(await names(other))
}

/** A failure that cannot be foreseen is thrown on: it is a bug. */
async function outcomeOf(undertaking: Undertaking, backend: Backend, ground: Ground): Promise<string> {
  try {
    return await undertaking.run(backend, ground)
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    return error.message
  }
}

const SOUND = { errors: [], lost: [] }

async function judge(backend: Backend, { kept }: Undertaking, { trees }: Ground) {
  const repository = await openRepository(backend, { password: PASSWORD })
  const { errors } = await check(repository)
  const there = await readEverything(repository)
  return { errors, lost: kept.filter((number) => !there.includes(trees[number]!)) }
}
