import { chmod, open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytesOf, type TempDir } from '@hikae/testkit'
import { filesOf } from './fixtures.ts'
import type { Hikae } from './hikae.ts'
import { addSnapshot, describeKilled, makeHistory, type Memory, newRepository } from './killing.ts'

describeKilled('a repair of the index', 8, async (dir) => {
  const hikae = await newRepository(dir)
  const kept = await makeHistory(dir, hikae, 3, [60_000, 50_000, 40_000])
  const lost: string[] = []
  const healed: Memory[] = []
  for (const name of ['one more', 'another']) {
    const { memory, index } = await addDay(dir, hikae, name)
    lost.push(...index)
    healed.push(memory)
  }
  for (const name of lost) await unlink(join(hikae.repository, 'index', name))
  return { dir, hikae, kept, healed, damage: 'the index', args: ['repair', 'index'] }
})

describeKilled('a repair of packs', 8, async (dir) => {
  const hikae = await newRepository(dir)
  const kept = await makeHistory(dir, hikae, 3, [60_000, 50_000, 40_000])
  const { memory, pack } = await addDay(dir, hikae, 'in the pack')
  await damageHeader(pathOf(hikae, pack))
  // When the pack has gone, there is nothing left to repair: the command says that it is not there.
  const exitCodes = [0, 2]
  const args = ['repair', 'packs', pack, '--keep', dir.path]
  return { dir, hikae, kept: [...kept, memory], damage: 'content', exitCodes, args }
})

describeKilled('a repair of snapshots', 8, async (dir) => {
  const hikae = await newRepository(dir)
  const kept = await makeHistory(dir, hikae, 3, [60_000, 50_000, 40_000])
  const { pack } = await addDay(dir, hikae, 'lost')
  await addDay(dir, hikae, 'after it')
  await unlink(pathOf(hikae, pack))
  await hikae.run(['repair', 'index'])
  const args = ['repair', 'snapshots', '--forget']
  // What was given up is told in any case.
  return { dir, hikae, kept, damage: 'content', exitCodes: [0, 3], args }
})

/** A snapshot with one new file, and what came into the repository with it: its index files and the pack of the file. */
async function addDay(dir: TempDir, hikae: Hikae, name: string) {
  const [indexes, packs] = [await filesOf(hikae, 'index'), await filesOf(hikae, 'data')]
  const memory = await addSnapshot(dir, hikae, { [name]: randomBytesOf(name, 100_000) })
  const index = (await filesOf(hikae, 'index')).filter((name) => !indexes.includes(name))
  const added = (await filesOf(hikae, 'data')).filter((name) => !packs.includes(name))
  const sizes = await Promise.all(added.map(async (name) => ({ name, size: (await stat(pathOf(hikae, name))).size })))
  return { memory, index, pack: sizes.reduce((most, next) => (next.size > most.size ? next : most)).name }
}

function pathOf({ repository }: Hikae, pack: string): string {
  return join(repository, 'data', pack.slice(0, 2), pack)
}

/** The content of the pack can be read all the same, through the index. */
async function damageHeader(path: string): Promise<void> {
  const { size } = await stat(path)
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  await file.write(Buffer.alloc(8), 0, 8, size - 30)
}
