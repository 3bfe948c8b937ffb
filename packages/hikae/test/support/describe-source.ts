import { makeTempDir, type TempDir } from '@hikae/testkit'
import { describe, test as base, type ExpectStatic } from 'vitest'
import type { ReadContext, SourceKind } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from './source-ground.ts'

/** A real thing of one kind, for the contract that every kind keeps. */
export interface SourceSubject<Config> extends AsyncDisposable {
  readonly kind: SourceKind<Config>
  readonly config: Config
  /** Where relative paths of the configuration begin. */
  readonly folder: string
  /**
   * Everything about the thing that a restore has to bring back, in a form that can be compared.
   *
   * @param to where it was restored to; its own place by default
   */
  content(to?: string): Promise<unknown>
  /** Another place for {@link SourceSubject.content}, as `--to` has it, where there is nothing yet. */
  readonly elsewhere: string
  /** Changes the thing: something is gone, something is new, something is different. */
  change(): Promise<void>
  /** False where a restore in place cannot keep what it replaces; its plan has to say so. */
  readonly keepsWhatWasThere?: boolean
  /** The same kind with nothing in it; absent where there can be no such thing. */
  readonly empty?: Config
  /** The same kind in such a state, or so configured, that reading fails on the way, not at the beginning. */
  readonly failing: Config
  /** The same kind so large or slow that a read of it can be stopped while it lasts; `begun` resolves in the middle. */
  readonly lasting: { readonly config: Config; readonly begun: () => Promise<void> }
  /** What a read must not leave: processes, copies, locks. In a form that can be compared. */
  traces(): Promise<unknown>
}

/** The contract of {@link SourceKind}; every kind passes it. */
export function describeSource<Config>(
  name: string,
  make: (dir: TempDir) => Promise<SourceSubject<Config>>,
  { skip }: { readonly skip?: boolean } = {},
): void {
  // oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  const test = base
    .extend('dir', async ({}, { onCleanup }) => {
      const dir = await makeTempDir()
      onCleanup(() => dir[Symbol.asyncDispose]())
      return dir
    })
    .extend('subject', async ({ dir }, { onCleanup }) => {
      const subject = await make(dir)
      onCleanup(() => subject[Symbol.asyncDispose]())
      return subject
    })
    .extend('ground', async ({ dir }) => await SourceGround.create(dir))
    .extend('context', ({ ground, subject }) => ground.context(subject.folder))
  // oxlint-enable no-empty-pattern

  describe.skipIf(skip)(`a source of the kind ${name}`, () => {
    test('comes back as it was, in another place', async ({ subject, ground, context, expect }) => {
      const before = await subject.content()
      const { backup, reading } = await ground.backUp(subject.kind, subject.config, context)
      expect(backup).toMatchObject({ outcome: 'succeeded', unreadable: [] })
      expect(reading).toMatchObject({ findings: [], isEmpty: false })
      await restoreTo(subject, await ground.point(), context, subject.elsewhere)
      expect(await subject.content(subject.elsewhere)).toEqual(before)
    })

    test('comes back in its own place, and what was there is kept where that can be', async ({
      subject,
      ground,
      context,
      expect,
    }) => {
      const before = await subject.content()
      await ground.backUp(subject.kind, subject.config, context)
      await subject.change()
      const changed = await subject.content()
      expect(changed).not.toEqual(before)
      const point = await ground.point()
      const plan = await subject.kind.planRestore(subject.config, point, {}, context)
      expect(plan.steps.length).toBeGreaterThan(0)
      expect(await subject.content()).toEqual(changed)
      const restored = await plan.apply(context.signal)
      expect(restored.findings).toEqual([])
      if (subject.keepsWhatWasThere ?? true) expect(restored.kept).toEqual(expect.any(String))
      else expect(plan.steps.join('\n')).toContain('not kept')
      expect(await subject.content()).toEqual(before)
    })

    test('is as it was before a restore when that is undone, and as restored when the undo is', async ({
      subject,
      ground,
      context,
      expect,
      skip: leaveOut,
    }) => {
      const { kind, config } = subject
      if (kind.kept === undefined) leaveOut('it keeps nothing')
      const before = await subject.content()
      await ground.backUp(kind, config, context)
      expect(await kind.kept!(config, context)).toEqual([])
      await subject.change()
      const changed = await subject.content()
      await restoreInPlace(subject, await ground.point(), context)
      const undone = await undoRestore(subject, context, expect)
      expect(undone).toEqual(changed)
      expect(await undoRestore(subject, context, expect)).toEqual(before)
      expect(await undoRestore(subject, context, expect)).toEqual(changed)
    })

    test('is left as it is when what was kept is removed', async ({
      subject,
      ground,
      context,
      expect,
      skip: leaveOut,
    }) => {
      const { kind, config } = subject
      if (kind.kept === undefined) leaveOut('it keeps nothing')
      const before = await subject.content()
      await ground.backUp(kind, config, context)
      await subject.change()
      await restoreInPlace(subject, await ground.point(), context)
      const [copy] = await kind.kept!(config, context)
      if (copy!.size) expect(await copy!.size(context.signal)).toBeGreaterThan(0)
      await copy!.remove(context)
      expect(await kind.kept!(config, context)).toEqual([])
      expect(await subject.content()).toEqual(before)
      expect(await kind.examine(config, context)).toEqual([])
    })

    test('is left as it is by a restore whose point turns out to be damaged', async ({
      subject,
      ground,
      context,
      expect,
    }) => {
      await ground.backUp(subject.kind, subject.config, context)
      await subject.change()
      const before = await subject.content()
      await expect(restoreInPlace(subject, damaged(await ground.point()), context)).rejects.toThrow()
      expect(await subject.content()).toEqual(before)
    })

    test('is found good by its kind, and bad when its content cannot be read', async ({
      subject,
      ground,
      context,
      expect,
    }) => {
      await ground.backUp(subject.kind, subject.config, context)
      const point = await ground.point()
      expect(await subject.kind.verify(subject.config, point, context)).toEqual([])
      expect(await isFoundBad(subject, damaged(point), context)).toBe(true)
    })

    test('takes little room when it has not changed', async ({ subject, ground, context, expect }) => {
      const { backup: first } = await ground.backUp(subject.kind, subject.config, context)
      const { backup: second } = await ground.backUp(subject.kind, subject.config, context)
      const added = (report: typeof first): number => report.repositories[0]!.summary.dataAdded
      expect(added(second)).toBeLessThan(Math.max(added(first) / 4, 16_384))
      expect(second.outcome).toBe('succeeded')
    })

    test('is examined without complaint, and without a change', async ({ subject, context, expect }) => {
      const before = await subject.content()
      expect(await subject.kind.examine(subject.config, context)).toEqual([])
      expect(subject.kind.describe(subject.config)).not.toBe('')
      expect(await subject.content()).toEqual(before)
    })

    test('that fails while it is read makes no snapshot that passes for whole', async ({
      subject,
      ground,
      context,
      expect,
    }) => {
      const traces = await subject.traces()
      await expectNoGreenLie(ground, subject, context, expect)
      expect(await subject.traces()).toEqual(traces)
    })

    test('that is stopped while it is read makes no snapshot, and leaves nothing behind', async ({
      subject,
      ground,
      expect,
    }) => {
      const traces = await subject.traces()
      const stop = new AbortController()
      const reason = new Error('stopped by this test')
      const { config, begun } = subject.lasting
      const running = ground.backUp(subject.kind, config, ground.context(subject.folder, stop.signal))
      const outcome = running.then(
        () => 'finished',
        (error: unknown) => error,
      )
      await begun()
      stop.abort(reason)
      expect(await outcome).toBe(reason)
      expect(await ground.snapshotCount()).toBe(0)
      expect(await subject.traces()).toEqual(traces)
    })

    test('that is empty says so', async ({ subject, ground, context, expect, skip: leaveOut }) => {
      if (subject.empty === undefined) leaveOut('there is nothing empty of this kind')
      const { reading } = await ground.backUp(subject.kind, subject.empty!, context)
      expect(reading).toMatchObject({ isEmpty: true })
    })
  })
}

async function restoreTo<Config>(
  { kind, config }: SourceSubject<Config>,
  point: SourcePoint,
  context: ReadContext,
  to: string,
): Promise<void> {
  await (await kind.planRestore(config, point, { to }, context)).apply(context.signal)
}

async function restoreInPlace<Config>(
  { kind, config }: SourceSubject<Config>,
  point: SourcePoint,
  context: ReadContext,
): Promise<void> {
  await (await kind.planRestore(config, point, {}, context)).apply(context.signal)
}

/** Undoes the newest restore. @returns what is in place then */
async function undoRestore<Config>(
  subject: SourceSubject<Config>,
  context: ReadContext,
  expect: ExpectStatic,
): Promise<unknown> {
  const { kind, config } = subject
  const present = await subject.content()
  const kept = await kind.kept!(config, context)
  expect(kept).toHaveLength(1)
  const plan = await kept[0]!.planUndo(context)
  expect(plan.steps.length).toBeGreaterThan(0)
  expect(await subject.content()).toEqual(present)
  const restored = await plan.apply(context.signal)
  expect(restored.findings).toEqual([])
  expect(restored.kept).toEqual(expect.any(String))
  return await subject.content()
}

/** Either the backup throws, or it says that something is missing. */
async function expectNoGreenLie<Config>(
  ground: SourceGround,
  { kind, failing }: SourceSubject<Config>,
  context: ReadContext,
  expect: ExpectStatic,
): Promise<void> {
  try {
    const { backup, reading } = await ground.backUp(kind, failing, context)
    const isWhole = backup.outcome === 'succeeded' && (reading?.findings ?? []).length === 0
    expect(isWhole).toBe(false)
  } catch {
    expect(await ground.snapshotCount()).toBe(0)
  }
}

async function isFoundBad<Config>(
  { kind, config }: SourceSubject<Config>,
  point: SourcePoint,
  context: ReadContext,
): Promise<boolean> {
  try {
    return (await kind.verify(config, point, context)).some(({ severity }) => severity === 'error')
  } catch {
    return true
  }
}

/** A point whose content breaks off. */
function damaged(point: SourcePoint): SourcePoint {
  const lost = (): Error => new Error('a blob is in no index')
  return {
    ...point,
    // oxlint-disable-next-line require-yield -- it breaks before the first byte
    async *content() {
      throw lost()
    },
    async *tar(path, name) {
      yield* point.tar(path, name)
      throw lost()
    },
    async writeTo(folder, path) {
      await point.writeTo(folder, path)
      throw lost()
    },
  }
}
