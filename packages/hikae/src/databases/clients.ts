import type { ProgramOptions, RunningProgram } from '../process/program.ts'

export interface ClientOptions extends Omit<ProgramOptions, 'cwd' | 'env'> {
  /** For the program, beside those that it would have; the place for a secret, which an argument is not. */
  readonly variables?: Readonly<Record<string, string>>
}

/** Where the client programs of a database run: on this host, or in the container of the server, which has those of its version. */
export interface Clients {
  /** For messages: `on this host`, `in the container shop-db-1`. */
  readonly place: string
  /**
   * The first of these programs that is there, as `start` takes it.
   *
   * @param folders of this host, where packages put programs that are not on the path; earlier ones first
   */
  find(programs: readonly string[], folders?: readonly string[]): Promise<string | undefined>
  /** Without a shell, streaming; as `startProgram` does. Nothing stays behind when we are killed. */
  start(command: readonly string[], options: ClientOptions): RunningProgram
  /**
   * To its end.
   *
   * @returns what it printed, which has to be short
   * @throws {ProgramFailedError | DockerError}
   */
  run(command: readonly string[], options: ClientOptions): Promise<string>
}
