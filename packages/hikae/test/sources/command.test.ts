import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { makeTempDir, runOk } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { z } from 'zod'
import { commandSource } from '../../src/sources/command/command-source.ts'
import { commandConfig } from '../../src/sources/command/config.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { SourceGround } from '../support/source-ground.ts'

type Config = Parameters<typeof commandSource.describe>[0]

const config = (given: object): Config => commandConfig.parse(given)
/** A shell's words; `$1` is a path that is handed in. */
const sh = (script: string, path: string): string[] => ['sh', '-c', script, 'sh', path]

describeSource('command', async (dir): Promise<SourceSubject<Config>> => {
  const [data, begun] = [dir.join('data'), dir.join('begun')]
  await writeFile(data, Buffer.alloc(300_000, 'a line of a dump\n'))
  await runOk('mkfifo', [begun])
  return {
    kind: commandSource,
    config: config({
      run: ['cat', data],
      name: 'dump.sql',
      restore: sh('cat > "$1"', data),
      verify: sh('cmp - "$1"', data),
    }),
    folder: dir.path,
    content: async (to = data) => sha256(await readFile(to)),
    elsewhere: dir.join('elsewhere'),
    change: () => writeFile(data, 'something else'),
    keepsWhatWasThere: false,
    empty: config({ run: ['true'] }),
    failing: config({ run: sh('cat "$1"; exit 3', data) }),
    lasting: {
      config: config({ run: sh('cat "$1/data"; echo > "$1/begun"; exec cat /dev/zero', dir.path) }),
      begun: async () => void (await readFile(begun)),
    },
    traces: () => programsWith(dir.path),
    [Symbol.asyncDispose]: async () => undefined,
  }
})

const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ dir, ground }) => ground.context(dir.path))

describe('a program whose output is saved', () => {
  test('is one file of the snapshot, with its size and checksum in the manifest', async ({
    ground,
    context,
    expect,
  }) => {
    const { backup } = await ground.backUp(
      commandSource,
      config({ run: ['printf', 'one\\ntwo\\n'], name: 'dump.sql' }),
      context,
    )
    const point = await ground.point()
    expect(await entriesOf(point)).toEqual(['/dump.sql'])
    expect(backup.repositories[0]!.snapshot?.paths).toEqual(['/dump.sql'])
    expect(point.facts).toEqual({ name: 'dump.sql', bytes: 8, sha256: sha256('one\ntwo\n') })
  })

  test('fails the backup with its exit status, and what it complained of is in the log', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const run = sh('echo half; echo "no such table" >&2; exit 3', dir.path)
    await expect(ground.backUp(commandSource, config({ run }), context)).rejects.toThrow('sh failed with exit status 3')
    expect(ground.logged).toEqual(['no such table'])
    expect(await ground.snapshotCount()).toBe(0)
  })

  test('fails the backup when it is ended by a signal, takes too long, or is not there', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const failing = (given: object) => expect(ground.backUp(commandSource, config(given), context)).rejects
    await failing({ run: sh('echo half; kill -9 $$', dir.path) }).toThrow('sh was ended by SIGKILL')
    await failing({ run: ['sleep', '3600'], timeout: '100ms' }).toThrow('took longer than')
    await failing({ run: ['no-such-program'] }).toThrow('cannot run no-such-program: there is no such program')
    expect(await ground.snapshotCount()).toBe(0)
  })

  test('that prints nothing is reported by name, unless that may be', async ({ ground, context, expect }) => {
    const nothing = await ground.backUp(commandSource, config({ run: ['true'] }), context)
    expect(nothing.reading).toMatchObject({
      isEmpty: true,
      findings: [{ severity: 'error', message: 'true of tried printed nothing' }],
    })
    const allowed = await ground.backUp(commandSource, config({ run: ['true'], mayBeEmpty: true }), context)
    expect(allowed.reading).toMatchObject({ isEmpty: false, findings: [], facts: { bytes: 0 } })
    expect(await commandSource.verify(config({ run: ['true'] }), await ground.point(), context)).toEqual([])
  })

  test('runs in the folder and with the variables that it was given, secrets too', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await mkdir(dir.join('below'))
    await writeFile(dir.join('secret'), 'hunter2\n', { mode: 0o600 })
    const script = 'pwd; echo "$GREETING $TOKEN $HOME"; echo "token $TOKEN refused" >&2'
    const given = config({
      run: ['sh', '-c', script],
      cwd: 'below',
      env: { GREETING: 'hello', TOKEN: { file: dir.join('secret') } },
    })
    await ground.backUp(commandSource, given, { ...context, env: { PATH: process.env['PATH'], HOME: '/home/me' } })
    expect(await textOf(await ground.point(), '/output')).toBe(`${dir.join('below')}\nhello hunter2 /home/me\n`)
    expect(ground.logged).toEqual(['token … refused'])
  })

  test('is not started when a secret cannot be read', async ({ dir, ground, context, expect }) => {
    const given = config({ run: ['touch', dir.join('started')], env: { TOKEN: { env: 'NO_SUCH_VARIABLE' } } })
    await expect(ground.backUp(commandSource, given, context)).rejects.toThrow('NO_SUCH_VARIABLE, which is not set')
    await expect(lstat(dir.join('started'))).rejects.toThrow('ENOENT')
  })
})

describe('the output of a program', () => {
  test('has no place of its own without a program that restores it', async ({ ground, context, expect }) => {
    const given = config({ run: ['echo', 'one'] })
    await ground.backUp(commandSource, given, context)
    await expect(commandSource.planRestore(given, await ground.point(), {}, context)).rejects.toMatchObject({
      message: 'the output of echo has no place of its own to be restored to',
      hint: expect.stringContaining('--to FILE'),
    })
  })

  test('is written to a file for its owner alone, and to none that is there', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const given = config({ run: ['echo', 'one'] })
    await ground.backUp(commandSource, given, context)
    const plan = await commandSource.planRestore(given, await ground.point(), { to: 'new/file' }, context)
    expect(await plan.apply(context.signal)).toEqual({ place: dir.join('new/file'), findings: [] })
    expect(await readFile(dir.join('new/file'), 'utf8')).toBe('one\n')
    expect((await lstat(dir.join('new/file'))).mode & 0o777).toBe(0o600)
    expect(await readdir(dir.join('new'))).toEqual(['file'])
    await expect(plan.apply(context.signal)).rejects.toThrow('is there already')
    await expect(commandSource.planRestore(given, await ground.point(), { to: 'new/file' }, context)).rejects.toThrow(
      'is there already',
    )
  })

  test('is not fed to the program that restores it when it is another than was saved', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const given = config({ run: ['echo', 'one'], restore: sh('cat > "$1"', dir.join('restored')) })
    await ground.backUp(commandSource, given, context)
    const point = saying(await ground.point(), 'two\n')
    const plan = await commandSource.planRestore(given, point, {}, context)
    await expect(plan.apply(context.signal)).rejects.toThrow('is not what was saved')
    await expect(lstat(dir.join('restored'))).rejects.toThrow('ENOENT')
    const toFile = await commandSource.planRestore(given, point, { to: 'file' }, context)
    await expect(toFile.apply(context.signal)).rejects.toThrow('is not what was saved')
    expect((await readdir(dir.path)).filter((name) => !name.startsWith('scratch'))).toEqual([])
    expect(await commandSource.verify(given, point, context)).toMatchObject([{ severity: 'error' }])
  })

  test('counts as restored only when the program ends well', async ({ dir, ground, context, expect }) => {
    const given = config({ run: ['echo', 'one'], restore: sh('cat > /dev/null; echo told; exit 4', dir.path) })
    await ground.backUp(commandSource, given, context)
    const plan = await commandSource.planRestore(given, await ground.point(), {}, context)
    expect(plan.steps).toHaveLength(2)
    await expect(plan.apply(context.signal)).rejects.toThrow('sh failed with exit status 4')
    expect(ground.logged).toEqual(['told'])
  })

  test('is bad when the program that looks at it says so', async ({ dir, ground, context, expect }) => {
    const given = config({ run: ['echo', 'one'], verify: sh('grep -q two', dir.path) })
    await ground.backUp(commandSource, given, context)
    expect(await commandSource.verify(given, await ground.point(), context)).toMatchObject([
      { severity: 'error', message: 'sh failed with exit status 1' },
    ])
  })
})

describe('examining a program', () => {
  test.for([
    [{ run: ['no-such-program'] }, 'error', 'no-such-program, which tried is to run, is not there'],
    [{ run: ['./not-executable'] }, 'error', './not-executable, which tried is to run'],
    [{ run: ['cat'], restore: ['no-such-program'] }, 'warning', 'which tried is to restore'],
    [{ run: ['cat'], cwd: 'absent' }, 'error', 'is not a folder'],
    [{ run: ['cat'], env: { TOKEN: { env: 'NO_SUCH_VARIABLE' } } }, 'error', 'NO_SUCH_VARIABLE'],
  ] as const)('%j is found to be wrong', async ([given, severity, message], { dir, context, expect }) => {
    await writeFile(dir.join('not-executable'), '')
    const findings = await commandSource.examine(config(given), context)
    expect(findings).toMatchObject([{ severity, message: expect.stringContaining(message) }])
  })

  test('arguments are in no description', ({ expect }) => {
    expect(commandSource.describe(config({ run: ['dump', '--token=x'], name: 'a.sql' }))).toBe('a.sql from dump')
  })

  test('its configuration is described for editors', ({ expect }) => {
    expect(z.toJSONSchema(commandConfig, { io: 'input' })).toMatchObject({ required: ['run'] })
  })

  test.for(['a/b', '..', '.hikae', ''])('%j is no name for the output', (name, { expect }) => {
    expect(commandConfig.safeParse({ run: ['cat'], name }).success).toBe(false)
  })
})

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function entriesOf(point: SourcePoint): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of point.entries()) paths.push(path)
  return paths.filter((path) => path !== '/')
}

async function textOf(point: SourcePoint, path: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of point.content(path)) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** The same point with another content, as if a repository lied. */
function saying(point: SourcePoint, content: string): SourcePoint {
  return {
    ...point,
    async *content() {
      yield Buffer.from(content)
    },
  }
}

/** Command lines of running programs that name a folder. */
async function programsWith(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(folder)) found.push(line)
  }
  return found
}
