import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { PackId } from '@hikae/engine'
import type { Environment } from '../context.ts'
import { systemCode } from '../errors.ts'

/** Eight bytes; another form of the file gets another number. */
const MAGIC = Buffer.from('hikaerd1')
const ID_BYTES = 32
const RECORD_BYTES = ID_BYTES + 8
const DIGEST_BYTES = 32
/** What a check that is killed loses at most. */
const SAVE_EVERY_MS = 60_000

/** Where the memory of a repository lies. */
export function readMemoryPath(env: Environment, repositoryId: string): string {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(state, 'hikae', 'read', repositoryId)
}

/**
 * When packs were read and found whole, in a file that only its owner can read: 40 bytes per pack. It is saved every
 * minute and when it is disposed of, whole or not at all. A file that is damaged or of another form counts as none: at
 * worst, everything is read once more.
 */
export class ReadMemory implements AsyncDisposable {
  readonly times: Map<PackId, number>
  readonly #path: string
  readonly #onFailure: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string, times: Map<PackId, number>, onFailure: (error: unknown) => void) {
    this.#path = path
    this.times = times
    this.#onFailure = onFailure
    this.#timer = setInterval(() => void this.save(), SAVE_EVERY_MS)
    this.#timer.unref()
  }

  /** @param onFailure is told when the memory could not be read or saved */
  static async open(path: string, onFailure: (error: unknown) => void): Promise<ReadMemory> {
    let times = new Map<PackId, number>()
    try {
      times = decode(await readFile(path)) ?? times
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') onFailure(error)
    }
    return new ReadMemory(path, times, onFailure)
  }

  /** A failure is told to `onFailure`, and not thrown. */
  async save(): Promise<void> {
    this.#saving = this.#saving.then(() => store(this.#path, encode(this.times))).catch(this.#onFailure)
    await this.#saving
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.save()
  }
}

async function store(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function encode(times: ReadonlyMap<PackId, number>): Buffer {
  const content = Buffer.alloc(MAGIC.length + times.size * RECORD_BYTES)
  let at = MAGIC.copy(content)
  for (const [id, time] of times) {
    content.write(id, at, 'hex')
    at = content.writeDoubleLE(time, at + ID_BYTES)
  }
  return Buffer.concat([content, digestOf(content)])
}

function decode(stored: Buffer): Map<PackId, number> | undefined {
  const content = stored.subarray(0, Math.max(0, stored.length - DIGEST_BYTES))
  if (!content.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (!digestOf(content).equals(stored.subarray(content.length))) return undefined
  const times = new Map<PackId, number>()
  for (let at = MAGIC.length; at < content.length; at += RECORD_BYTES) {
    times.set(content.toString('hex', at, at + ID_BYTES) as PackId, content.readDoubleLE(at + ID_BYTES))
  }
  return times
}

function digestOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}
