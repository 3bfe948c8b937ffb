import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { Publisher, type Link } from './publish.ts'

const test = base.extend<{ dir: string }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern here
  dir: async ({}, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'hikae-publish-'))
    await use(dir)
    await rm(dir, { recursive: true })
  },
})

const refused =
  (code: string): Link =>
  () =>
    Promise.reject(Object.assign(new Error(code), { code }))

describe.each([
  ['with hard links', link],
  ['where links are not permitted', refused('EPERM')],
  ['where links are not supported', refused('ENOTSUP')],
] as const)('publishing %s', (_, how) => {
  test('a free name is taken, and the temporary name is gone', async ({ dir, expect }) => {
    await writeFile(join(dir, 'temporary'), 'new')
    expect(await new Publisher(how).publish(join(dir, 'temporary'), join(dir, 'final'))).toBe(true)
    expect(await readdir(dir)).toEqual(['final'])
    expect(await readFile(join(dir, 'final'), 'utf8')).toBe('new')
  })

  test('a taken name stays as it is, and so does the temporary file', async ({ dir, expect }) => {
    await writeFile(join(dir, 'temporary'), 'new')
    await writeFile(join(dir, 'final'), 'old')
    expect(await new Publisher(how).publish(join(dir, 'temporary'), join(dir, 'final'))).toBe(false)
    expect(await readdir(dir)).toEqual(['final', 'temporary'])
    expect(await readFile(join(dir, 'final'), 'utf8')).toBe('old')
  })

  test('of several at once, one is first', async ({ dir, expect }) => {
    const publisher = new Publisher(how)
    const sources = Array.from({ length: 8 }, (_, index) => join(dir, `temporary ${index}`))
    for (const source of sources) await writeFile(source, source)
    const results = await Promise.all(sources.map((source) => publisher.publish(source, join(dir, 'final'))))
    expect(results.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(dir, 'final'), 'utf8')).toBe(sources[results.indexOf(true)])
  })
})

test('a link that was made although its answer was lost counts as made', async ({ dir, expect }) => {
  await writeFile(join(dir, 'temporary'), 'new')
  const publisher = new Publisher(async (existing, fresh) => {
    await link(existing, fresh)
    await link(existing, fresh)
  })
  expect(await publisher.publish(join(dir, 'temporary'), join(dir, 'final'))).toBe(true)
  expect(await readdir(dir)).toEqual(['final'])
})

test('trouble other than missing support is thrown, and links are tried again next time', async ({ dir, expect }) => {
  await writeFile(join(dir, 'temporary'), 'new')
  let calls = 0
  const publisher = new Publisher(async (existing, fresh) => {
    if (++calls === 1) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    await link(existing, fresh)
  })
  await expect(publisher.publish(join(dir, 'temporary'), join(dir, 'final'))).rejects.toThrow('no space')
  expect(await publisher.publish(join(dir, 'temporary'), join(dir, 'final'))).toBe(true)
  expect(calls).toBe(2)
})

test('a failed rename does not hold up the next one', async ({ dir, expect }) => {
  const publisher = new Publisher(refused('EPERM'))
  await writeFile(join(dir, 'temporary'), 'new')
  const absent = publisher.publish(join(dir, 'absent'), join(dir, 'other'))
  const present = publisher.publish(join(dir, 'temporary'), join(dir, 'final'))
  await expect(absent).rejects.toThrow('ENOENT')
  expect(await present).toBe(true)
})
