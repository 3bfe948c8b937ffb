import { Agent } from 'node:http'
import type { Environment } from '../environment.ts'
import type { EngineAddress } from './engine-address.ts'
import { SshConnection } from './ssh-connection.ts'

/** Connections through the machine's own `ssh`, so that its configuration, its agent and its known hosts hold. */
export class SshAgent extends Agent {
  readonly #address: Extract<EngineAddress, { kind: 'ssh' }>
  readonly #env: Environment

  constructor(address: Extract<EngineAddress, { kind: 'ssh' }>, env: Environment) {
    super({ keepAlive: true, maxFreeSockets: 2 })
    this.#address = address
    this.#env = env
  }

  override createConnection(): SshConnection {
    return new SshConnection(this.#address, this.#env)
  }
}
