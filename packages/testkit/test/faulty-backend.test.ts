import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { test } from 'vitest'
import { FileMissingError, MemoryBackend, openLocalBackend, withRetry } from '@hikae/engine'
import { collect, faultAt, firstFault, makeTempDir, withFaults, type FaultPlan } from '@hikae/testkit'

const content = Buffer.from('0123456789')
const name = nameOf(0)

function nameOf(number: number): string {
  return createHash('sha256').update(`${number}`).digest('hex')
}

async function filled() {
  const backend = new MemoryBackend()
  await backend.write('pack', name, content)
  return backend
}

test('without a plan it changes nothing and keeps account of every call', async ({ expect }) => {
  const backend = withFaults(new MemoryBackend())
  await backend.write('pack', name, content)
  await backend.write('index', name, content)
  await backend.write('pack', nameOf(1), content)
  expect(await collect(backend.list('pack'))).toHaveLength(2)
  expect(backend.calls).toEqual([
    { operation: 'write', kind: 'pack', fileName: name, number: 1, ofItsSort: 1 },
    { operation: 'write', kind: 'index', fileName: name, number: 2, ofItsSort: 1 },
    { operation: 'write', kind: 'pack', fileName: nameOf(1), number: 3, ofItsSort: 2 },
    { operation: 'list', kind: 'pack', number: 4, ofItsSort: 1 },
  ])
})

test('a call that fails before has no effect, one that fails after has all of it', async ({ expect }) => {
  const inner = new MemoryBackend()
  const backend = withFaults(
    inner,
    firstFault(
      faultAt({ operation: 'write', nth: 1 }, { kind: 'fail-before' }),
      faultAt({ operation: 'write', nth: 2 }, { kind: 'fail-after' }),
    ),
  )
  await expect(backend.write('pack', name, content)).rejects.toMatchObject({ transient: true })
  await expect(inner.size('pack', name)).rejects.toBeInstanceOf(FileMissingError)
  await expect(backend.write('pack', name, content)).rejects.toMatchObject({ transient: true })
  expect(await inner.size('pack', name)).toBe(10)
})

test('a fault hits the calls it is meant for', async ({ expect }) => {
  const wrong = new Error('wrong')
  const plan = faultAt(
    { operation: 'read', kind: 'pack', fileName: name, nth: 2 },
    { kind: 'fail-before', error: wrong },
  )
  const backend = withFaults(await filled(), plan)
  expect(await backend.size('pack', name)).toBe(10)
  expect(await backend.read('pack', name)).toEqual(content)
  await expect(backend.read('pack', name)).rejects.toBe(wrong)
  expect(await backend.read('pack', name)).toEqual(content)
})

test('after a crash nothing works any more, and what happened before it stays', async ({ expect }) => {
  for (const when of ['before', 'after'] as const) {
    const inner = new MemoryBackend()
    const backend = withFaults(inner, faultAt({ nth: 2 }, { kind: 'crash', when }))
    await backend.write('pack', nameOf(1), content)
    await expect(backend.write('pack', nameOf(2), content)).rejects.toThrow('the process has died')
    await expect(backend.size('pack', nameOf(1))).rejects.toThrow('the process has died')
    await expect(collect(backend.list('pack'))).rejects.toThrow('the process has died')
    const stored = await collect(inner.list('pack'))
    expect(stored.map((file) => file.name)).toEqual(when === 'before' ? [nameOf(1)] : [nameOf(1), nameOf(2)])
  }
})

test('reads can come back short, with a wrong bit, or late', async ({ expect }) => {
  const inner = await filled()
  const readWith = (plan: FaultPlan) => withFaults(inner, plan).read('pack', name)
  expect(Buffer.from(await readWith(() => ({ kind: 'truncated' }))).toString()).toBe('01234')
  expect(Buffer.from(await readWith(() => ({ kind: 'truncated', keepBytes: 1 }))).toString()).toBe('0')
  expect(Buffer.from(await readWith(() => ({ kind: 'flipped-bit', atByte: 2 }))).toString()).toBe('0133456789')
  expect(await readWith(() => ({ kind: 'delay', ms: 1 }))).toEqual(content)
  expect(await inner.read('pack', name)).toEqual(content)
})

test('a list breaks off half-way or after its end', async ({ expect }) => {
  const inner = new MemoryBackend()
  for (let number = 0; number < 10; number++) await inner.write('index', nameOf(number), content)
  for (const [kind, names] of [
    ['truncated', 5],
    ['fail-after', 10],
    ['fail-before', 0],
  ] as const) {
    let seen = 0
    const reading = (async () => {
      for await (const file of withFaults(inner, () => ({ kind })).list('index')) seen += file.size / content.length
    })()
    await expect(reading).rejects.toMatchObject({ transient: true })
    expect(seen).toBe(names)
  }
})

test('a torn write is invisible, and leaves what a killed process leaves in a folder', async ({ expect }) => {
  await using dir = await makeTempDir()
  const inner = await openLocalBackend(dir.path)
  await inner.create()
  await inner.write('config', '', content)
  const backend = withFaults(inner, () => ({ kind: 'torn-write' }))
  await expect(backend.write('index', name, content)).rejects.toMatchObject({ transient: true })
  expect(await collect(inner.list('index'))).toEqual([])
  expect(await readdir(dir.join('index'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}-tmp-[0-9a-f]{16}$/)])
  await inner.write('index', name, content)
})

test('retrying gets over a fault at every single call', async ({ expect }) => {
  const work = async (plan?: FaultPlan) => {
    const faulty = withFaults(new MemoryBackend(), plan)
    const backend = withRetry(faulty, { sleep: async () => undefined })
    await backend.create()
    for (let number = 0; number < 3; number++) await backend.write('pack', nameOf(number), Buffer.from(`${number}`))
    await backend.remove('pack', nameOf(1))
    const sizes = await Promise.all([0, 2].map((number) => backend.size('pack', nameOf(number))))
    const text = Buffer.from(await backend.read('pack', nameOf(2))).toString()
    const names = await collect(backend.list('pack'))
    return { calls: faulty.calls.length, seen: { names, sizes, text } }
  }
  const undisturbed = await work()
  expect(undisturbed.calls).toBe(9)
  for (let nth = 1; nth <= undisturbed.calls; nth++) {
    for (const kind of ['fail-before', 'fail-after'] as const) {
      expect((await work(faultAt({ nth }, { kind }))).seen).toEqual(undisturbed.seen)
    }
  }
})
