import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { AnyAuthMethod, CipherAlgorithm, Client, ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2'
import { BackendError } from '../backend.ts'
import { explainBuiltin } from './explain-builtin.ts'
import { changedHostKey, knownName, unknownHostKey } from './host-key-error.ts'
import { fingerprintOf, keyTypeOf, KnownHosts } from './known-hosts.ts'
import { locationOf, type SftpOptions } from './options.ts'
import { namedKeys, usualKeys, type ParseKey, type PrivateKeys } from './private-keys.ts'
import type { ChannelEnd, SshChannel, SshTransport } from './ssh-channel.ts'

const MOST_HANDSHAKE_MS = 60_000
const KEEPALIVE_MS = 60_000
const CLOSE_GRACE_MS = 3000
/** Those that Node has in machine code come first. */
const CIPHERS: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
]
const HOST_KEYS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** Several channels over one connection of our own, by the package ssh2. */
export class BuiltinSsh implements SshTransport {
  readonly #options: SftpOptions
  #connection: Promise<Connection> | undefined

  constructor(options: SftpOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal | undefined): Promise<SshChannel> {
    if (this.#connection !== undefined && (await isLost(this.#connection))) this.#connection = undefined
    this.#connection ??= connect(this.#options, signal)
    return openChannel(await this.#connection)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    connection?.client.end()
    connection?.client.destroy()
  }
}

interface Connection {
  readonly client: Client
  readonly isLost: boolean
  /** Resolves with the reason when the connection ends. */
  readonly ended: Promise<string>
  lost(reason: string): BackendError
}

async function isLost(connection: Promise<Connection>): Promise<boolean> {
  return connection.then(
    ({ isLost }) => isLost,
    () => true,
  )
}

async function connect(options: SftpOptions, signal: AbortSignal | undefined): Promise<Connection> {
  const { Client, utils } = (await import('ssh2')).default
  const keys = await keysFor(options, utils.parseKey)
  const hosts = await KnownHosts.read(options.knownHostsFiles ?? usualKnownHosts())
  let refused: BackendError | undefined
  const config = configFor(options, keys, hosts, (error) => (refused = error))
  const client = new Client()
  const state = { isLost: false, reason: '' }
  const { promise: ended, resolve: end } = Promise.withResolvers<string>()
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  client.on('connect', () => client.setNoDelay(true))
  client.on('ready', resolve)
  client.on('error', (error: Error & { level?: string }) => {
    // An agent that fails is only one way to get in; the next one is tried.
    if (error.level === 'agent') return
    state.reason = error.message
    reject(refused ?? explainBuiltin(options, error, keys.unusable))
  })
  client.on('close', () => {
    state.isLost = true
    reject(refused ?? explainBuiltin(options, new Error('Connection closed'), keys.unusable))
    end(state.reason)
  })
  const giveUp = () => client.destroy()
  signal?.addEventListener('abort', giveUp)
  client.connect(config)
  try {
    await ready
  } catch (error) {
    client.destroy()
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return {
    client,
    ended,
    get isLost() {
      return state.isLost
    },
    lost: (reason) => explainBuiltin(options, new Error(reason || 'Connection closed'), []),
  }
}

async function openChannel(connection: Connection): Promise<SshChannel> {
  const { client } = connection
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    const refuse = (reason: string) => reject(connection.lost(reason))
    void connection.ended.then(refuse)
    client.subsys('sftp', (error, channel) => (error ? refuse(error.message) : resolve(channel)))
  })
  channel.stderr.resume()
  channel.stderr.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => channel.once('close', () => resolve('the server ended the session')))
  const ended = Promise.race([connection.ended, closed]).then((reason): ChannelEnd => ({
    reason,
    refusal: connection.lost(reason),
  }))
  return {
    toServer: channel,
    fromServer: channel,
    ended,
    close: async () => {
      const timer = setTimeout(() => client.destroy(), CLOSE_GRACE_MS)
      channel.end()
      await ended
      clearTimeout(timer)
    },
    // What does not answer is the connection, not one channel of it.
    destroy: () => void client.destroy(),
  }
}

function configFor(
  options: SftpOptions,
  keys: PrivateKeys,
  hosts: KnownHosts,
  refuse: (error: BackendError) => void,
): ConnectConfig {
  const { host, port = 22, stuckAfterMs = MOST_HANDSHAKE_MS } = options
  return {
    host,
    port,
    username: userOf(options),
    authHandler: waysIn(options, keys),
    readyTimeout: Math.min(stuckAfterMs, MOST_HANDSHAKE_MS),
    keepaliveInterval: KEEPALIVE_MS,
    algorithms: { cipher: CIPHERS, serverHostKey: hostKeyAlgorithms(hosts.keyTypes(knownName(options))) },
    hostVerifier: (key: Buffer) => {
      const error = judge(options, hosts, key)
      if (error !== undefined) refuse(error)
      return error === undefined
    },
  }
}

/** What the server may let us in with, in this order. */
function waysIn(options: SftpOptions, { keys }: PrivateKeys): AnyAuthMethod[] {
  const username = userOf(options)
  const { agentSocket, password } = options
  const ways: AnyAuthMethod[] = [{ type: 'none', username }]
  for (const key of keys) ways.push({ type: 'publickey', username, key })
  if (agentSocket !== undefined) ways.push({ type: 'agent', username, agent: agentSocket })
  if (password !== undefined) {
    ways.push({ type: 'password', username, password })
    ways.push({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    })
  }
  return ways
}

/** Keys of the known types first: a server with several is asked for one that can be checked. */
function hostKeyAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const types = [...knownTypes.filter((type) => type in HOST_KEYS), ...Object.keys(HOST_KEYS)]
  return [...new Set(types.flatMap((type) => HOST_KEYS[type]!))]
}

function judge(options: SftpOptions, hosts: KnownHosts, key: Buffer): BackendError | undefined {
  const shown = { type: keyTypeOf(key), fingerprint: fingerprintOf(key) }
  const verdict = hosts.judge(knownName(options), key)
  switch (verdict) {
    case 'known':
      return undefined
    case 'unknown':
      return unknownHostKey(options, shown)
    case 'changed':
      return changedHostKey(options, shown)
    case 'revoked':
      return new BackendError(
        `the host key that ${locationOf(options)} shows (${shown.type} ${shown.fingerprint}) is marked @revoked in known_hosts`,
        { hint: 'ask who runs the server: it uses a key that was given up, or somebody else does' },
      )
    case 'authority-only':
      return new BackendError(
        `${locationOf(options)} is known by a certificate authority only, and the built-in client cannot check certificates`,
        { hint: "use the system's ssh: `-o sftp.client=system`" },
      )
  }
}

async function keysFor({ identityFiles, password }: SftpOptions, parse: ParseKey): Promise<PrivateKeys> {
  if (identityFiles !== undefined) return namedKeys(identityFiles, parse)
  return password === undefined ? usualKeys(parse) : { keys: [], unusable: [] }
}

function userOf({ user }: SftpOptions): string {
  return user ?? userInfo().username
}

function usualKnownHosts(): string[] {
  const folder = join(userInfo().homedir, '.ssh')
  return [join(folder, 'known_hosts'), join(folder, 'known_hosts2'), '/etc/ssh/ssh_known_hosts']
}
