import { spawn } from 'node:child_process'
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'
import type { Environment } from '../environment.ts'
import type { EngineAddress } from './engine-address.ts'

const LAST_WORDS = 1000
/** It asks nothing, since nobody may be there to answer, and forwards nothing. */
const SETTINGS = ['BatchMode=yes', 'ClearAllForwardings=yes', 'ForwardAgent=no', 'ConnectTimeout=30']

/**
 * Connections through the machine's own `ssh`, so that its configuration, its agent and its known hosts hold. Each is a
 * process that ends with the connection.
 */
export function sshAgent(address: Extract<EngineAddress, { kind: 'ssh' }>, env: Environment): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 2 })
  const connect = (): Duplex => connection(address, env)
  // `http.Agent` has no other way to give it a connection of one's own.
  return Object.assign(agent, { createConnection: connect })
}

function connection({ destination, port }: Extract<EngineAddress, { kind: 'ssh' }>, env: Environment): Duplex {
  const options = SETTINGS.flatMap((setting) => ['-o', setting])
  const where = port === undefined ? [] : ['-p', String(port)]
  const args = ['-T', ...options, ...where, '--', destination, 'docker', 'system', 'dial-stdio']
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...env }, detached: true })
  let words = ''
  child.stderr.on('data', (bytes: Buffer) => (words = `${words}${bytes.toString()}`.slice(-LAST_WORDS)))
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  child.once('error', (error) => stream.destroy(error))
  child.once('close', (code) => {
    if (code === 0 || stream.destroyed) return
    stream.destroy(new Error(words.trim() === '' ? `ssh ended with ${code ?? 'a signal'}` : words.trim()))
  })
  stream.once('close', () => child.kill())
  return withSocketMethods(stream)
}

/** What `http` asks of a connection besides being a stream. */
function withSocketMethods(stream: Duplex): Duplex {
  const itself = (): Duplex => stream
  return Object.assign(stream, {
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  })
}
