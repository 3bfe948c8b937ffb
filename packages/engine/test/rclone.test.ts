import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  Bandwidth,
  FileMissingError,
  InvalidInputError,
  openRcloneBackend,
  withRetry,
  type RcloneOptions,
} from '@hikae/engine'
import {
  collect,
  describeBackend,
  makeTempDir,
  missingPrograms,
  NO_RCLONE_CONFIG,
  randomBytesOf,
  skipBecause,
  type ContractSubject,
} from '@hikae/testkit'
import { fileAt } from '../src/backend/layout.ts'
import { sha256Id } from '../src/crypto/hash.ts'
import { tryWholeRepository, whyNotWhole } from './support/whole-repository.ts'

const noRclone = skipBecause(await missingPrograms('rclone'))
const notWhole = skipBecause(whyNotWhole())
const env = { PATH: process.env['PATH'] ?? '', ...NO_RCLONE_CONFIG }

const content = randomBytesOf('pack', 300_000)
const name = sha256Id(content)

async function inLocalFolder(): Promise<ContractSubject> {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const backend = owned.use(await openRcloneBackend({ remote: `:local:${dir.path}`, env }))
  const stack = owned.move()
  return {
    backend,
    writesInPlace: true,
    addStray: async (kind, name) => {
      const path = fileAt(dir.path, kind, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, 'stray')
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('owned', async ({}, { onCleanup }) => {
    const owned = new AsyncDisposableStack()
    onCleanup(() => owned.disposeAsync())
    return owned
  })
  .extend('dir', async ({ owned }) => owned.use(await makeTempDir()))
  .extend('open', async ({ owned }) => {
    return async (options: RcloneOptions) => owned.use(await openRcloneBackend({ env, ...options }))
  })
// oxlint-enable no-empty-pattern

describe.skipIf(noRclone)('rclone over its stdin and stdout', () => {
  describeBackend('rclone', inLocalFolder)

  test('an rclone that is killed is started again by the next call', async ({ dir, open, expect }) => {
    const pidFile = dir.join('pid')
    const script = `echo $$ > '${pidFile}'; exec rclone "$@"`
    const remote = `:local:${dir.join('repository')}`
    const backend = await open({ remote, program: ['sh', '-c', script, 'rclone'] })
    await backend.create()
    await backend.write('pack', name, content)
    const pid = Number(await readFile(pidFile, 'utf8'))
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => isRunning(pid)).toBe(false)
    const patient = withRetry(backend, { sleep: async () => undefined })
    expect(Buffer.compare(await patient.read('pack', name), content)).toBe(0)
    expect(Number(await readFile(pidFile, 'utf8'))).not.toBe(pid)
  })

  test('an rclone that ends in the middle of a call is trouble that may pass, in its own words', async ({
    dir,
    open,
    expect,
  }) => {
    const words = 'Fatal error: the cloud has rained off'
    const script = `exec 3<&0; rclone "$@" <&3 & while [ ! -e '${dir.join('now')}' ]; do sleep 0.05; done; echo '${words}' >&2; kill -KILL $!; exit 7`
    const backend = await open({ remote: `:local:${dir.join('repository')}`, program: ['sh', '-c', script, 'rclone'] })
    await backend.create()
    await writeFile(dir.join('now'), '')
    const endless = async (): Promise<never> => {
      for (;;) await backend.size('config', '').catch(unlessMissing)
    }
    await expect(endless()).rejects.toMatchObject({
      code: 'BACKEND',
      transient: true,
      message: /rclone ended with exit code 7: Fatal error: the cloud has rained off/,
    })
  })

  test('a remote that is not configured is refused in its own words, without further attempts', async ({
    open,
    expect,
  }) => {
    const backend = await open({ remote: 'nowhere:backups' })
    await expect(backend.size('config', '')).rejects.toMatchObject({
      code: 'BACKEND',
      transient: false,
      message: /cannot reach rclone:nowhere:backups: .*didn't find section in config file/,
      hint: /rclone listremotes/,
    })
  })

  test('what its storage says is part of the error', async ({ dir, open, expect }) => {
    const root = dir.join('repository')
    const backend = await open({ remote: `:local:${root}` })
    await backend.create()
    // A folder where the file should be.
    await mkdir(fileAt(root, 'pack', name), { recursive: true })
    await expect(backend.write('pack', name, content)).rejects.toMatchObject({ message: /is a directory/ })
  })

  test('large uploads run beside each other', async ({ dir, open, expect }) => {
    const backend = await open({ remote: `:local:${dir.path}` })
    await backend.create()
    const files = Array.from({ length: 6 }, (_, index) => randomBytesOf(`large ${index}`, 16 * 1024 * 1024))
    await Promise.all(files.map((file) => backend.write('pack', sha256Id(file), file)))
    const sizes = (await collect(backend.list('pack'))).map(({ size }) => size)
    expect(sizes).toEqual(files.map(({ length }) => length))
  })

  test('an abort ends a call at once and leaves rclone to the others', async ({ dir, open, expect }) => {
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 8_000_000 })
    const backend = await open({ remote: `:local:${dir.path}`, bandwidth })
    await backend.create()
    const large = randomBytesOf('large', 64_000_000)
    const controller = new AbortController()
    const reason = new Error('enough')
    const write = backend.write('pack', sha256Id(large), large, { signal: controller.signal })
    await expect.poll(async () => (await collect(backend.list('pack'))).length).toBe(1)
    controller.abort(reason)
    await expect(write).rejects.toBe(reason)
    await expect.poll(async () => collect(backend.list('pack'))).toEqual([])
    await backend.write('pack', name, content)
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test('a call that is aborted while rclone starts ends at once', async ({ open, dir, expect }) => {
    const backend = await open({
      remote: `:local:${dir.path}`,
      program: ['sh', '-c', 'exec cat > /dev/null', 'rclone'],
    })
    const controller = new AbortController()
    const size = backend.size('config', '', controller.signal)
    controller.abort(new Error('enough'))
    await expect(size).rejects.toThrow('enough')
  })

  test('rclone ends with the backend', async ({ dir, expect }) => {
    const program = ['sh', '-c', `echo $$ > '${dir.join('pid')}'; exec rclone "$@"`, 'rclone']
    {
      await using backend = await openRcloneBackend({ remote: `:local:${dir.join('repository')}`, program, env })
      await expect(backend.size('config', '')).rejects.toBeInstanceOf(FileMissingError)
    }
    expect(isRunning(Number(await readFile(dir.join('pid'), 'utf8')))).toBe(false)
  })

  test.skipIf(notWhole)('a repository behind it is whole, for us and for restic', async ({ dir, open }) => {
    const remote = `:local:${dir.join('repository')}`
    const restic = { repository: `rclone:${remote}`, env: { ...NO_RCLONE_CONFIG } }
    await tryWholeRepository({ open: () => open({ remote }), dir, restic })
  })
})

test('a machine without rclone is told how to get it', async ({ open, expect }) => {
  const backend = await open({ remote: 'remote:path', program: ['rclone-that-is-not-there'] })
  await expect(backend.create()).rejects.toMatchObject({
    code: 'BACKEND',
    transient: false,
    message: /rclone-that-is-not-there is not installed/,
    hint: /apt install rclone/,
  })
})

test('a program that is none is told from one that is missing', async ({ dir, open, expect }) => {
  await writeFile(dir.join('program'), 'no program')
  await chmod(dir.join('program'), 0o600)
  const backend = await open({ remote: 'remote:path', program: [dir.join('program')] })
  await expect(backend.create()).rejects.toMatchObject({ message: /cannot be started \(EACCES\)/ })
})

test('a remote that would be an option is refused', async ({ open, expect }) => {
  for (const remote of ['', '--config=/etc/passwd']) {
    await expect(open({ remote })).rejects.toBeInstanceOf(InvalidInputError)
  }
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof FileMissingError)) throw error
}
