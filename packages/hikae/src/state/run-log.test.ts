import { readFile, stat } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import type { LogEntry } from './log-entry.ts'
import { parseLogLine } from './parse-log-line.ts'
import { Redactor } from './redactor.ts'
import { RunLog } from './run-log.ts'

const test = base.extend('path', async ({}, { onCleanup }) => {
  const folder = await makeTempDir()
  onCleanup(() => folder[Symbol.asyncDispose]())
  return folder.join('run.jsonl')
})

const clock = (): number => Date.UTC(2026, 10, 21, 20, 15)

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1)
}

test('each entry is a line of JSON in a file for its owner only, there when write returns', async ({
  path,
  expect,
}) => {
  using log = new RunLog(path, { clock, redactor: new Redactor() })
  log.write({ level: 'info', step: 2, source: 'db', message: 'two\nlines', fields: { bytes: 7, left: undefined } })
  expect(await linesOf(path)).toEqual([
    '{"time":"2026-11-21T20:15:00.000Z","level":"info","step":2,"source":"db","message":"two\\nlines","fields":{"bytes":7}}',
  ])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(log.problem).toBeUndefined()
})

test('secrets are in no message and in no field', async ({ path, expect }) => {
  const redactor = new Redactor()
  using log = new RunLog(path, { clock, redactor })
  redactor.add('hunter22')
  log.write({ level: 'error', message: 'no hunter22', fields: { url: 'http://u:hunter22@h', list: ['hunter22'] } })
  const [line = ''] = await linesOf(path)
  expect(line).not.toContain('hunter22')
  expect(parseLogLine(line)).toMatchObject({ message: 'no •••', fields: { url: 'http://u:•••@h', list: ['•••'] } })
})

test('a full log says so, goes on with warnings and errors, then with nothing, and counts what it left out', async ({
  path,
  expect,
}) => {
  const message = 'x'.repeat(1000)
  const put = (log: RunLog, level: LogEntry['level'], times: number): void => {
    for (let time = 0; time < times; time++) log.write({ level, message })
  }
  {
    using log = new RunLog(path, { clock, redactor: new Redactor(), limitBytes: 10_000 })
    put(log, 'info', 12)
    put(log, 'error', 1)
    put(log, 'info', 5)
    put(log, 'warning', 30)
  }
  const entries = (await linesOf(path)).map(parseLogLine)
  const seen = entries.map((entry) => (entry?.event === 'cut' ? entry.message : entry?.level))
  expect(seen).toEqual([
    ...Array<string>(9).fill('info'),
    'the log is full: from here on, it holds warnings and errors only',
    'error',
    'warning',
    'the log is full: nothing is added any more',
    // 3 and 5 of the chatter, 29 of the warnings.
    '37 entries were left out, since the log was full',
  ])
  expect((await stat(path)).size).toBeLessThan(13_500)
})

test('a log that cannot be written fails nothing, and tells why', ({ expect }) => {
  using log = new RunLog('/dev/full', { clock, redactor: new Redactor() })
  log.write({ level: 'info', message: 'a' })
  log.write({ level: 'info', message: 'b' })
  expect(log.problem).toBe('the log cannot be written: no space left on device')
})

test('a log whose file cannot be made fails nothing either', ({ expect }) => {
  using log = new RunLog('/dev/null/logs/run.jsonl', { clock, redactor: new Redactor() })
  log.write({ level: 'info', message: 'a' })
  expect(log.problem).toMatch(/^the log cannot be written: /)
})

test.for(['', '{', 'null', '{"time":"x","level":"loud","message":""}', '{"time":"x","level":"info"}'])(
  '%j is no line of a log',
  (line, { expect }) => {
    expect(parseLogLine(line)).toBeUndefined()
  },
)
