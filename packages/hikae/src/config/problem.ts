import { ProgramError } from '../errors.ts'

/** What is wrong at one place of a configuration file. */
export interface ConfigProblem {
  /** Absolute; the stack file when absent. */
  readonly file?: string
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
  /** The stack file. */
  readonly file: string
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => describeProblem(problem, file))
    const isAlone = problems.every((problem) => (problem.file ?? file) === file)
    const subject = isAlone ? `${file} has` : `${file} and what it includes have`
    super(lines.length === 1 ? lines[0]! : `${subject} ${lines.length} problems:\n${lines.join('\n')}`)
    this.file = file
    this.problems = problems
  }
}

/** `/srv/hikae.yaml:3:5: repositories.usb: this is missing` */
export function describeProblem(problem: ConfigProblem, stackFile: string): string {
  const { at, message } = problem
  return [describePlace(problem, stackFile), ...(at === '' ? [] : [at]), message].join(': ')
}

/** `/srv/hikae.yaml:3:5` */
export function describePlace(
  { file, line, column }: Pick<ConfigProblem, 'file' | 'line' | 'column'>,
  stackFile: string,
): string {
  const path = file ?? stackFile
  return line === undefined ? path : `${path}:${line}:${column}`
}
