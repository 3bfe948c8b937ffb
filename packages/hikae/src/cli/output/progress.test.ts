import { describe, expect, test } from 'vitest'
import { Output } from './output.ts'
import { ProgressReporter, type ProgressView } from './progress.ts'

interface Done {
  readonly done: number
}

const view: ProgressView<Done> = {
  lines: ({ done }, width) => [`${done} done`, `on ${width} columns`],
  line: ({ done }) => `${done} done so far`,
  json: ({ done }) => ({ done }),
}

function show({ isTTY = false, json = false, quiet = false }) {
  const printed = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns: 60,
    write(chunk: string | Uint8Array) {
      printed[name] += chunk.toString()
      return true
    },
    once: () => undefined,
  })
  const out = new Output({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: { NO_COLOR: '1' },
    json,
    quiet,
    verbosity: 0,
  })
  const clock = { ms: 1_000_000 }
  const reporter = new ProgressReporter(out, view, () => clock.ms)
  return { out, reporter, clock, printed }
}

describe('ProgressReporter', () => {
  test('redraws its lines in place on a terminal, and takes them away at the end', () => {
    const { reporter, printed } = show({ isTTY: true })
    reporter.update({ done: 1 })
    reporter.update({ done: 2 })
    reporter[Symbol.dispose]()
    expect(printed.stderr).toBe('1 done\non 59 columns\r\x1b[1A\x1b[J2 done\non 59 columns\r\x1b[1A\x1b[J')
  })

  test('makes room for lines that are printed meanwhile', () => {
    const { out, reporter, printed } = show({ isTTY: true })
    reporter.update({ done: 1 })
    out.line('a result')
    out.flush()
    expect(printed.stderr.endsWith('columns\r\x1b[1A\x1b[J')).toBe(true)
    expect(printed.stdout).toBe('a result\n')
  })

  test('writes a line to a log every ten seconds, and every minute after the first', () => {
    const { reporter, clock, printed } = show({})
    for (let second = 0; second <= 200; second++) {
      reporter.update({ done: second })
      clock.ms += 1000
    }
    expect(printed.stderr.match(/\d+/g)?.map(Number)).toEqual([10, 20, 30, 40, 50, 110, 170])
    expect(printed.stdout).toBe('')
  })

  test('writes status messages once a second with --json, the first at once', () => {
    const { out, reporter, clock, printed } = show({ json: true, isTTY: true })
    for (let tenth = 0; tenth < 25; tenth++) {
      reporter.update({ done: tenth })
      clock.ms += 100
    }
    out.flush()
    const messages = printed.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(messages).toEqual([0, 10, 20].map((done) => ({ message_type: 'status', done })))
    expect(printed.stderr).toBe('')
  })

  test('says nothing with --quiet', () => {
    const { reporter, clock, printed } = show({ quiet: true, isTTY: true })
    reporter.update({ done: 1 })
    clock.ms += 60_000
    reporter.update({ done: 2 })
    expect(printed).toEqual({ stdout: '', stderr: '' })
  })
})
