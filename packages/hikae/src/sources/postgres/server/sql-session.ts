import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { RunningProgram } from '../../../process/program.ts'
import { asJson } from './sql.ts'
import { postgresError } from './postgres-error.ts'

const END = 'hikae-end-of-answer'

/** Starts the client with that as its input. */
export type StartClient = (stdin: AsyncIterable<Uint8Array>) => RunningProgram

/** One connection that stays open; when we end, however that is, its client sees the end of its input, and ends. */
export class SqlSession implements AsyncDisposable {
  readonly #input = new PassThrough()
  readonly #client: RunningProgram
  readonly #output: AsyncIterator<Uint8Array>
  #rest = ''

  constructor(start: StartClient) {
    this.#client = start(this.#input)
    this.#output = this.#client.stdout[Symbol.asyncIterator]()
  }

  /** @returns the rows of a query */
  async ask<Row>(query: string, doing: string): Promise<Row[]> {
    return JSON.parse(await this.#send(`${asJson(query)};`, doing)) as Row[]
  }

  async run(statements: string, doing: string): Promise<void> {
    await this.#send(`${statements};`, doing)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.end()
    await this.#client[Symbol.asyncDispose]()
  }

  async #send(statements: string, doing: string): Promise<string> {
    if (!this.#input.write(`${statements}\n\\echo ${END}\n`)) {
      await Promise.race([once(this.#input, 'drain'), once(this.#input, 'close')])
    }
    try {
      for (;;) {
        const end = this.#rest.indexOf(`${END}\n`)
        if (end !== -1) {
          const answer = this.#rest.slice(0, end)
          this.#rest = this.#rest.slice(end + END.length + 1)
          return answer
        }
        const { done, value } = await this.#output.next()
        if (done === true) break
        this.#rest += Buffer.from(value).toString()
      }
      await this.#client.succeeded()
    } catch (error) {
      throw postgresError(doing, error)
    }
    throw postgresError(doing, new Error('the connection ended'))
  }
}
