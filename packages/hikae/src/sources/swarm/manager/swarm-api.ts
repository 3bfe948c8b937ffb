import type { DockerEngine } from '../../../docker/engine.ts'

/** Words in a query, as the engine takes them: filters are JSON. */
export type Query = Readonly<Record<string, string>>

/**
 * Questions to a manager as plain requests. What `dockerode` offers for swarms puts the body of a request into its address
 * too, where secrets must not be and large configs do not fit.
 */
export class SwarmApi {
  readonly engine: DockerEngine
  readonly #signal: AbortSignal

  constructor(engine: DockerEngine, signal: AbortSignal) {
    this.engine = engine
    this.#signal = signal
  }

  /** The same for what has to be done even when the work was stopped. */
  outlastingStops(): SwarmApi {
    return new SwarmApi(this.engine.outlastingStops(), new AbortController().signal)
  }

  /**
   * @param doing for messages: `list the services`
   * @throws {DockerError}
   */
  async get(doing: string, path: string, query: Query = {}): Promise<unknown> {
    return await this.#request(doing, { method: 'GET', path: withQuery(path, query), options: { _query: {} } })
  }

  /** @throws {DockerError} */
  async post(doing: string, path: string, body: unknown, query: Query = {}): Promise<unknown> {
    const options = { _query: {}, _body: body }
    return await this.#request(doing, { method: 'POST', path: withQuery(path, query), options })
  }

  /** @throws {DockerError} */
  async remove(doing: string, path: string): Promise<void> {
    await this.#request(doing, { method: 'DELETE', path, options: { _query: {} } })
  }

  /** @param request with an empty `_query`, or the body would become one */
  async #request(
    doing: string,
    request: { readonly method: string; readonly path: string; readonly options: object },
  ): Promise<unknown> {
    const asked = { ...request, statusCodes: DONE, abortSignal: this.#signal }
    return await this.engine.ask(
      doing,
      ({ modem }) =>
        new Promise((resolve, reject) => {
          modem.dial(asked, (error: Error | null, answer: unknown) => {
            if (error) reject(error)
            else resolve(answer)
          })
        }),
    )
  }
}

const DONE = { 200: true, 201: true, 204: true }

function withQuery(path: string, query: Query): string {
  const words = new URLSearchParams(query).toString()
  return words === '' ? path : `${path}?${words}`
}
