import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  availableRestics,
  isRoot,
  makeTempDir,
  missingPrograms,
  Restic,
  runOk,
  skipBecause,
  type RunningProcess,
  type TempDir,
} from '@hikae/testkit'
import { test as base } from 'vitest'
import { Hikae } from './hikae.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `dir` is a folder of the test's own, `hikae` the program there with a new repository. */
export const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('hikae', async ({ dir }) => {
    const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
    await hikae.initCheaply()
    return hikae
  })

/** `test` whose `dir` begins as a copy of what `fill` puts into a folder, once for all tests of the file. */
export function testWithCopyOf(fill: (dir: TempDir) => Promise<void>) {
  return base
    .extend('stock', { scope: 'file' }, async ({}, { onCleanup }) => {
      const stock = await makeTempDir()
      onCleanup(() => stock[Symbol.asyncDispose]())
      await fill(stock)
      return stock
    })
    .extend('dir', async ({ stock }, { onCleanup }) => {
      const dir = await makeTempDir()
      onCleanup(() => dir[Symbol.asyncDispose]())
      // Node's own copy rounds times to milliseconds.
      await runOk('cp', ['-a', `${stock.path}/.`, dir.path])
      return dir
    })
}
// oxlint-enable no-empty-pattern

/** Newest first. */
export const restics = await availableRestics()

/** For `skipIf`. */
export const noRestic = skipBecause(
  restics.length === 0 ? 'no restic: install it, or run script/fetch-program restic' : undefined,
)

/** For `skipIf`: what hostile trees are made and compared with. */
export const noTreeTools = skipBecause(
  isRoot() ? await missingPrograms('bash', 'getfattr', 'setfattr', 'setfacl') : 'owners and devices need root',
)

/** Stock restic on the same repository, the newest unless another is named. */
export function resticOn(hikae: Hikae, binary = restics[0]!): Restic {
  return new Restic({ binary, repository: hikae.repository, password: hikae.password })
}

/** Writes files with these contents below `root`; directories are made as needed. */
export async function makeFiles(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  await mkdir(root, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

/** Whole files of one kind in a repository. */
export async function filesOf(
  { repository }: Hikae,
  kind: 'keys' | 'locks' | 'snapshots' | 'index' | 'data',
): Promise<string[]> {
  const found = await readdir(join(repository, kind), { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name)).map(({ name }) => name)
}

/** Waits until something holds, or the program that is to bring it about has ended. */
export async function until(holds: () => Promise<boolean>, running: RunningProcess): Promise<void> {
  const end = running.finished.then(
    () => true,
    () => true,
  )
  while (!(await holds())) if (await Promise.race([end, delay(5, false)])) return
}
