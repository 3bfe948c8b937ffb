import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, test as base, type ExpectStatic } from 'vitest'
import {
  FileExistsError,
  FileMissingError,
  InvalidInputError,
  KnownError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
} from '@hikae/engine'
import { collect } from './collect.ts'
import { randomBytesOf } from './random.ts'

/** A backend that the contract may fill, and what it takes to get rid of it. */
export interface ContractSubject extends AsyncDisposable {
  readonly backend: Backend
  /** Puts a file with any name beside those of a kind; absent when the storage cannot hold such names. */
  readonly addStray?: (kind: Exclude<FileKind, 'config'>, name: string) => Promise<void>
  /** Kinds that it removes without a word when they are not there, because each look would be a request; none by default. */
  readonly removesUnseen?: readonly FileKind[]
  /**
   * The server, not the backend, writes files in place, as Debian's rclone does into a folder: a file can be seen while it is
   * written and a moment after its writer gave up, and several writers of one name all believe that they were first.
   */
  readonly writesInPlace?: boolean
}

const NAMED_KINDS = ['key', 'lock', 'snapshot', 'index', 'pack'] as const
const MEBIBYTE = 1024 * 1024
const IN_PLACE = 'the server writes in place'

/**
 * What every backend must do, as tests. `open` makes an empty place that holds no repository yet.
 */
export function describeBackend(name: string, open: () => Promise<ContractSubject>): void {
  const test = base.extend<{ subject: ContractSubject; backend: Backend }>({
    // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern here
    subject: async ({}, use) => {
      await using subject = await open()
      await makeRepository(subject.backend)
      await use(subject)
    },
    backend: async ({ subject }, use) => use(subject.backend),
  })

  describe(`${name} as a backend`, () => {
    // One place for the tests that change nothing: making one means hundreds of folders, over a network too.
    let unchanged: ContractSubject
    let digits: string
    beforeAll(async () => {
      unchanged = await open()
      await makeRepository(unchanged.backend)
      digits = await stored(unchanged.backend, 'pack', '0123456789')
    })
    afterAll(() => unchanged[Symbol.asyncDispose]())

    describe('writing', () => {
      test.for(NAMED_KINDS)('a written %s is read back, measured and listed', async (kind, { backend, expect }) => {
        const content = randomBytesOf(kind, 1000)
        const name = nameOf(content)
        await backend.write(kind, name, content)
        expect(Buffer.compare(await backend.read(kind, name), content)).toBe(0)
        expect(await backend.size(kind, name)).toBe(1000)
        expect(await listed(backend, kind)).toEqual([{ name, size: 1000 }])
      })

      test('the config has no name, and is there once it is written', async ({ backend, expect }) => {
        expect(textOf(await backend.read('config', ''))).toBe('the config')
        expect(await backend.size('config', '')).toBe(10)
      })

      test('an empty file is a file', async ({ backend, expect }) => {
        const name = nameOf(Buffer.alloc(0))
        await backend.write('index', name, Buffer.alloc(0))
        expect(await backend.read('index', name)).toHaveLength(0)
        expect(await listed(backend, 'index')).toEqual([{ name, size: 0 }])
      })

      test('a file of 64 MiB comes back as it was', async ({ backend, expect }) => {
        const content = randomBytesOf('big', 64 * MEBIBYTE)
        const name = nameOf(content)
        await backend.write('pack', name, content)
        expect(nameOf(await backend.read('pack', name))).toBe(name)
        const tail = await backend.read('pack', name, { offset: 64 * MEBIBYTE - 7, length: 7 })
        expect(Buffer.compare(tail, content.subarray(-7))).toBe(0)
      })

      test('the same id may name files of different kinds', async ({ backend, expect }) => {
        const name = nameOf(Buffer.from('shared'))
        for (const kind of NAMED_KINDS) await backend.write(kind, name, Buffer.from(kind))
        for (const kind of NAMED_KINDS) expect(textOf(await backend.read(kind, name))).toBe(kind)
      })

      test('content that changes after the write is not what is stored', async ({ backend, expect }) => {
        const content = Buffer.from('before')
        const name = nameOf(content)
        await backend.write('index', name, content)
        content.fill(0)
        expect(textOf(await backend.read('index', name))).toBe('before')
      })

      test('a part of a larger buffer is stored alone', async ({ backend, expect }) => {
        const name = nameOf(Buffer.from('part'))
        await backend.write('index', name, Buffer.from('[part]').subarray(1, 5))
        expect(textOf(await backend.read('index', name))).toBe('part')
      })

      test('creating the repository again changes nothing', async ({ backend, expect }) => {
        const name = await stored(backend, 'key', 'a key')
        await backend.create()
        expect(textOf(await backend.read('key', name))).toBe('a key')
        expect(textOf(await backend.read('config', ''))).toBe('the config')
      })
    })

    describe('not replacing', () => {
      test('a second write under the same name fails and leaves the first', async ({ backend, expect }) => {
        const name = await stored(backend, 'snapshot', 'first')
        const second = backend.write('snapshot', name, Buffer.from('second'))
        await expect(second).rejects.toBeInstanceOf(FileExistsError)
        expect(textOf(await backend.read('snapshot', name))).toBe('first')
        expect(await listed(backend, 'snapshot')).toEqual([{ name, size: 5 }])
      })

      test('the config is replaced only on request', async ({ backend, expect }) => {
        const content = Buffer.from('a newer config')
        await expect(backend.write('config', '', content)).rejects.toBeInstanceOf(FileExistsError)
        expect(textOf(await backend.read('config', ''))).toBe('the config')
        await backend.write('config', '', content, { replace: true })
        expect(textOf(await backend.read('config', ''))).toBe('a newer config')
      })

      test('of many writes under one name at once, exactly one wins', async ({ subject, backend, expect, skip }) => {
        if (subject.writesInPlace) skip(IN_PLACE)
        const name = nameOf(Buffer.from('contested'))
        const contents = Array.from({ length: 12 }, (_, index) => Buffer.alloc(200_000, index))
        const results = await Promise.allSettled(contents.map((content) => backend.write('pack', name, content)))
        const winners = contents.filter((_, index) => results[index]!.status === 'fulfilled')
        expect(winners).toHaveLength(1)
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(FileExistsError)
        }
        expect(Buffer.compare(await backend.read('pack', name), winners[0]!)).toBe(0)
        expect(await listed(backend, 'pack')).toHaveLength(1)
      })

      test('many different files may be written at once', async ({ backend, expect }) => {
        const contents = Array.from({ length: 64 }, (_, index) => randomBytesOf(index, 10_000 + index))
        await Promise.all(contents.map((content) => backend.write('pack', nameOf(content), content)))
        const expected = contents.map((content) => ({ name: nameOf(content), size: content.length }))
        expect(await listed(backend, 'pack')).toEqual(expected.sort(byName))
      })
    })

    describe('visibility', () => {
      test('a file under way is invisible or whole, never in between', async ({ subject, backend, expect, skip }) => {
        if (subject.writesInPlace) skip(IN_PLACE)
        const content = randomBytesOf('under way', 32 * MEBIBYTE)
        const name = nameOf(content)
        const progress = { over: false }
        const write = backend.write('pack', name, content).finally(() => (progress.over = true))
        const seen = new Set<number>()
        do {
          for (const file of await listed(backend, 'pack')) seen.add(file.size)
          const size = await backend.size('pack', name).catch((error: unknown) => missing(error, expect))
          if (size !== undefined) seen.add(size)
        } while (!progress.over)
        await write
        expect([...seen].filter((size) => size !== content.length)).toEqual([])
        expect(nameOf(await backend.read('pack', name))).toBe(name)
      })

      test('a list goes on while files are added and removed', async ({ backend, expect }) => {
        const kept = await Promise.all(
          Array.from({ length: 40 }, (_, index) => stored(backend, 'index', `kept ${index}`)),
        )
        const names: string[] = []
        for await (const file of backend.list('index')) {
          if (names.length < 5) await backend.remove('index', await stored(backend, 'index', `passing ${names.length}`))
          names.push(file.name)
        }
        expect(new Set(names).size).toBe(names.length)
        expect(kept.filter((name) => !names.includes(name))).toEqual([])
      })

      test('a list that nobody reads to the end is no trouble', async ({ backend, expect }) => {
        await stored(backend, 'lock', 'one')
        await stored(backend, 'lock', 'two')
        for await (const file of backend.list('lock')) {
          expect(file.size).toBe(3)
          break
        }
        expect(await listed(backend, 'lock')).toHaveLength(2)
      })

      test('nothing is listed where nothing was written', async ({ backend, expect }) => {
        for (const kind of NAMED_KINDS) expect(await listed(backend, kind)).toEqual([])
      })
    })

    describe('ranges', () => {
      test.for([
        [0, 10],
        [3, 4],
        [9, 1],
        [10, 0],
        [0, 0],
        [4, undefined],
        [10, undefined],
        [undefined, 3],
      ])('bytes from %s, %s of them, are those bytes', async ([offset, length], { expect }) => {
        const range = { ...(offset !== undefined && { offset }), ...(length !== undefined && { length }) }
        const end = length === undefined ? undefined : (offset ?? 0) + length
        expect(textOf(await unchanged.backend.read('pack', digits, range))).toBe('0123456789'.slice(offset ?? 0, end))
      })

      test.for([
        [0, 11],
        [9, 2],
        [10, 1],
        [11, 0],
        [1000, 1],
        [0, 2 ** 40],
        [11, undefined],
      ])('bytes from %s, %s of them, are past the end and refused', async ([offset, length], { expect }) => {
        const read = unchanged.backend.read('pack', digits, {
          offset: offset!,
          ...(length !== undefined && { length }),
        })
        const error = await read.then(String, (error: unknown) => error)
        expect(error).toBeInstanceOf(RangeOutsideFileError)
        expect((error as KnownError).transient).toBe(false)
      })

      test('what was read belongs to the reader', async ({ backend, expect }) => {
        const name = await stored(backend, 'pack', 'untouched')
        const first = await backend.read('pack', name)
        first.fill(0)
        expect(textOf(await backend.read('pack', name))).toBe('untouched')
        expect(first.byteLength).toBe(first.buffer.byteLength)
      })
    })

    describe('missing files', () => {
      test('reading, measuring and removing what is not there says so, and waiting does not help', async ({
        subject,
        expect,
      }) => {
        const { backend, removesUnseen = [] } = subject
        const name = nameOf(Buffer.from('nowhere'))
        for (const kind of NAMED_KINDS) {
          for (const call of [
            () => backend.read(kind, name),
            () => backend.read(kind, name, { offset: 5, length: 5 }),
            () => backend.size(kind, name),
            ...(removesUnseen.includes(kind) ? [] : [() => backend.remove(kind, name)]),
          ]) {
            const error = await call().then(String, (error: unknown) => error)
            expect(error).toBeInstanceOf(FileMissingError)
            expect((error as KnownError).transient).toBe(false)
          }
        }
      })

      test('a removed file is gone, and its name is free again', async ({ backend, expect }) => {
        const name = await stored(backend, 'lock', 'a lock')
        await backend.remove('lock', name)
        await expect(backend.read('lock', name)).rejects.toBeInstanceOf(FileMissingError)
        expect(await listed(backend, 'lock')).toEqual([])
        await backend.write('lock', name, Buffer.from('again'))
        expect(textOf(await backend.read('lock', name))).toBe('again')
      })

      test('an absent config is a missing file', async ({ expect }) => {
        await using empty = await open()
        await expect(empty.backend.read('config', '')).rejects.toBeInstanceOf(FileMissingError)
      })
    })

    describe('names', () => {
      test.for(['', 'short', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(64)}/..`, `${'a'.repeat(64)}-tmp-1`])(
        'the name %j is refused everywhere',
        async (name, { expect }) => {
          const { backend } = unchanged
          await expect(backend.write('pack', name, Buffer.from('x'))).rejects.toBeInstanceOf(InvalidInputError)
          await expect(backend.read('pack', name)).rejects.toBeInstanceOf(InvalidInputError)
          await expect(backend.size('pack', name)).rejects.toBeInstanceOf(InvalidInputError)
          await expect(backend.remove('pack', name)).rejects.toBeInstanceOf(InvalidInputError)
        },
      )

      test('files whose names are not ids are not listed', async ({ subject, expect, skip }) => {
        const { addStray } = subject
        if (addStray === undefined) skip('this storage holds no such names')
        for (const kind of NAMED_KINDS) {
          const name = await stored(subject.backend, kind, `${kind} that counts`)
          for (const stray of [`${name}-tmp-123`, '.DS_Store', 'README', name.slice(1), name.toUpperCase()]) {
            await addStray?.(kind, stray)
          }
          expect((await listed(subject.backend, kind)).map((file) => file.name)).toEqual([name])
        }
      })
    })

    describe('aborting', () => {
      test('a call that is aborted before it starts does nothing', async ({ backend, expect }) => {
        const name = await stored(backend, 'index', 'kept')
        const other = nameOf(Buffer.from('never'))
        const reason = new Error('changed my mind')
        const signal = AbortSignal.abort(reason)
        await expect(backend.write('index', other, Buffer.from('never'), { signal })).rejects.toBe(reason)
        await expect(backend.read('index', name, { signal })).rejects.toBe(reason)
        await expect(backend.size('index', name, signal)).rejects.toBe(reason)
        await expect(backend.remove('index', name, signal)).rejects.toBe(reason)
        await expect(collect(backend.list('index', signal))).rejects.toBe(reason)
        expect(await listed(backend, 'index')).toEqual([{ name, size: 4 }])
      })

      test('an aborted write leaves nothing, unless it was already over', async ({
        subject,
        backend,
        expect,
        skip,
      }) => {
        if (subject.writesInPlace) skip(IN_PLACE)
        const content = randomBytesOf('aborted', 48 * MEBIBYTE)
        const name = nameOf(content)
        const reason = new Error('enough')
        // From at once to rather late, so that every stage is hit on some machine.
        for (const turns of [0, 1, 2, 4, 8, 16, 32, 64]) {
          const controller = new AbortController()
          const write = backend.write('pack', name, content, { signal: controller.signal })
          const outcome = write.then(
            () => 'stored',
            (error: unknown) => error,
          )
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
          controller.abort(reason)
          if ((await outcome) === 'stored') {
            expect(await listed(backend, 'pack')).toEqual([{ name, size: content.length }])
            await backend.remove('pack', name)
          } else {
            expect(await outcome).toBe(reason)
            expect(await listed(backend, 'pack')).toEqual([])
          }
        }
        await backend.write('pack', name, content)
        expect(await backend.size('pack', name)).toBe(content.length)
      })
    })

    test('it says where it is and how much it does at once', async ({ backend, expect }) => {
      expect(backend.location).not.toBe('')
      expect(backend.connections).toBeGreaterThan(0)
    })
  })
}

function nameOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString()
}

async function makeRepository(backend: Backend): Promise<void> {
  await backend.create()
  await backend.write('config', '', Buffer.from('the config'))
}

async function stored(backend: Backend, kind: FileKind, text: string): Promise<string> {
  const content = Buffer.from(text)
  await backend.write(kind, nameOf(content), content)
  return nameOf(content)
}

async function listed(backend: Backend, kind: Exclude<FileKind, 'config'>) {
  return (await collect(backend.list(kind))).sort(byName)
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}

function missing(error: unknown, expect: ExpectStatic): undefined {
  expect(error).toBeInstanceOf(FileMissingError)
}
