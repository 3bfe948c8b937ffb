import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { errorMessage } from '../../../errors.ts'
import { STALL_SECONDS } from '../git-environment.ts'
import { GitError } from '../git-error.ts'
import type { LfsEndpoint } from './endpoint.ts'
import type { LfsObject } from './pointer.ts'

const TYPE = 'application/vnd.git-lfs+json'
/** Servers take this many at once. */
const BATCH = 100
const LONGEST_UPLOAD_MS = 6 * 60 * 60 * 1000
/** Longest answer to one. */
const LONGEST_ANSWER = 16 * 1024 * 1024

const actionSchema = z.object({
  href: z.url({ protocol: /^https?$/ }),
  header: z.record(z.string(), z.string()).optional(),
})
const batchSchema = z.object({
  transfer: z.string().optional(),
  objects: z.array(
    z.object({
      oid: z.string(),
      size: z.number().optional(),
      actions: z.record(z.string(), actionSchema).optional(),
      error: z.object({ code: z.number(), message: z.string() }).optional(),
    }),
  ),
})

type Action = z.output<typeof actionSchema>

/** What a server wants to be done with one object: the requests by name, or why not. */
export interface LfsAnswer {
  readonly object: LfsObject
  readonly actions: Readonly<Record<string, Action>>
  readonly problem?: string
}

/** Asks how objects are got or given. @throws {GitError} the server does not speak Git LFS, or refuses */
export async function* askForObjects(
  endpoint: LfsEndpoint,
  operation: 'download' | 'upload',
  objects: readonly LfsObject[],
  signal: AbortSignal,
): AsyncGenerator<LfsAnswer, void, undefined> {
  for (let at = 0; at < objects.length; at += BATCH) {
    const asked = objects.slice(at, at + BATCH)
    const response = await send(`${endpoint.address}/objects/batch`, signal, {
      method: 'POST',
      headers: { ...endpoint.headers, Accept: TYPE, 'Content-Type': TYPE },
      body: JSON.stringify({ operation, transfers: ['basic'], objects: asked, hash_algo: 'sha256' }),
    })
    const answers = new Map((await batchIn(response)).objects.map((answer) => [answer.oid, answer]))
    for (const object of asked) {
      const answer = answers.get(object.oid)
      const problem = answer === undefined ? 'the server says nothing about it' : answer.error?.message
      yield { object, actions: answer?.actions ?? {}, ...(problem === undefined ? {} : { problem }) }
    }
  }
}

/** Gets one object into a file that is there whole or not at all. @throws {GitError} it is not what its name says */
export async function download(object: LfsObject, action: Action, path: string, signal: AbortSignal): Promise<void> {
  const response = await send(action.href, signal, { headers: action.header ?? {} })
  const part = `${path}.part`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const hash = createHash('sha256')
    let size = 0
    {
      await using file = await open(part, 'w', 0o600)
      for await (const bytes of patiently(response, signal)) {
        hash.update(bytes)
        size += bytes.length
        if (size > object.size) break
        await file.writeFile(bytes)
      }
    }
    if (size !== object.size || hash.digest('hex') !== object.oid) throw wrongContent(object)
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
}

/** Gives one object to the server. */
export async function upload(
  object: LfsObject,
  actions: LfsAnswer['actions'],
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { upload: put, verify } = actions
  // Without a request it is there already.
  if (put !== undefined) {
    const headers = { 'Content-Type': 'application/octet-stream', ...put.header }
    await send(put.href, signal, { method: 'PUT', headers, body: await openAsBlob(path) })
  }
  if (verify === undefined) return
  await send(verify.href, signal, {
    method: 'POST',
    headers: { Accept: TYPE, 'Content-Type': TYPE, ...verify.header },
    body: JSON.stringify(object),
  })
}

/** @throws {GitError} with the server's name and status; never with a header or query, which may be secret */
async function send(address: string, signal: AbortSignal, request: RequestInit): Promise<Response> {
  const { host, pathname } = new URL(address)
  const late = new AbortController()
  // An upload may take its time; for all else, an answer that does not come is noticed.
  const patienceMs = request.method === 'PUT' ? LONGEST_UPLOAD_MS : STALL_SECONDS * 1000
  const timer = setTimeout(() => late.abort(new Error('it does not answer')), patienceMs)
  let response: Response
  try {
    response = await fetch(address, { ...request, signal: AbortSignal.any([signal, late.signal]) })
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error ? (error.cause ?? error) : error
    throw new GitError(`Git LFS on ${host} cannot be reached: ${errorMessage(cause)}`, {
      hint: 'look at the address and the network; the next run tries again',
      transient: true,
    })
  } finally {
    clearTimeout(timer)
  }
  if (response.ok) return response
  await response.body?.cancel()
  throw new GitError(`Git LFS on ${host} answers ${pathname} with ${response.status} ${response.statusText}`.trim(), {
    hint:
      response.status === 401 || response.status === 403
        ? 'renew the token, and see that it may read the LFS objects of this repository'
        : 'see whether Git LFS is switched on for this repository; lfs: false leaves its objects out',
    transient: response.status >= 500,
  })
}

async function batchIn(response: Response): Promise<z.output<typeof batchSchema>> {
  const text = await response.text()
  try {
    if (text.length > LONGEST_ANSWER) throw new Error('it is too long')
    const batch = batchSchema.parse(JSON.parse(text))
    if ((batch.transfer ?? 'basic') !== 'basic') throw new Error(`it wants ${batch.transfer} transfers`)
    return batch
  } catch (error) {
    throw new GitError(`the answer of Git LFS on ${new URL(response.url).host} makes no sense`, {
      hint: 'see whether the address is that of a git server; lfs: false leaves its objects out',
      cause: error,
    })
  }
}

/** The body of an answer, given up when nothing comes for long. */
async function* patiently(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (response.body === null) return
  const reader = response.body.getReader()
  const stop = (): void => void reader.cancel(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  let isLate = false
  try {
    for (;;) {
      const timer = setTimeout(() => ((isLate = true), void reader.cancel()), STALL_SECONDS * 1000)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      signal.throwIfAborted()
      if (isLate) throw brokeOff('nothing came any more')
      if (done) return
      yield value
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof GitError ? error : brokeOff(errorMessage(error))
  } finally {
    signal.removeEventListener('abort', stop)
    await reader.cancel().catch(() => undefined)
  }
}

function brokeOff(why: string): GitError {
  return new GitError(`the download of an LFS object broke off: ${why}`, {
    hint: 'the next run tries again',
    transient: true,
  })
}

function wrongContent({ oid }: LfsObject): GitError {
  return new GitError(`the server gave something else for LFS object ${oid}`, {
    hint: 'ask whoever runs the server: its copy of the object is damaged or cut off',
  })
}
