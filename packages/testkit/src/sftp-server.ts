import { appendFile, chmod, chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { userInfo } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { childrenOf, descendantsOf, killIfThere } from './process-tree.ts'
import { findProgram, isRoot, missingPrograms } from './requirements.ts'
import { runOk, startProcess, type RunningProcess } from './run-process.ts'
import { makeTempDir, type TempDir } from './temp-dir.ts'

export interface SftpServerOptions {
  /** Where clients begin, for instance a small disk; a folder of the server's own by default. */
  readonly folder?: string
  /**
   * A user who only exists for this server, who sees nothing but `folder` and may write in its folder `backup` only, where
   * clients begin. Needs root. By default clients are the user who runs the tests.
   */
  readonly jail?: { readonly password?: string }
  /** Requests that are refused to everybody, by OpenSSH's names: `remove`, `rename`, `fsync` and so on. */
  readonly refuse?: readonly string[]
  /** Kinds of keys that the server has; one of Ed25519 by default. */
  readonly hostKeys?: readonly HostKeyKind[]
  /** Lines for sshd_config that take precedence, for instance `MaxSessions 1`. */
  readonly settings?: readonly string[]
}

export type HostKeyKind = 'ed25519' | 'ecdsa' | 'rsa'

/** A real sshd on a free port of the loopback interface. */
export interface SftpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Where clients begin, on this machine; relative paths of clients lead here. */
  readonly folder: string
  /** The same folder as clients call it. */
  readonly path: string
  /** Private key that the server accepts. */
  readonly identityFile: string
  /** File with the keys of the server. */
  readonly knownHostsFile: string
  /** Its content at the start: one line for each key. */
  readonly knownHosts: string
  /** Ends all sessions, in the middle of whatever they do. @returns how many processes there were */
  killSessions(): Promise<number>
  /** How many connections there are. */
  countSessions(): Promise<number>
  /** Ends the server and all sessions. */
  stop(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Makes new host keys and starts again; `knownHostsFile` still holds the old ones. */
  changeHostKeys(): Promise<void>
  /** What the server has logged. */
  log(): Promise<string>
}

const JAILED = 'hikae-backup'
/** Where the jail is seen: in sshd's own mount namespace only. Every folder above must belong to root. */
const JAIL = '/mnt'

/** Why {@link startSftpServer} cannot work here; undefined when it can. */
export async function whyNoSftpServer(options: { jail?: boolean } = {}): Promise<string | undefined> {
  if (options.jail && !isRoot()) return 'an SFTP server with a jail needs root'
  return missingPrograms('sshd', 'ssh', 'ssh-keygen', ...(options.jail ? ['unshare', 'mount', 'perl'] : []))
}

/** Starts Debian's sshd with SFTP only. Nothing outside its own folder is changed, no user is made. */
export async function startSftpServer(options: SftpServerOptions = {}): Promise<SftpServer> {
  await using made = new AsyncDisposableStack()
  const dir = made.use(await makeTempDir())
  const folder = options.folder ?? dir.join('served')
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const { hostKeys = ['ed25519'] } = options
  await makeKey(dir.join('client'), 'ed25519')
  await makeHostKeys(dir, hostKeys)
  await copyFile(dir.join('client.pub'), dir.join('authorized_keys'))
  await chmod(dir.join('authorized_keys'), 0o644)
  await chmod(dir.path, 0o755)
  const knownHosts = await knownHostsOf(dir, hostKeys, port)
  await writeFile(dir.join('known_hosts'), knownHosts)
  await writeFile(dir.join('sshd_config'), configuration(dir, folder, port, options))
  const command = options.jail ? await jailedCommand(dir, folder, options.jail.password) : await plainCommand()
  // Empty, and the same for every sshd of this machine; root's sshd does not start without it.
  if (isRoot()) await mkdir('/run/sshd', { recursive: true })

  let daemon: RunningProcess | undefined
  const start = async () => {
    const arguments_ = [...command, '-D', '-f', dir.join('sshd_config'), '-E', dir.join('log')]
    daemon = await startProcess(arguments_[0]!, arguments_.slice(1), { timeoutMs: 2 ** 31 - 1 })
    await untilListening(port, daemon, dir)
  }
  const stop = async () => {
    if (daemon === undefined) return
    // Halted first, so that it starts nothing that would be missed.
    daemon.kill('SIGSTOP')
    for (const pid of await descendantsOf(daemon.pid)) killIfThere(pid)
    await daemon[Symbol.asyncDispose]()
    daemon = undefined
  }
  made.defer(stop)
  await start()
  const owned = made.move()
  return {
    host: '127.0.0.1',
    port,
    user: options.jail ? JAILED : userInfo().username,
    folder: options.jail ? `${folder}/backup` : folder,
    path: options.jail ? '/backup' : folder,
    identityFile: dir.join('client'),
    knownHostsFile: dir.join('known_hosts'),
    knownHosts,
    killSessions: async () => {
      const pids = daemon === undefined ? [] : await descendantsOf(daemon.pid)
      for (const pid of pids) killIfThere(pid)
      return pids.length
    },
    countSessions: async () => (daemon === undefined ? 0 : (await childrenOf(daemon.pid)).length),
    stop,
    start,
    changeHostKeys: async () => {
      await stop()
      for (const kind of hostKeys) await rm(dir.join(`host-${kind}`))
      await makeHostKeys(dir, hostKeys)
      await start()
    },
    log: () => readFile(dir.join('log'), 'utf8'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function configuration(dir: TempDir, folder: string, port: number, options: SftpServerOptions): string {
  const { jail, refuse = [], hostKeys = ['ed25519'], settings = [] } = options
  const refusals = refuse.length > 0 ? ` -P ${refuse.join(',')}` : ''
  const lines = [
    // The first value of a setting is the one that counts.
    ...settings,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((kind) => `HostKey ${dir.join(`host-${kind}`)}`),
    'PidFile none',
    `AuthorizedKeysFile ${dir.join('authorized_keys')}`,
    'StrictModes no',
    `PasswordAuthentication ${jail?.password === undefined ? 'no' : 'yes'}`,
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'UseDNS no',
    'LogLevel VERBOSE',
    `Subsystem sftp internal-sftp -d ${jail ? '/backup' : folder}${refusals}`,
  ]
  if (jail) {
    lines.push(`Match User ${JAILED}`, `  ChrootDirectory ${JAIL}`, '  AllowTcpForwarding no')
    lines.push(`  ForceCommand internal-sftp -d /backup${refusals}`)
  }
  return `${lines.join('\n')}\n`
}

async function plainCommand(): Promise<string[]> {
  return [(await findProgram('sshd'))!]
}

/** sshd with its own view of the users and of the jail's place: nobody else sees either. */
async function jailedCommand(dir: TempDir, folder: string, password: string | undefined): Promise<string[]> {
  const id = 64_123
  await copyFile('/etc/passwd', dir.join('passwd'))
  await appendFile(dir.join('passwd'), `${JAILED}:x:${id}:${id}::/:/usr/sbin/nologin\n`)
  await copyFile('/etc/shadow', dir.join('shadow'))
  await appendFile(dir.join('shadow'), `${JAILED}:${await hashed(password)}:19000::::::\n`)
  await mkdir(`${folder}/backup`, { recursive: true })
  await chown(folder, 0, 0)
  await chmod(folder, 0o755)
  await chown(`${folder}/backup`, id, id)
  const [sshd] = await plainCommand()
  const script = [
    'mount --bind "$1/passwd" /etc/passwd',
    'mount --bind "$1/shadow" /etc/shadow',
    `mount --rbind "$2" ${JAIL}`,
    'shift 2',
    'exec "$@"',
  ].join(' && ')
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', dir.path, folder, sshd!]
}

/** As in /etc/shadow; without a password only the key opens. */
async function hashed(password: string | undefined): Promise<string> {
  if (password === undefined) return '*'
  const { stdout } = await runOk('perl', ['-e', 'print crypt(<STDIN>, q($6$hikaetest$))'], { input: password })
  return stdout
}

async function makeKey(path: string, kind: HostKeyKind): Promise<void> {
  const size = kind === 'rsa' ? ['-b', '2048'] : []
  await runOk('ssh-keygen', ['-q', '-t', kind, ...size, '-N', '', '-C', 'test', '-f', path])
}

async function makeHostKeys(dir: TempDir, kinds: readonly HostKeyKind[]): Promise<void> {
  for (const kind of kinds) await makeKey(dir.join(`host-${kind}`), kind)
}

async function knownHostsOf(dir: TempDir, kinds: readonly HostKeyKind[], port: number): Promise<string> {
  const keys = await Promise.all(kinds.map((kind) => readFile(dir.join(`host-${kind}.pub`), 'utf8')))
  return keys.map((key) => `[127.0.0.1]:${port} ${key.split(' ').slice(0, 2).join(' ')}\n`).join('')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

async function untilListening(port: number, daemon: RunningProcess, dir: TempDir): Promise<void> {
  let end: string | undefined
  daemon.finished.then(
    ({ stderr }) => (end = stderr),
    (error: unknown) => (end = String(error)),
  )
  for (const deadline = Date.now() + 20_000; ; await setTimeout(10)) {
    if (await accepts(port)) return
    if (end === undefined && Date.now() < deadline) continue
    throw new Error(`sshd does not answer: ${end ?? ''} ${await readFile(dir.join('log'), 'utf8').catch(String)}`)
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
