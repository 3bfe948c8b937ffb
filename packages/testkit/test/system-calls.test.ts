import { link, mkdir, open, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { isChange, killable, makeTempDir, recordedChanges, runProcess, watchSystemCalls } from '@hikae/testkit'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  await mkdir(dir.join('watched'))
  await mkdir(dir.join('record'))
  return dir
})

/** What a repository does to store a file. */
async function store(path: string): Promise<void> {
  const file = await open(`${path}-tmp`, 'wx')
  try {
    await file.write(Buffer.from('0123456789'), 0, 10, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await link(`${path}-tmp`, path)
  await unlink(`${path}-tmp`)
}

/** The same as a program. */
const STORE = `
  import { link, open, unlink } from 'node:fs/promises'
  const file = await open('watched/a-tmp', 'wx')
  await file.write(Buffer.from('0123456789'), 0, 10, 0)
  await file.datasync()
  await file.close()
  await link('watched/a-tmp', 'watched/a')
  await unlink('watched/a-tmp')`.replaceAll("'watched", "process.cwd() + '/watched")

test('calls inside the folder are recorded, others are not, and none once it is over', async ({ dir, expect }) => {
  const [inside, outside] = [dir.join('watched/file'), dir.join('file')]
  const watch = watchSystemCalls(dir.join('watched'))
  await store(outside)
  await store(inside)
  watch[Symbol.dispose]()
  await stat(inside)
  expect(watch.calls).toEqual([
    { name: 'open', path: `${inside}-tmp`, number: 1 },
    { name: 'write', path: `${inside}-tmp`, number: 2 },
    { name: 'datasync', path: `${inside}-tmp`, number: 3 },
    { name: 'close', path: `${inside}-tmp`, number: 4 },
    { name: 'link', path: `${inside}-tmp`, to: inside, number: 5 },
    { name: 'unlink', path: `${inside}-tmp`, number: 6 },
  ])
  expect(watch.calls.filter(isChange).map(({ name }) => name)).toEqual(['write', 'datasync', 'link', 'unlink'])
})

test.for(['open', 'write', 'datasync', 'close', 'link', 'unlink'] as const)(
  'a fault in %s looks like one of the system',
  async (name, { dir, expect }) => {
    const folder = dir.join('watched')
    using _watch = watchSystemCalls(folder, (call) => (call.name === name ? { kind: 'error', code: 'EIO' } : undefined))
    const path = join(folder, name === 'link' ? 'a' : 'b')
    await expect(store(path)).rejects.toMatchObject({ code: 'EIO', errno: -5, path: `${path}-tmp` })
  },
)

test.for([
  { at: 1, when: 'before', left: { 'a-tmp': '' } },
  { at: 1, when: 'halfway', left: { 'a-tmp': '01234' } },
  { at: 3, when: 'before', left: { 'a-tmp': '0123456789' } },
  { at: 4, when: 'before', left: { 'a-tmp': '0123456789', a: '0123456789' } },
] as const)('a program dies $when change $at', async ({ at, when, left }, { dir, expect }) => {
  const env = killable({ folder: dir.join('watched'), at, when })
  const { signal } = await runProcess(process.execPath, ['--input-type=module', '-e', STORE], { cwd: dir.path, env })
  expect(signal).toBe('SIGKILL')
  const names = await readdir(dir.join('watched'))
  const found = await Promise.all(names.map(async (name) => [name, await readFile(dir.join('watched', name), 'utf8')]))
  expect(Object.fromEntries(found)).toEqual(left)
})

test('a program that comes to its end leaves a record of its changes', async ({ dir, expect }) => {
  await writeFile(dir.join('watched/other'), '')
  const env = killable({ folder: dir.join('watched'), record: dir.join('record') })
  await runProcess(process.execPath, ['--input-type=module', '-e', STORE], { cwd: dir.path, env })
  const changes = await recordedChanges(dir.join('record'))
  expect(changes.map(({ name }) => name)).toEqual(['write', 'datasync', 'link', 'unlink'])
  expect(await readFile(dir.join('record/3'), 'utf8')).toBe('0123456789')
})
