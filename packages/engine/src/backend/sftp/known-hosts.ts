import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hasCode } from '../local/system-error.ts'

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
interface KnownHost {
  readonly marker: string | undefined
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string
  readonly keyType: string
  readonly key: Buffer
}

export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked' | 'authority-only'

/** What is known about the keys of servers. */
export class KnownHosts {
  readonly #lines: readonly KnownHost[]

  private constructor(lines: readonly KnownHost[]) {
    this.#lines = lines
  }

  /** Files that are not there are left out, as ssh does; lines that cannot be understood too. */
  static async read(paths: readonly string[]): Promise<KnownHosts> {
    const texts = await Promise.all(paths.map(readIfThere))
    return KnownHosts.parse(texts.join('\n'))
  }

  static parse(text: string): KnownHosts {
    return new KnownHosts(text.split('\n').flatMap((line) => parseLine(line) ?? []))
  }

  /** @param name as known_hosts has it: lower-case, and `[name]:port` when the port is not 22 */
  judge(name: string, key: Buffer): HostKeyVerdict {
    const mine = this.#lines.filter(({ names }) => matches(names, name))
    if (mine.some((line) => line.marker === '@revoked' && line.key.equals(key))) return 'revoked'
    const plain = mine.filter(({ marker }) => marker === undefined)
    if (plain.some((line) => line.key.equals(key))) return 'known'
    if (plain.length > 0) return 'changed'
    return mine.some(({ marker }) => marker === '@cert-authority') ? 'authority-only' : 'unknown'
  }

  /** Types of the keys known for a server, so that it can be asked for one of them: it has several. */
  keyTypes(name: string): string[] {
    const mine = this.#lines.filter(({ marker, names }) => marker === undefined && matches(names, name))
    return [...new Set(mine.map(({ keyType }) => keyType))]
  }
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** For instance `ssh-ed25519`; the first field of a public key. */
export function keyTypeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return ''
    throw error
  }
}

function parseLine(line: string): KnownHost | undefined {
  const fields = line.trim().split(/\s+/)
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
  const [names, keyType, key] = fields
  if (names === undefined || names.startsWith('#') || keyType === undefined || key === undefined) return undefined
  return { marker, names, keyType, key: Buffer.from(key, 'base64') }
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  const patterns = names.toLowerCase().split(',')
  const isExcluded = patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name))
  return !isExcluded && patterns.some((pattern) => matchesPattern(pattern, name))
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** `*` stands for any characters, `?` for one. */
function matchesPattern(pattern: string, name: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
}
