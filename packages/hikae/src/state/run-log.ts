import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorMessage } from '../errors.ts'
import { withoutUndefined } from '../without-undefined.ts'
import { LOG_LEVELS, type LogEntry, type LogLevel } from './log-entry.ts'
import type { Redactor } from './redactor.ts'

export interface RunLogOptions {
  readonly clock: () => number
  readonly redactor: Redactor
  /** From here on, only warnings and errors are kept. */
  readonly limitBytes?: number
}

/** What a busy run has to say fits many times. */
const LIMIT_BYTES = 8 * 1024 * 1024

/** For warnings and errors after that, as a share of the limit. */
const RESERVE = 1 / 4

/**
 * The log of one run: a line of JSON for each entry, without secrets, in a file that only its owner can read. A line is in
 * the hands of the system when `write` returns, so that it outlives a kill.
 *
 * The file is bounded. When it is full, only warnings and errors are added, later nothing, and both are said in it. A log
 * that cannot be written fails nothing: see `problem`.
 */
export class RunLog implements Disposable {
  readonly #file: number | undefined
  readonly #clock: () => number
  readonly #redactor: Redactor
  readonly #limits: Readonly<Record<'all' | 'important', number>>
  #keeps: 'all' | 'important' | 'nothing' = 'all'
  #sizeBytes = 0
  #leftOut = 0
  /** The end of the file is half a line. */
  #isTorn = false
  #problem: string | undefined

  constructor(path: string, { clock, redactor, limitBytes = LIMIT_BYTES }: RunLogOptions) {
    this.#file = this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      return openSync(path, 'a', 0o600)
    })
    this.#clock = clock
    this.#redactor = redactor
    this.#limits = { all: limitBytes, important: limitBytes * (1 + RESERVE) }
  }

  /** Why entries are missing: the disk was full, or gone. Undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem
  }

  write(entry: LogEntry): void {
    const { level, step, event, source, repository, message, fields } = entry
    const line = this.#lineOf(level, { step, event, source, repository, message, fields })
    if (!this.#hasRoomFor(level, Buffer.byteLength(line))) {
      this.#leftOut++
      return
    }
    this.#append(line)
  }

  /** Says how much was left out, and closes the file. */
  [Symbol.dispose](): void {
    if (this.#leftOut > 0) this.#appendCut(`${this.#leftOut} entries were left out, since the log was full`)
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #hasRoomFor(level: LogLevel, bytes: number): boolean {
    if (this.#keeps === 'all') {
      if (this.#sizeBytes + bytes <= this.#limits.all) return true
      this.#keeps = 'important'
      this.#appendCut('the log is full: from here on, it holds warnings and errors only')
    }
    if (this.#keeps === 'nothing' || !isImportant(level)) return false
    if (this.#sizeBytes + bytes <= this.#limits.important) return true
    this.#keeps = 'nothing'
    this.#appendCut('the log is full: nothing is added any more')
    return false
  }

  #appendCut(message: string): void {
    const fields = this.#leftOut > 0 ? { entries: this.#leftOut } : undefined
    this.#append(this.#lineOf('warning', { event: 'cut', message, fields }))
  }

  #lineOf(level: LogLevel, { fields, message, ...rest }: Omit<LogEntry, 'level'>): string {
    const entry = withoutUndefined({
      time: new Date(this.#clock()).toISOString(),
      level,
      ...rest,
      message: this.#redactor.text(message),
      fields: this.#redactor.value(fields),
    })
    return `${JSON.stringify(entry)}\n`
  }

  #append(line: string): void {
    const file = this.#file
    if (file === undefined) return
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line)
    const written = this.#attempt(() => writeSync(file, bytes)) ?? 0
    this.#sizeBytes += written
    if (written > 0) this.#isTorn = written < bytes.length
    if (this.#isTorn) this.#problem ??= 'the log could not be written whole: the disk may be full'
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      this.#problem ??= `the log cannot be written: ${errorMessage(error)}`
      return undefined
    }
  }
}

function isImportant(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf('warning')
}
