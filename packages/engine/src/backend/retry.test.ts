import { createHash } from 'node:crypto'
import { describe, test } from 'vitest'
import { BackendError, FileExistsError, FileMissingError, type Backend, type FileKind } from './backend.ts'
import { MemoryBackend } from './memory.ts'
import type { BackendOperation, RetryEvent, RetryOptions } from './patience.ts'
import { openWithRetry, withRetry } from './retry.ts'

const content = Buffer.from('some content')
const name = createHash('sha256').update(content).digest('hex')
const passing = (): Error => new BackendError('the line is down', { transient: true })
const lasting = (): Error => new BackendError('the disk is full')

/** A clock that only sleeping moves. */
function instantly(options: RetryOptions = {}) {
  const slept: number[] = []
  const events: RetryEvent[] = []
  let time = 0
  const settings: RetryOptions = {
    random: () => 1,
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms)
      time += ms
    },
    onRetry: (event) => events.push(event),
    ...options,
  }
  return { settings, slept, events }
}

interface Trouble {
  readonly on: BackendOperation
  readonly times: number
  /** Whether the work is done and only its answer is lost. */
  readonly when?: 'before' | 'after'
  readonly error?: () => Error
}

/** A memory backend whose first calls of one operation fail. */
class Troubled extends MemoryBackend {
  calls = 0
  readonly #trouble: Trouble

  constructor(trouble: Trouble) {
    super()
    this.#trouble = trouble
  }

  override read(...args: Parameters<Backend['read']>) {
    return this.#with('read', () => super.read(...args))
  }

  override write(...args: Parameters<Backend['write']>) {
    return this.#with('write', () => super.write(...args))
  }

  override size(...args: Parameters<Backend['size']>) {
    return this.#with('size', () => super.size(...args))
  }

  override remove(...args: Parameters<Backend['remove']>) {
    return this.#with('remove', () => super.remove(...args))
  }

  override create() {
    return this.#with('create', () => super.create())
  }

  /** Each failing list comes one name further than the one before. */
  override async *list(kind: Exclude<FileKind, 'config'>) {
    const fails = this.#trouble.on === 'list' && ++this.calls <= this.#trouble.times
    let left = this.calls
    for await (const file of super.list(kind)) {
      if (fails && left-- === 0) throw passing()
      yield file
    }
  }

  async #with<T>(operation: BackendOperation, run: () => Promise<T>): Promise<T> {
    const { on, times, when = 'before', error = passing } = this.#trouble
    const fails = on === operation && ++this.calls <= times
    if (fails && when === 'before') throw error()
    const result = await run()
    if (fails) throw error()
    return result
  }
}

describe('retrying', () => {
  test('an operation is repeated, with growing delays, until it works', async ({ expect }) => {
    const backend = new Troubled({ on: 'read', times: 8 })
    await backend.write('pack', name, content)
    const { settings, slept, events } = instantly()
    expect(await withRetry(backend, settings).read('pack', name)).toEqual(content)
    expect(slept).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(events[2]).toMatchObject({ operation: 'read', kind: 'pack', fileName: name, failures: 3, delayMs: 4000 })
  })

  test('chance shortens each delay by up to a half', async ({ expect }) => {
    const { settings, slept } = instantly({ random: () => 0 })
    await withRetry(new Troubled({ on: 'create', times: 2 }), settings).create()
    expect(slept).toEqual([500, 1000])
  })

  test('a server that says when to come back is not called before', async ({ expect }) => {
    const error = (): Error => new BackendError('slow down', { transient: true, retryAfterMs: 7000 })
    const { settings, slept } = instantly()
    await withRetry(new Troubled({ on: 'create', times: 4, error }), settings).create()
    expect(slept).toEqual([7000, 7000, 7000, 8000])
  })

  test('after the time allowed it gives up with the last error', async ({ expect }) => {
    const backend = new Troubled({ on: 'size', times: Number.POSITIVE_INFINITY })
    const { settings, slept } = instantly({ maxElapsedMs: 10_000 })
    await expect(withRetry(backend, settings).size('pack', name)).rejects.toThrow('the line is down')
    expect(slept).toEqual([1000, 2000, 4000])
    expect(backend.calls).toBe(4)
  })

  test('one retry is made even when no time is allowed', async ({ expect }) => {
    const backend = new Troubled({ on: 'create', times: Number.POSITIVE_INFINITY })
    await expect(withRetry(backend, instantly({ maxElapsedMs: 0 }).settings).create()).rejects.toThrow('down')
    expect(backend.calls).toBe(2)
  })

  test.for([
    ['trouble that lasts', lasting],
    ['a bug', () => new TypeError('undefined is not a function')],
  ] as const)('%s is thrown at once', async ([, error], { expect }) => {
    const backend = new Troubled({ on: 'write', times: 1, error })
    const { settings, slept } = instantly()
    await expect(withRetry(backend, settings).write('pack', name, content)).rejects.toThrow(error().message)
    expect(slept).toEqual([])
  })

  test('a missing file and a wrong range are thrown at once', async ({ expect }) => {
    const { settings, slept } = instantly()
    const backend = withRetry(new MemoryBackend(), settings)
    await expect(backend.read('pack', name)).rejects.toBeInstanceOf(FileMissingError)
    await backend.write('pack', name, content)
    await expect(backend.read('pack', name, { offset: 99, length: 1 })).rejects.toThrow(
      'has 12 bytes, 100 were expected',
    )
    expect(slept).toEqual([])
  })
})

describe('opening', () => {
  test('is repeated while its trouble may pass', async ({ expect }) => {
    const { settings, slept } = instantly()
    const failures = [passing(), passing()]
    const opened = await openWithRetry(async () => {
      const failure = failures.pop()
      if (failure) throw failure
      return new MemoryBackend()
    }, settings)
    expect(slept).toEqual([1000, 2000])
    await opened.write('pack', name, content)
    expect(await opened.size('pack', name)).toBe(content.length)
  })

  test('is not repeated when its trouble lasts', async ({ expect }) => {
    const { settings, slept } = instantly()
    await expect(openWithRetry(() => Promise.reject(lasting()), settings)).rejects.toThrow('the disk is full')
    expect(slept).toEqual([])
  })
})

describe('lost answers', () => {
  test('a write that succeeded without our knowing is a success', async ({ expect }) => {
    const backend = new Troubled({ on: 'write', times: 1, when: 'after' })
    await withRetry(backend, instantly().settings).write('pack', name, content)
    expect(backend.calls).toBe(2)
    expect(await backend.read('pack', name)).toEqual(content)
  })

  test.for(['other content', 'same length'])('a file with %s was not written by us', async (other, { expect }) => {
    const backend = new Troubled({ on: 'write', times: 1 })
    const stored = other === 'same length' ? Buffer.alloc(content.length) : Buffer.from('something else')
    const settings = instantly({
      sleep: () => MemoryBackend.prototype.write.call(backend, 'pack', name, stored),
    }).settings
    const write = withRetry(backend, settings).write('pack', name, content)
    await expect(write).rejects.toBeInstanceOf(FileExistsError)
  })

  test('a file that was there before the first attempt is reported', async ({ expect }) => {
    const backend = withRetry(new MemoryBackend(), instantly().settings)
    await backend.write('pack', name, content)
    await expect(backend.write('pack', name, content)).rejects.toBeInstanceOf(FileExistsError)
  })

  test('a removal that succeeded without our knowing is a success', async ({ expect }) => {
    const backend = new Troubled({ on: 'remove', times: 1, when: 'after' })
    await backend.write('lock', name, content)
    await withRetry(backend, instantly().settings).remove('lock', name)
    await expect(backend.size('lock', name)).rejects.toBeInstanceOf(FileMissingError)
  })
})

describe('lists', () => {
  test('a list that breaks off again and again reports each name once', async ({ expect }) => {
    const backend = new Troubled({ on: 'list', times: 5 })
    const names = Array.from({ length: 9 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex'))
    for (const name of names) await backend.write('index', name, content)
    const { settings, slept } = instantly()
    const listed: string[] = []
    for await (const file of withRetry(backend, settings).list('index')) listed.push(file.name)
    expect(listed).toEqual(names)
    // Every attempt came further, so the delay never grew.
    expect(slept).toEqual([1000, 1000, 1000, 1000, 1000])
  })

  test('an error of whoever reads the list is not retried', async ({ expect }) => {
    const backend = new MemoryBackend()
    await backend.write('index', name, content)
    const { settings, slept } = instantly()
    const reading = (async () => {
      for await (const file of withRetry(backend, settings).list('index')) throw passing().message + file.size
    })()
    await expect(reading).rejects.toBe('the line is down12')
    expect(slept).toEqual([])
  })
})

describe('aborting', () => {
  test.for(['of the call', 'of the whole backend'])(
    'the signal %s ends the waiting with its reason',
    async (whose, { expect }) => {
      const controller = new AbortController()
      const reason = new Error('stop')
      const backend = new Troubled({ on: 'read', times: Number.POSITIVE_INFINITY })
      const ofAll = whose === 'of the whole backend'
      const retrying = withRetry(backend, {
        ...(ofAll && { signal: controller.signal }),
        onRetry: () => controller.abort(reason),
      })
      const read = retrying.read('pack', name, ofAll ? {} : { signal: controller.signal })
      await expect(read).rejects.toBe(reason)
      expect(backend.calls).toBe(1)
    },
  )
})

test('what only some storage has is offered when it is there', async ({ expect }) => {
  expect(withRetry(new MemoryBackend()).localPath?.('pack', name)).toBeUndefined()
  const backend: Backend = Object.assign(new MemoryBackend(), { localPath: (kind: FileKind) => `/somewhere/${kind}` })
  expect(withRetry(backend).localPath?.('pack', name)).toBe('/somewhere/pack')
  const swept = { files: 1, bytes: 2 }
  const local: Backend = Object.assign(new MemoryBackend(), {
    freeBytes: async () => 77,
    sweepTemporary: async () => swept,
  })
  expect(await withRetry(local).freeBytes?.()).toBe(77)
  expect(await withRetry(local).sweepTemporary?.(0)).toBe(swept)
})
