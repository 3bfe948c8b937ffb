import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
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
  readonly #file: number
  readonly #clock: () => number
  readonly #redactor: Redactor
  readonly #limits: Readonly<Record<'all' | 'important', number>>
  #keeps: 'all' | 'important' | 'nothing' = 'all'
  #sizeBytes: number
  #leftOut = 0
  /** The end of the file is half a line. */
  #isTorn = false
  #problem: string | undefined

  /** @throws the system's error when the file cannot be made */
  constructor(path: string, { clock, redactor, limitBytes = LIMIT_BYTES }: RunLogOptions) {
    this.#file = openSync(path, 'a', 0o600)
    this.#sizeBytes = fstatSync(this.#file).size
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
    closeSync(this.#file)
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
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line)
    try {
      const written = writeSync(this.#file, bytes)
      this.#sizeBytes += written
      this.#isTorn = written < bytes.length
      if (this.#isTorn) this.#problem ??= 'the log could not be written whole: the disk may be full'
    } catch (error) {
      this.#problem ??= `the log cannot be written: ${errorMessage(error)}`
    }
  }
}

function isImportant(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf('warning')
}
