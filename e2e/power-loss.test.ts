import { link, mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { makeCheapRepository, makeTempDir, randomBytesOf, type SystemCall, type TempDir } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { makeFiles } from './fixtures.ts'
import { Hikae } from './hikae.ts'
import { checkByRestic, makeHistory, missingFrom, newRepository, rehearse, type Scenario } from './killing.ts'

/** Files of a repository, by path inside of it, and where a copy of each lies. */
type Files = ReadonlyMap<string, string>

/**
 * What may be on the disk when the power fails. A name is there for sure, or gone for sure, only after its folder was
 * synchronised; of what was not, the disk may have any part: here none, all removals, all additions, or the last one alone.
 */
type Luck = (pending: readonly Change[]) => readonly Change[]

const LUCK: readonly Luck[] = [
  () => [],
  (pending) => pending.filter(({ content }) => content === undefined),
  (pending) => pending.filter(({ content }) => content !== undefined),
  (pending) => pending.slice(-1),
]

interface Change {
  readonly folder: string
  readonly name: string
  /** Where a copy of the new file lies; undefined when it is removed. */
  readonly content?: string
}

/** Every state of the disk that a loss of power can leave, each once. */
function* statesAfter(changes: readonly SystemCall[], record: string, root: string, before: Files): Generator<Files> {
  const durable = new Map(before)
  const synced = new Set<string>()
  let pending: Change[] = []
  const seen = new Set<string>()
  for (const [at, { name, path, to }] of changes.entries()) {
    if (name === 'datasync') synced.add(path)
    if (to !== undefined) {
      if (!synced.has(path)) throw new Error(`${to} became visible before its content was on the disk`)
      pending.push({ folder: dirname(to), name: relative(root, to), content: join(record, `${at + 1}`) })
    }
    if (name === 'unlink' && !basename(path).includes('-tmp-')) {
      pending.push({ folder: dirname(path), name: relative(root, path) })
    }
    if (name === 'sync') {
      for (const change of pending) if (change.folder === path) apply(durable, change)
      pending = pending.filter(({ folder }) => folder !== path)
    }
    for (const luck of LUCK) {
      const state = new Map(durable)
      for (const change of luck(pending)) apply(state, change)
      const key = [...state].flat().sort().join('\n')
      if (!seen.has(key)) yield state
      seen.add(key)
    }
  }
}

function apply(files: Map<string, string>, { name, content }: Change): void {
  if (content === undefined) files.delete(name)
  else files.set(name, content)
}

async function filesIn(root: string): Promise<Files> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return new Map(paths.map((path) => [relative(root, path), path]))
}

async function materialise({ dir, hikae }: Scenario, files: Files): Promise<Hikae> {
  const repository = join(await mkdtemp(dir.join('state-')), 'repository')
  for (const folder of ['data', 'index', 'keys', 'locks', 'snapshots']) {
    await mkdir(join(repository, folder), { recursive: true })
  }
  for (const [name, content] of files) {
    await mkdir(dirname(join(repository, name)), { recursive: true })
    await link(content, join(repository, name))
  }
  return hikae.with({ repository })
}

const COMMANDS: Record<string, (dir: TempDir) => Promise<Scenario>> = {
  async backup(dir) {
    const hikae = await newRepository(dir)
    const kept = await makeHistory(dir, hikae, 2, [60_000, 50_000])
    const more = Array.from({ length: 7 }, (_, n) => [`more/${n}`, randomBytesOf(`more ${n}`, 1_300_000)] as const)
    await makeFiles(dir.join('tree'), Object.fromEntries(more))
    return { dir, hikae, kept, args: ['backup', '--pack-size', '4', 'tree'] }
  },
  async prune(dir) {
    const hikae = await newRepository(dir)
    const history = await makeHistory(dir, hikae, 6, [60_000, 50_000, 40_000])
    await hikae.ok(['forget', '--keep-last', '3'])
    return { dir, hikae, kept: history.slice(-3), args: ['prune', '--max-unused', '0'] }
  },
  async forget(dir) {
    const hikae = await newRepository(dir)
    const history = await makeHistory(dir, hikae, 5, [60_000, 50_000, 40_000])
    return { dir, hikae, kept: history.slice(-2), args: ['forget', '--keep-last', '2', '--prune', '--max-unused', '0'] }
  },
  async rewrite(dir) {
    const hikae = await newRepository(dir)
    const history = await makeHistory(dir, hikae, 4, [60_000, 50_000])
    const args = ['rewrite', '--forget', '--exclude', '/tree/new', history[1]!.id, history[2]!.id]
    return { dir, hikae, kept: [history[0]!, history[3]!], args }
  },
  async migrate(dir) {
    const hikae = new Hikae({ repository: dir.join('repository') })
    await makeCheapRepository(hikae.repository, hikae.password, { version: 1 })
    const kept = await makeHistory(dir, hikae, 2, [60_000])
    return { dir, hikae, kept, args: ['migrate', 'upgrade_repo_v2'] }
  },
  async tag(dir) {
    const hikae = await newRepository(dir)
    const kept = await makeHistory(dir, hikae, 3, [60_000])
    return { dir, hikae, kept, args: ['tag', '--set', 'tagged'] }
  },
}

describe.concurrent('wherever the power fails', () => {
  test.for(Object.keys(COMMANDS))('during %s, every snapshot that was there is whole', async (command, { expect }) => {
    await using dir = await makeTempDir()
    const scenario = await COMMANDS[command]!(dir)
    const { changes, record, root } = await rehearse(scenario)
    let states = 0
    for (const files of statesAfter(changes, record, root, await filesIn(scenario.hikae.repository))) {
      const copy = await materialise(scenario, files)
      await checkByRestic(copy)
      expect(await missingFrom(copy, scenario.kept)).toEqual([])
      states++
    }
    expect(states).toBeGreaterThan(2)
  })
})
