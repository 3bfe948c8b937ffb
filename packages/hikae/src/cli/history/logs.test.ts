import { appendFile } from 'node:fs/promises'
import { describe } from 'vitest'
import { logs } from '../commands/logs.ts'
import { formatTime } from '../output/format.ts'
import { START, test } from './history.test.support.ts'

describe('hikae logs', () => {
  test('shows the log of the newest run, of a job, or of a run', async ({ open, clock, run, expect }) => {
    const state = open()
    const write = (job: string, message: string): string => {
      const { id } = state.runs.begin({ ...START, job })
      using log = state.logs.open(id)
      log.write({ level: 'info', message })
      state.runs.end(id, 'succeeded')
      clock.ms += 1000
      return id
    }
    const first = write('a', 'of the first')
    write('b', 'of the second')
    expect((await run(logs, [])).stdout).toContain('of the second')
    expect((await run(logs, ['--last'])).stdout).toContain('of the second')
    expect((await run(logs, ['--job', 'a'])).stdout).toContain('of the first')
    expect((await run(logs, [first])).stdout).toContain('of the first')
    await expect(run(logs, [first, '--last'])).rejects.toThrow('only one of RUN')
    await expect(run(logs, ['--job', 'c'])).rejects.toThrow('there is no run of the job c')
    await expect(run(logs, ['2030'])).rejects.toThrow('there is no run 2030')
  })

  test('is for people, and harmless on a terminal', async ({ open, clock, run, expect }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    using log = state.logs.open(id)
    log.write({ level: 'debug', message: 'begins' })
    clock.ms += 3000
    const fields = { bytes: 7, path: '/a b', list: [1] }
    log.write({ level: 'warning', step: 3, source: 'db', repository: 'usb', message: 'slow\nand \u001b[2Jodd', fields })
    state.runs.end(id, 'incomplete')
    const [first, second] = ['2026-11-21T20:15:00Z', '2026-11-21T20:15:03Z'].map(formatTime)
    expect(await run(logs, [id])).toEqual({
      exitCode: 0,
      stdout: [
        `${first}  debug    begins`,
        String.raw`${second}  warning  step 3, db, usb: slow`,
        String.raw`    and \x1b[2Jodd  bytes=7 path=/a b list=[1]`,
        `run ${id}: incomplete`,
        '',
      ].join('\n'),
      stderr: '',
    })
  })

  test('--level leaves out what is less important', async ({ open, run, expect }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    using log = state.logs.open(id)
    for (const level of ['debug', 'info', 'warning', 'error'] as const) log.write({ level, message: `a ${level}` })
    const shown = async (level: string): Promise<string[]> => {
      const { stdout } = await run(logs, ['--level', level, '--quiet'])
      return stdout.split('\n').flatMap((line) => /a (\w+)$/.exec(line)?.[1] ?? [])
    }
    expect(await shown('debug')).toEqual(['debug', 'info', 'warning', 'error'])
    expect(await shown('warning')).toEqual(['warning', 'error'])
    expect(await shown('error')).toEqual(['error'])
    await expect(run(logs, ['--level', 'warn'])).rejects.toThrow("'warn' is not one of debug, info, warning, error")
  })

  test('--json gives the lines as they are kept', async ({ open, run, expect }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    using log = state.logs.open(id)
    log.write({ level: 'info', event: 'read', message: 'a\u202eb', fields: { files: 3 } })
    await appendFile(state.logs.path(id), '{"time":"t","level":"info","message":"m","later":true}\n')
    const { stdout, stderr } = await run(logs, ['--json'])
    expect(stdout).not.toContain('\u202e')
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { time: '2026-11-21T20:15:00.000Z', level: 'info', event: 'read', message: 'a\u202eb', fields: { files: 3 } },
      { time: 't', level: 'info', message: 'm', later: true },
    ])
    expect(stderr).toBe('')
  })

  test('a line that was cut off is counted, and the others are shown', async ({ open, run, expect }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    using log = state.logs.open(id)
    log.write({ level: 'info', message: 'whole' })
    await appendFile(state.logs.path(id), '{"time":"2026-11-')
    const { stdout, stderr } = await run(logs, [])
    expect(stdout).toContain('whole')
    expect(stderr).toBe('warning: 1 line of the log cannot be read: something cut them off\n')
  })

  test('says when a run has no log, and when nothing has run', async ({ open, run, expect }) => {
    await expect(run(logs, [])).rejects.toThrow('nothing has run yet')
    const state = open()
    await expect(run(logs, [])).rejects.toThrow('there is no run yet')
    const { id } = state.runs.begin(START)
    expect(await run(logs, [])).toEqual({
      exitCode: 0,
      stdout: `run ${id}: running\n`,
      stderr: `warning: there is no log of run ${id}\n`,
    })
  })
})

describe('hikae logs --follow', () => {
  test('goes on until the run is over', async ({ open, run, expect, signal }) => {
    const state = open()
    const { id } = state.runs.begin(START)
    using log = state.logs.open(id)
    log.write({ level: 'info', message: 'early' })
    const seesEarly = Promise.withResolvers<void>()
    const onStdout = (text: string): void => {
      if (text.includes('early')) seesEarly.resolve()
    }
    const shown = run(logs, ['--follow'], { signal, onStdout })
    await seesEarly.promise
    log.write({ level: 'info', message: 'late' })
    state.runs.end(id, 'failed')
    const { stdout } = await shown
    expect(stdout).toMatch(/early\n.*late\n.*: failed\n$/)
  })

  test('is stopped by the signal', async ({ open, run, expect }) => {
    const state = open()
    state.runs.begin(START)
    const stop = new AbortController()
    const shown = run(logs, ['--follow'], { signal: stop.signal })
    stop.abort(new Error('stopped by SIGINT'))
    await expect(shown).rejects.toThrow()
  })
})
