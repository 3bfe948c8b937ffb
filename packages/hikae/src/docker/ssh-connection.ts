import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import type { Environment } from '../environment.ts'
import type { EngineAddress } from './engine-address.ts'

const LAST_WORDS = 1000
/** It asks nothing, since nobody may be there to answer, and forwards nothing. */
const SETTINGS = ['BatchMode=yes', 'ClearAllForwardings=yes', 'ForwardAgent=no', 'ConnectTimeout=30']

/** A connection through the machine's `ssh` to an engine's socket, as `http` wants one. The process ends with it. */
export class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams
  #words = ''
  /** As a socket counts what has come over it. */
  bytesRead = 0

  constructor({ destination, port }: Extract<EngineAddress, { kind: 'ssh' }>, env: Environment) {
    super()
    const options = SETTINGS.flatMap((setting) => ['-o', setting])
    const where = port === undefined ? [] : ['-p', String(port)]
    const args = ['-T', ...options, ...where, '--', destination, 'docker', 'system', 'dial-stdio']
    // In a session of its own: Ctrl-C at the terminal must not end what we tidy up with.
    this.#child = spawn('ssh', args, { stdio: 'pipe', env: { ...env }, detached: true })
    const { stdin, stdout, stderr } = this.#child
    stdout.on('data', (bytes: Buffer) => {
      this.bytesRead += bytes.length
      if (!this.push(bytes)) stdout.pause()
    })
    stderr.on('data', (bytes: Buffer) => (this.#words = `${this.#words}${bytes.toString()}`.slice(-LAST_WORDS)))
    // What ended it is said by the end of the process.
    stdin.on('error', () => undefined)
    this.#child.once('error', (error) => this.destroy(error))
    this.#child.once('close', (code) => this.#ended(code))
  }

  #ended(code: number | null): void {
    if (code === 0) this.push(null)
    else this.destroy(new Error(this.#words.trim() || `ssh ended with ${code ?? 'a signal'}`))
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(bytes, (error) => done(error))
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill()
    done(error)
  }

  // What `http` asks of a connection besides being a stream.
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}
