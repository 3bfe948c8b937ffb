import { ProgramError } from '../errors.ts'

/** What is wrong at one place of a configuration file. */
export interface ConfigProblem {
  /** From 1; absent for the file as a whole. */
  readonly line?: number
  readonly column?: number
  /** `repositories.usb.disk` */
  readonly at: string
  readonly message: string
}

/** The configuration makes no sense; all that is wrong with it is in the message, a line each. */
export class ConfigError extends ProgramError {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG'
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => describe(file, problem))
    super(lines.length === 1 ? lines[0]! : `${file} has ${lines.length} problems:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

function describe(file: string, { line, column, at, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`
  return at === '' ? `${place}: ${message}` : `${place}: ${at}: ${message}`
}
