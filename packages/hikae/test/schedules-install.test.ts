import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { makeTempDir, missingPrograms, runProcess, skipBecause, type TempDir } from '@hikae/testkit'
import { parse } from 'yaml'
import { describe, test } from 'vitest'
import { applyPlan } from '../src/schedules/install/apply-plan.ts'
import { changesNothing, planInstall, planRemove } from '../src/schedules/install/install-plan.ts'
import { chooseKind } from '../src/schedules/install/choose-kind.ts'
import type { InstallKind, InstallRequest, SystemPlaces } from '../src/schedules/install/install-request.ts'
import { workflowText } from '../src/schedules/install/workflow.ts'
import type { ScheduledJob } from '../src/schedules/scheduled-job.ts'
import { scheduleSchema } from '../src/schedules/schedule-schema.ts'

const { signal } = new AbortController()
const TIMERS = ['hikae-shop@databases.timer', 'hikae-shop@files.timer'] as const

describe.for(['systemd', 'cron'] as const)('%s', (kind) => {
  test('is installed once, changed when the jobs are, and removed', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'runs' })
    const first = await machine.install(kind)
    expect(first.files.map(({ action }) => action)).not.toContain('keep')
    const files = await machine.files()
    expect(changesNothing(await machine.plan(kind))).toBe(true)
    await machine.install(kind)
    expect(await machine.files()).toEqual(files)

    const fewer = [job('databases', 'daily at 03:45')]
    const second = await machine.install(kind, { jobs: fewer })
    expect(second.files.map(({ action }) => action)).toContain('replace')
    expect(await machine.files()).not.toEqual(files)
    expect(changesNothing(await machine.plan(kind, { jobs: fewer }))).toBe(true)

    await machine.remove()
    expect(await machine.files()).toEqual({})
    expect(changesNothing(await planRemove('shop', machine.places))).toBe(true)
  })

  test('takes the place of the other kind: nothing is installed twice', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'runs' })
    const other = kind === 'cron' ? 'systemd' : 'cron'
    await machine.install(other)
    const before = Object.keys(await machine.files())
    await machine.install(kind)
    const after = Object.keys(await machine.files())
    expect(after.filter((path) => before.includes(path))).toEqual([])
    expect(after.length).toBeGreaterThan(0)
    expect(changesNothing(await machine.plan(kind))).toBe(true)
  })

  test('touches nothing that is not ours', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    await machine.install(kind, { stack: 'shop-2', config: '/srv/shop-2/hikae.yaml' })
    await writeFile(`${machine.places.etcSystemd}/hikae-shop@by-hand.timer`, '[Timer]\n')
    await writeFile(`${machine.places.etcCron}/other`, '# mine\n')
    const files = await machine.files()
    await machine.install(kind)
    await machine.remove()
    expect(await machine.files()).toEqual(files)
  })

  test('refuses to replace what somebody else made, or another stack of the same name', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    await writeFile(`${machine.places.etcSystemd}/${TIMERS[0]}`, '# by hand\n')
    await writeFile(`${machine.places.etcCron}/hikae-shop`, '# by hand\n')
    const files = await machine.files()
    await expect(machine.plan(kind)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_OURS' })
    expect(await machine.files()).toEqual(files)
    await using other = await makeMachine({ systemd: 'absent' })
    await other.install(kind)
    const moved = other.plan(kind, { config: '/srv/copy/hikae.yaml' })
    await expect(moved).rejects.toMatchObject({ code: 'SCHEDULE_OTHER_STACK' })
    await expect(moved).rejects.toThrow('/srv/shop/hikae.yaml')
  })

  test('refuses names and paths that would be read as something else', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    const changes = [
      { stack: 'my shop' },
      { user: 'root\nroot' },
      { jobs: [job('a/b', 'daily')] },
      { config: '/a\nb' },
      { program: 'hikae' },
    ]
    for (const change of changes)
      await expect(machine.plan(kind, change)).rejects.toMatchObject({ code: 'SCHEDULE_BAD_NAME' })
  })

  test('names the jobs that nothing will begin, and is gone when there are only those', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    await machine.install(kind)
    const jobs = [
      job('by-hand', 'manual'),
      { name: 'settings', schedule: { kind: 'change', settleMs: 1, atMostMs: 1 }, timeZone: 'UTC' } as const,
    ]
    const plan = await machine.install(kind, { jobs })
    expect(plan.untimed).toEqual(['by-hand', 'settings'])
    expect(await machine.files()).toEqual({})
  })
})

describe('systemd that runs the machine', () => {
  test('is told in the right order', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'runs' })
    await machine.install('systemd')
    const both = TIMERS.join(' ')
    expect(await machine.calls()).toEqual(['daemon-reload', `enable ${both}`, `restart ${both}`])
    await machine.install('systemd', { jobs: [job('databases', 'daily')] })
    expect(await machine.calls()).toEqual([
      `disable --now ${TIMERS[1]}`,
      'daemon-reload',
      `enable ${TIMERS[0]}`,
      `restart ${TIMERS[0]}`,
    ])
    await machine.remove()
    expect(await machine.calls()).toEqual([`disable --now ${TIMERS[0]}`, 'daemon-reload'])
  })

  test('is told again about a timer that somebody disabled', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'runs' })
    await machine.install('systemd')
    await machine.calls()
    await machine.disable(TIMERS[1])
    await machine.install('systemd')
    expect(await machine.calls()).toEqual(['daemon-reload', `enable ${TIMERS[1]}`, `restart ${TIMERS[1]}`])
  })

  test('that fails is a failure, and the same command goes on', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'fails' })
    await expect(machine.install('systemd')).rejects.toMatchObject({ code: 'PROGRAM_FAILED' })
    expect(changesNothing(await machine.plan('systemd'))).toBe(false)
  })
})

describe('systemd that does not run', () => {
  test('is told nothing, and somebody is told how to do it', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    const { notes } = await machine.apply(await machine.plan('systemd'))
    expect(notes).toEqual([
      `systemd does not run here, and was told nothing; where it does: systemctl daemon-reload && systemctl enable --now ${TIMERS.join(' ')}`,
    ])
    expect(await machine.calls()).toEqual([])
    expect(changesNothing(await machine.plan('systemd'))).toBe(true)
  })

  test('has no link left over after a removal', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    await machine.install('systemd')
    await machine.enable(TIMERS[0])
    await machine.remove()
    expect(await readdir(`${machine.places.etcSystemd}/timers.target.wants`)).toEqual([])
  })
})

test('a machine has systemd when it runs, else cron, else neither', async ({ expect }) => {
  await using running = await makeMachine({ systemd: 'runs' })
  expect(await chooseKind(running.places)).toBe('systemd')
  await using machine = await makeMachine({ systemd: 'absent' })
  expect(await chooseKind(machine.places)).toBe('cron')
  const neither = { ...machine.places, etcCron: '/absent/cron.d' }
  await expect(chooseKind(neither)).rejects.toMatchObject({ code: 'SCHEDULE_NO_SYSTEM' })
})

test('a file that cannot be written is named', async ({ expect }) => {
  await using machine = await makeMachine({ systemd: 'absent' })
  await writeFile(`${machine.places.etcSystemd}/file`, '')
  const places = { ...machine.places, etcSystemd: `${machine.places.etcSystemd}/file/below` }
  const plan = await planInstall({ ...REQUEST, jobs: JOBS }, 'cron', machine.places)
  const moved = plan.files.map((file) => ({ ...file, path: `${places.etcSystemd}/${TIMERS[0]}` }))
  await expect(applyPlan({ ...plan, files: moved }, { places, signal })).rejects.toMatchObject({
    code: 'SCHEDULE_UNWRITABLE',
  })
})

describe.skipIf(skipBecause(await missingPrograms('systemd-analyze')))('units', () => {
  test('are what systemd understands, with any name and path', async ({ expect }) => {
    await using machine = await makeMachine({ systemd: 'absent' })
    const config = `${machine.dir.path}/100% "odd" $HOME folder/hikae.yaml`
    const program = `${machine.dir.path}/a program`
    await writeFile(program, '#!/bin/sh\n', { mode: 0o755 })
    const jobs = [...JOBS, { ...job('x_1.y-z', '*/15 1-5 L,3 * mon'), between: { from: 1320, to: 360 } }]
    await machine.install('systemd', { config, program, jobs, user: 'root' })
    const units = (await readdir(machine.places.etcSystemd)).filter((name) => name.endsWith('.timer'))
    expect(units).toHaveLength(3)
    const paths = [...units, 'hikae-shop.service']
    const verified = await runProcess(
      'systemd-analyze',
      ['verify', '--man=no', ...paths.map((unit) => `${machine.places.etcSystemd}/${unit}`)],
      { env: { SYSTEMD_UNIT_PATH: `${machine.places.etcSystemd}:`, LC_ALL: 'C' } },
    )
    expect(verified.stderr).toBe('')
    expect(verified.exitCode).toBe(0)
    const service = await readFile(`${machine.places.etcSystemd}/hikae-shop.service`, 'utf8')
    const quoted = config
      .replaceAll('%', '%%')
      .replaceAll('"', '\\"')
      .replaceAll('$', () => '$$')
    expect(service).toContain(`ExecStart="${program}" backup --config "${quoted}" --due\n`)
  })
})

test('a workflow is YAML that fires and keeps what it remembers', ({ expect }) => {
  const request = { stack: 'shop', config: "it's.yaml", version: '0.1.0', variables: [], now: REQUEST.now }
  const workflow = parse(workflowText({ ...request, jobs: JOBS })) as {
    on: { schedule: { cron: string }[] }
    jobs: { backup: { steps: { uses?: string; env?: Record<string, string>; with?: { key?: string } }[] } }
  }
  expect(workflow.on.schedule).toEqual([{ cron: '30 17 * * *' }, { cron: '0 3,9,15,21 * * *' }])
  const steps = workflow.jobs.backup.steps
  expect(steps.map(({ uses }) => uses)).toEqual(
    expect.arrayContaining(['actions/cache/restore@v4', 'actions/cache/save@v4']),
  )
  expect(steps.find(({ env }) => env)!.env).toMatchObject({ STACK_FILE: "it's.yaml" })
  const none = parse(workflowText({ ...request, jobs: [job('by-hand', 'manual')] })) as { on: object }
  expect(Object.keys(none.on)).toEqual(['workflow_dispatch'])
})

const JOBS = [job('databases', 'daily at 02:30'), job('files', 'every 6h')]

const REQUEST: Omit<InstallRequest, 'jobs'> = {
  stack: 'shop',
  program: '/usr/bin/hikae',
  config: '/srv/shop/hikae.yaml',
  user: 'root',
  now: new Date('2026-11-21T00:00Z'),
  machineTimeZone: 'UTC',
}

interface Machine extends AsyncDisposable {
  readonly dir: TempDir
  readonly places: SystemPlaces
  plan(kind: InstallKind, changes?: Partial<InstallRequest>): ReturnType<typeof planInstall>
  apply(plan: Awaited<ReturnType<typeof planInstall>>): ReturnType<typeof applyPlan>
  install(kind: InstallKind, changes?: Partial<InstallRequest>): ReturnType<typeof planInstall>
  remove(): Promise<void>
  /** All units and cron files, with their content. */
  files(): Promise<Record<string, string>>
  /** What systemctl was told since the last question. */
  calls(): Promise<string[]>
  enable(timer: string): Promise<void>
  disable(timer: string): Promise<void>
}

/** Folders as those of a machine, and a systemctl that notes what it is told and makes the links that the real one makes. */
async function makeMachine({ systemd }: { systemd: 'runs' | 'fails' | 'absent' }): Promise<Machine> {
  const dir = await makeTempDir()
  const places = { etcSystemd: dir.join('systemd'), etcCron: dir.join('cron.d'), runSystemd: dir.join('run') }
  const wants = `${places.etcSystemd}/timers.target.wants`
  await mkdir(wants, { recursive: true })
  await mkdir(places.etcCron)
  if (systemd !== 'absent') await mkdir(places.runSystemd)
  const systemctl = dir.join('systemctl')
  const links = `case $1 in enable) shift; for t; do ln -sf ../$t ${wants}/$t; done;; disable) shift 2; for t; do rm -f ${wants}/$t; done;; esac`
  const script = `#!/bin/sh\necho "$@" >> ${dir.join('calls')}\n${systemd === 'fails' ? 'exit 1' : links}\n`
  await writeFile(systemctl, script)
  await chmod(systemctl, 0o755)
  const plan: Machine['plan'] = (kind, changes = {}) =>
    planInstall({ ...REQUEST, jobs: JOBS, ...changes }, kind, places)
  const apply: Machine['apply'] = (plan) => applyPlan(plan, { places, signal, systemctl })
  return {
    dir,
    places,
    plan,
    apply,
    async install(kind, changes) {
      const planned = await plan(kind, changes)
      await apply(planned)
      return planned
    },
    async remove() {
      await apply(await planRemove('shop', places))
    },
    async files() {
      const found: Record<string, string> = {}
      for (const folder of [places.etcSystemd, places.etcCron])
        for (const entry of await readdir(folder, { withFileTypes: true }))
          if (entry.isFile()) found[`${folder}/${entry.name}`] = await readFile(`${folder}/${entry.name}`, 'utf8')
      return found
    },
    async calls() {
      const text = await readFile(dir.join('calls'), 'utf8').catch(() => '')
      await writeFile(dir.join('calls'), '')
      return text.split('\n').filter((line) => line !== '')
    },
    enable: async (timer) => symlink(`../${timer}`, `${wants}/${timer}`),
    async disable(timer) {
      await runProcess(systemctl, ['disable', '--now', timer])
      await writeFile(dir.join('calls'), '')
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

function job(name: string, text: string): ScheduledJob {
  return { name, schedule: scheduleSchema.parse(text), timeZone: 'Asia/Tokyo' }
}
