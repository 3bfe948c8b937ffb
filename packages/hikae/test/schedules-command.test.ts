import { PassThrough } from 'node:stream'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { makeTempDir, type TempDir } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { scheduleInstall, scheduleRemove, scheduleShow } from '../src/cli/commands/schedule.ts'
import type { CommandContext } from '../src/cli/context.ts'
import type { ExitCode } from '../src/cli/exit-codes.ts'
import type { GlobalValues } from '../src/cli/global-options.ts'
import { Output } from '../src/cli/output/output.ts'

const STACK = `version: 1
stack: shop
timezone: Asia/Tokyo
repositories:
  usb: { local: /mnt/backup, password: { env: SHOP_PASSWORD } }
sources:
  settings: { command: { run: [uname] } }
jobs:
  nightly: { schedule: 'daily at 02:30' }
  often: { schedule: every 6h, limits: { between: '22:00-06:00' } }
  settings: { on: change }
  by-hand: { schedule: manual }
maintenance: { check: weekly, prune: 'monthly at 04:17' }
`
const INSTALL = { with: undefined, user: 'root', program: '/usr/bin/hikae', output: undefined, dryRun: false }

describe('hikae schedule', () => {
  test('installs the jobs of the stack, shows and removes them', async ({ expect }) => {
    await using ground = await makeGround()
    const { root } = ground
    const install = async (changes: object = {}): Promise<Printed> =>
      ground.run((globals, context) =>
        scheduleInstall.run({ options: { ...INSTALL, root, ...changes }, globals, args: [] }, context),
      )
    const show = async (): Promise<ShownJob[]> =>
      JSON.parse(
        (
          await ground.run((globals, context) => scheduleShow.run({ options: { root }, globals, args: [] }, context), {
            json: true,
          })
        ).stdout,
      ) as ShownJob[]

    expect((await show()).map(({ begun_by }) => begun_by)).toEqual([null, null, null, null, null, null])
    const planned = await install({ dryRun: true })
    expect(planned.stdout).toContain(`write ${root}/etc/cron.d/hikae-shop\nNothing was done.\n`)
    expect(await readdir(`${root}/etc/cron.d`)).toEqual([])

    const first = await install()
    expect(first.exitCode).toBe(0)
    expect(first.stderr).toContain('settings: runs on changes, which only hikae daemon watches')
    expect(first.stderr).toContain('SHOP_PASSWORD: not set when a schedule begins a job')
    const file = await readFile(`${root}/etc/cron.d/hikae-shop`, 'utf8')
    expect(file).toContain(`root nice -n 10 /usr/bin/hikae backup --config ${ground.config} --due --quiet\n`)
    expect((await install()).stdout).toContain('Nothing has to be done.')
    const shown = await show()
    const cron = `${root}/etc/cron.d/hikae-shop`
    expect(shown.map(({ job, begun_by, outdated }) => [job, begun_by, outdated])).toEqual([
      ['nightly', cron, false],
      ['often', cron, false],
      ['settings', null, false],
      ['by-hand', null, false],
      ['check', cron, false],
      ['prune', cron, false],
    ])
    expect(shown.map(({ schedule }) => schedule)).toEqual([
      'daily at 02:30',
      'every 6h, 22:00-06:00',
      'on change',
      'manual',
      'weekly',
      'monthly at 04:17',
    ])
    expect(shown[0]!.next).toMatch(/T17:30:00\.000Z$/)
    expect(shown[1]!.next).toMatch(/T(13|15):00:00\.000Z$/)

    await install({ with: 'systemd' })
    expect(await readdir(`${root}/etc/cron.d`)).toEqual([])
    expect((await show())[0]).toMatchObject({ begun_by: 'hikae-shop@nightly.timer', outdated: false })
    expect((await show())[5]).toMatchObject({ begun_by: 'hikae-shop@prune.timer', outdated: false })
    await writeFile(ground.config, STACK.replace('02:30', '02:45'))
    expect((await show())[0]).toMatchObject({ begun_by: 'hikae-shop@nightly.timer', outdated: true })

    const removed = await ground.run((globals, context) =>
      scheduleRemove.run({ options: { stack: undefined, root, dryRun: false }, globals, args: [] }, context),
    )
    expect(removed.stdout).toContain(`remove ${root}/etc/systemd/system/hikae-shop@nightly.timer`)
    expect(await readdir(`${root}/etc/systemd/system`)).toEqual([])
  })

  test('does not remove the schedules of another stack file of the same name, unless it is named', async ({
    expect,
  }) => {
    await using ground = await makeGround()
    const { root } = ground
    await ground.run((globals, context) =>
      scheduleInstall.run({ options: { ...INSTALL, root }, globals, args: [] }, context),
    )
    const copy = `${root}/copy.yaml`
    await rename(ground.config, copy)
    const remove = async (stack?: string): Promise<Printed> =>
      ground.run((globals, context) =>
        scheduleRemove.run(
          { options: { stack, root, dryRun: false }, globals: { ...globals, config: copy }, args: [] },
          context,
        ),
      )
    await expect(remove()).rejects.toMatchObject({ code: 'USAGE' })
    expect(await readdir(`${root}/etc/cron.d`)).toEqual(['hikae-shop'])
    await remove('shop')
    expect(await readdir(`${root}/etc/cron.d`)).toEqual([])
  })

  test('prints a workflow, or writes it where nothing else is', async ({ expect }) => {
    await using ground = await makeGround()
    const { root } = ground
    const github = async (output?: string): Promise<Printed> =>
      ground.run((globals, context) =>
        scheduleInstall.run({ options: { ...INSTALL, root, with: 'github', output }, globals, args: [] }, context),
      )
    const { stdout } = await github()
    expect(stdout).toContain('SHOP_PASSWORD: ${{ secrets.SHOP_PASSWORD }}')
    expect(stdout).toContain('STACK_FILE: "hikae.yaml"')
    const output = `${root}/.github/workflows/backup.yaml`
    await github(output)
    expect(await readFile(output, 'utf8')).toBe(stdout)
    expect((await github(output)).stdout).toBe('Nothing has to be done.\n')
    await writeFile(output, 'name: mine\n')
    await expect(github(output)).rejects.toMatchObject({ code: 'USAGE' })
    expect(await readFile(output, 'utf8')).toBe('name: mine\n')
  })

  test('does not install a program that is not there', async ({ expect }) => {
    await using ground = await makeGround()
    const options = {
      ...INSTALL,
      root: undefined,
      with: 'cron',
      program: `${ground.root}/absent`,
      dryRun: true,
    } as const
    const absent = ground.run((globals, context) => scheduleInstall.run({ options, globals, args: [] }, context))
    await expect(absent).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('/absent') as string })
  })

  test('needs a stack file', async ({ expect }) => {
    await using ground = await makeGround()
    const absent = ground.run((globals, context) =>
      scheduleShow.run(
        { options: { root: ground.root }, globals: { ...globals, config: '/absent.yaml' }, args: [] },
        context,
      ),
    )
    await expect(absent).rejects.toMatchObject({ code: 'USAGE' })
  })
})

interface ShownJob {
  readonly job: string
  readonly schedule: string
  readonly next: string | null
  readonly begun_by: string | null
  readonly outdated: boolean
}

interface Printed {
  readonly exitCode: ExitCode
  readonly stdout: string
  readonly stderr: string
}

interface Ground extends AsyncDisposable {
  readonly root: string
  readonly config: string
  run(
    command: (globals: GlobalValues, context: CommandContext) => Promise<ExitCode>,
    options?: { json: boolean },
  ): Promise<Printed>
}

/** A stack file and the root of a machine that has cron. */
async function makeGround(): Promise<Ground> {
  const dir: TempDir = await makeTempDir()
  await mkdir(dir.join('etc/cron.d'), { recursive: true })
  const config = dir.join('hikae.yaml')
  await writeFile(config, STACK)
  return {
    root: dir.path,
    config,
    async run(command, { json } = { json: false }) {
      const printed = { stdout: '', stderr: '' }
      const stream = (name: 'stdout' | 'stderr') => ({
        write(chunk: string | Uint8Array) {
          printed[name] += chunk.toString()
          return true
        },
        once: () => undefined,
      })
      const io = {
        env: {},
        stdin: new PassThrough() as unknown as NodeJS.ReadStream,
        stdout: stream('stdout'),
        stderr: stream('stderr'),
      }
      const { signal } = new AbortController()
      const out = new Output({ ...io, json, quiet: false, verbosity: 0 })
      // Commands read nothing else of what all commands understand.
      const exitCode = await command({ config } as GlobalValues, { io: { ...io, signal }, env: {}, signal, out })
      out.flush()
      return { exitCode, ...printed }
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}
