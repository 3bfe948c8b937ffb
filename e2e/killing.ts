import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DamagedError,
  FileMissingError,
  openLocalBackend,
  openRepository,
  type Repository,
  type TreeId,
} from '@hikae/engine'
import {
  compareTrees,
  killable,
  makeCheapRepository,
  makeRandom,
  makeTempDir,
  randomBytesOf,
  recordedChanges,
  runOk,
  type KillOrder,
  type SystemCall,
  type TempDir,
} from '@hikae/testkit'
import { describe, expect, test as base } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn } from './fixtures.ts'
import { Hikae } from './hikae.ts'

/** Where the points lie; `HIKAE_TEST_SEED` repeats those of a run that failed. */
const SEED = process.env['HIKAE_TEST_SEED'] ?? String(Date.now())

/** A snapshot, and a copy of what it was made of. */
export interface Memory {
  readonly id: string
  readonly tree: string
  readonly source: string
}

/** A new repository with little to prove its password. */
export async function newRepository(dir: TempDir, name = 'repository'): Promise<Hikae> {
  const hikae = new Hikae({ repository: dir.join(name) })
  await makeCheapRepository(hikae.repository, hikae.password)
  return hikae
}

/** A repository that is never touched again, and a command that is killed in copies of it. */
export interface Scenario {
  readonly dir: TempDir
  /** On the repository to be copied. */
  readonly hikae: Hikae
  readonly args: readonly string[]
  /** Snapshots that have to be readable whatever happens. */
  readonly kept: readonly Memory[]
  /** More that have to be readable when the command has come to its end; only with {@link Scenario.damage}. */
  readonly healed?: readonly Memory[]
  /** What stock restic complains of until the command has come to its end. None by default. */
  readonly damage?: 'the index' | 'content'
  /** Of the command when it comes to its end; 0 alone by default. */
  readonly exitCodes?: readonly number[]
  /** The command leaves no pack that nobody needs, not even one of a run that was killed. */
  readonly tidies?: boolean
}

/** Where a process ends. */
interface KillPoint extends Required<Pick<KillOrder, 'at' | 'when'>> {
  /** The change that is not made. */
  readonly change: SystemCall
}

/**
 * Snapshots of a tree that changes a little each time. Contents are noise, so that sizes are as told.
 *
 * @param files bytes of each file of the first; every snapshot after it has one of them changed and one more of its own
 */
export async function makeHistory(dir: TempDir, hikae: Hikae, snapshots: number, files: number[]): Promise<Memory[]> {
  const first = files.map((length, n) => [`folder ${n % 3}/file ${n}`, randomBytesOf(`first ${n}`, length)] as const)
  const memories = [await addSnapshot(dir, hikae, Object.fromEntries(first))]
  for (let day = 1; day < snapshots; day++) {
    const [path, before] = first[day % first.length]!
    const changed = randomBytesOf(`changed ${day}`, before.length)
    const own = randomBytesOf(`new ${day}`, 20_000)
    memories.push(await addSnapshot(dir, hikae, { [path]: changed, [`new/${day}`]: own }))
  }
  return memories
}

/** Writes files into the tree that {@link makeHistory} made, and backs it up. */
export async function addSnapshot(dir: TempDir, hikae: Hikae, files: Record<string, Uint8Array>): Promise<Memory> {
  await makeFiles(dir.join('tree'), files)
  const summary = await hikae.backup(['tree'], ['--host', 'host'], { cwd: dir.path })
  const source = await mkdtemp(dir.join('source-'))
  await runOk('cp', ['-a', dir.join('tree'), source])
  const id = String(summary['snapshot_id'])
  await using repository = await openRepository(await openLocalBackend(hikae.repository), hikae)
  const { tree } = (await repository.snapshots()).find((snapshot) => snapshot.id === id)!
  return { id, tree, source }
}

/** A copy in no time: whatever is stored is never changed, so that its files may be shared. */
async function copyOf({ dir, hikae }: Scenario): Promise<Hikae> {
  const place = await mkdtemp(dir.join('copy-'))
  await runOk('cp', ['-al', hikae.repository, join(place, 'repository')])
  return hikae.with({ repository: join(place, 'repository') })
}

async function dropCopy({ repository }: Hikae): Promise<void> {
  await rm(join(repository, '..'), { recursive: true })
}

/** What the command changes in a repository when nobody disturbs it; `record` holds what it made visible. */
export async function rehearse(scenario: Scenario): Promise<{ changes: SystemCall[]; record: string; root: string }> {
  const copy = await copyOf(scenario)
  const record = join(copy.repository, '../record')
  await mkdir(record)
  await complete(copy, scenario, killable({ folder: copy.repository, record }))
  return { changes: await recordedChanges(record), record, root: copy.repository }
}

/**
 * Tests that the command of a scenario may be killed anywhere.
 *
 * @param title what is killed, with its article: `a backup`
 * @param count how many points are tried, one in each of so many parts of the work
 */
export function describeKilled(title: string, count: number, prepare: (dir: TempDir) => Promise<Scenario>): void {
  // oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  const test = base.extend('rehearsed', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    const scenario = await prepare(dir)
    return { scenario, points: pointsAmong((await rehearse(scenario)).changes, count, title) }
  })
  // oxlint-enable no-empty-pattern
  // Each waits for several programs, one after the other.
  describe.concurrent(`${title} that is killed (seed ${SEED})`, () => {
    test.for(Array.from({ length: count }, (_, part) => part))(
      `in part %i of ${count} loses nothing, and the next run needs no repair`,
      async (part, { rehearsed: { scenario, points } }) => {
        expect(await killAndGoOn(scenario, points[part]!, part)).toEqual({ locks: [], missing: [] })
      },
    )
  })
}

/** One point in each of `count` equal parts of the work. */
function pointsAmong(changes: readonly SystemCall[], count: number, label: string): KillPoint[] {
  const random = makeRandom(`${label} ${SEED}`)
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [part, part + 1].map((edge) => Math.floor((edge * changes.length) / count)) as [number, number]
    const at = random.integer(from, Math.max(from, to - 1)) + 1
    return { at, when: random.pick(['before', 'halfway']), change: changes[at - 1]! }
  })
}

/**
 * Kills the command at a point. Nothing may be lost then: stock restic finds no error, every snapshot that has to be there
 * can be read, one is restored and compared byte for byte. The same command, run again without any repair, has to succeed.
 *
 * @returns what is wrong after that
 */
async function killAndGoOn(scenario: Scenario, point: KillPoint, number: number) {
  const { kept, healed = [] } = scenario
  const { at, when, change } = point
  const copy = await killedCopy(scenario, point)
  try {
    if (scenario.damage === undefined) await checkByRestic(copy)
    expect(await missingFrom(copy, kept)).toEqual([])
    if (number % 2 === 0)
      await expectRestorable(copy, kept[number % kept.length]!, number % 4 === 0 ? 'restic' : 'hikae')
    await complete(copy, scenario)
  } catch (cause) {
    const context = `killed ${when} change ${at} (${change.name} of ${change.path}), with HIKAE_TEST_SEED=${SEED}`
    throw new Error(`${context}: ${String(cause)}`, { cause })
  }
  const after = { locks: await filesOf(copy, 'locks'), missing: await missingFrom(copy, [...kept, ...healed]) }
  await dropCopy(copy)
  return after
}

/**
 * A copy in which the command was killed. Threads share the work differently each time, so that a run may be a pack, and a
 * few changes, shorter than the rehearsed one: the last points are then sought a little before.
 */
async function killedCopy(scenario: Scenario, { at, when }: KillPoint): Promise<Hikae> {
  for (let early = 0; ; early += 2) {
    const copy = await copyOf(scenario)
    const env = killable({ folder: copy.repository, at: at - early, when })
    const { signal, exitCode, stderr } = await copy.run(scenario.args, { env, cwd: scenario.dir.path })
    if (signal === 'SIGKILL') return copy
    expect({ at, early, exitCode, stderr }).toMatchObject({ exitCode: 0, early: expect.toSatisfy(isSmall) as number })
    await dropCopy(copy)
  }
}

const isSmall = (early: number): boolean => early < 8

/** Nobody disturbs the command. */
async function complete(copy: Hikae, { args, dir, exitCodes = [0], tidies }: Scenario, env = {}): Promise<void> {
  const { exitCode, stderr } = await copy.run(args, { cwd: dir.path, env })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: expect.toBeOneOf([...exitCodes]) as number })
  const complaints = await checkByRestic(copy)
  if (tidies) expect(complaints).not.toContain('not referenced in any index')
}

/** @returns what it says; left-over packs are no error */
export async function checkByRestic(copy: Hikae): Promise<string> {
  if (noRestic) return ''
  const { stdout, stderr } = await resticOn(copy).check(['--read-data', '--no-lock'])
  return stdout + stderr
}

/** Those of which anything cannot be read. */
export async function missingFrom(copy: Hikae, kept: readonly Memory[]): Promise<Memory[]> {
  const readable = await readableTrees(copy)
  return kept.filter(({ tree }) => !readable.includes(tree))
}

async function expectRestorable(copy: Hikae, { id, source }: Memory, by: 'hikae' | 'restic'): Promise<void> {
  const target = join(copy.repository, '../restored')
  if (by === 'hikae' || noRestic) await copy.restore(id, target, ['--no-lock'])
  else await resticOn(copy).restore(id, target, ['--no-lock'])
  expect(await compareTrees(join(source, 'tree'), join(target, 'tree'))).toEqual([])
}

/** Trees of the snapshots of which every directory and every byte can be read; all are checked against their hashes. */
async function readableTrees({ repository: path, password }: Hikae): Promise<string[]> {
  await using repository = await openRepository(await openLocalBackend(path), { password })
  await repository.loadIndex()
  const readable: string[] = []
  const known = new Set<string>()
  for (const { tree } of await repository.snapshots()) {
    try {
      await readAll(repository, tree, known)
      readable.push(tree)
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof FileMissingError)) throw error
    }
  }
  return readable
}

async function readAll(repository: Repository, tree: TreeId, known: Set<string>): Promise<void> {
  if (known.has(tree)) return
  for (const { subtree, content } of (await repository.readTree(tree)).nodes) {
    if (subtree) await readAll(repository, subtree, known)
    for (const id of content ?? []) {
      if (!known.has(id)) await repository.readBlob('data', id)
      known.add(id)
    }
  }
  known.add(tree)
}
