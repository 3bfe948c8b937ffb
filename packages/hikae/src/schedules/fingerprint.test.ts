import { chmod, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { test } from 'vitest'
import { fingerprint } from './fingerprint.ts'

test('a tree looks the same until something in it is another', async ({ expect }) => {
  await using dir = await makeTempDir()
  await mkdir(dir.join('root/folder'), { recursive: true })
  await writeFile(dir.join('root/folder/file'), 'text')
  const look = async (): Promise<string> =>
    fingerprint(
      [dir.join('root'), dir.join('absent')],
      (path) => path.endsWith('/ignored'),
      new AbortController().signal,
    )
  const seen = [await look()]
  expect(await look()).toBe(seen[0])
  await mkdir(dir.join('beside'))
  expect(await look()).toBe(seen[0])
  const changes = [
    () => writeFile(dir.join('root/folder/file'), 'longer text'),
    () => utimes(dir.join('root/folder/file'), 1, 1),
    () => chmod(dir.join('root/folder/file'), 0o600),
    () => rename(dir.join('root/folder/file'), dir.join('root/folder/other')),
    () => writeFile(dir.join('absent'), ''),
    () => rm(dir.join('root/folder/other')),
  ]
  for (const change of changes) {
    await change()
    seen.push(await look())
  }
  expect(new Set(seen).size).toBe(changes.length + 1)
  await mkdir(dir.join('root/folder/ignored'))
  const withIgnored = await look()
  await writeFile(dir.join('root/folder/ignored/file'), '')
  expect(await look()).toBe(withIgnored)
})
