import { appendFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { RunLogs } from './logs.ts'
import { Redactor } from './redactor.ts'
import type { RunId } from './run-record.ts'

const RUN = '20261121T201500Z-4f2a' as RunId

const test = base.extend('logs', async ({}, { onCleanup }) => {
  const folder = await makeTempDir()
  onCleanup(() => folder[Symbol.asyncDispose]())
  return new RunLogs(folder.path, { clock: () => 0, redactor: new Redactor() })
})

async function messages(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const line of lines) found.push((JSON.parse(line) as { message: string }).message)
  return found
}

test('a log that was written is read, also when its last line has no end', async ({ logs, expect }) => {
  using log = logs.open(RUN)
  for (const message of ['a', 'ü'.repeat(200_000), 'c']) log.write({ level: 'info', message })
  await appendFile(logs.path(RUN), '{"message":"torn"}')
  expect(await messages(logs.read(RUN))).toEqual(['a', 'ü'.repeat(200_000), 'c', 'torn'])
  expect((await stat(dirname(logs.path(RUN)))).mode & 0o777).toBe(0o700)
})

test('a run without a log has no lines', async ({ logs, expect }) => {
  expect(await messages(logs.read(RUN))).toEqual([])
  expect(await logs.runs()).toEqual([])
  await logs.remove(RUN)
})

test('who follows a log gets what is added, each line once and whole, until the run is over', async ({
  logs,
  expect,
  signal,
}) => {
  using log = logs.open(RUN)
  log.write({ level: 'info', message: '1' })
  let asked = 0
  const isOver = (): boolean => {
    asked++
    // What is written after the question is asked for the last time, and before the file is read, is there too.
    log.write({ level: 'info', message: `before ${asked}` })
    return asked === 3
  }
  const found: string[] = []
  for await (const line of logs.follow(RUN, { isOver, signal })) {
    found.push((JSON.parse(line) as { message: string }).message)
  }
  expect(found).toEqual(['1', 'before 1', 'before 2', 'before 3'])
})

test('who follows is not given half a line', async ({ logs, expect, signal }) => {
  using log = logs.open(RUN)
  log.write({ level: 'info', message: 'whole' })
  await appendFile(logs.path(RUN), '{"message":')
  let asked = 0
  const isOver = (): boolean => {
    asked++
    if (asked === 2) log.write({ level: 'info', message: 'x' })
    return asked === 3
  }
  const found: string[] = []
  for await (const line of logs.follow(RUN, { isOver, signal })) found.push(line)
  expect(found).toHaveLength(2)
  expect(found[1]).toMatch(/^\{"message":\{"time":.*"x"\}$/)
})

test('following ends with the signal', async ({ logs, expect }) => {
  const stop = new AbortController()
  const isOver = (): boolean => {
    stop.abort(new Error('enough'))
    return false
  }
  await expect(messages(logs.follow(RUN, { isOver, signal: stop.signal }))).rejects.toThrow()
})
