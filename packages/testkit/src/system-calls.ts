import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'

const ON_PATHS = ['chmod', 'link', 'lstat', 'mkdir', 'open', 'readdir', 'rename', 'stat', 'unlink'] as const
const ON_FILES = ['close', 'datasync', 'read', 'stat', 'sync', 'write'] as const

/** A call of `node:fs/promises` on something inside the watched folder. */
export interface SystemCall {
  readonly name: (typeof ON_PATHS)[number] | (typeof ON_FILES)[number]
  readonly path: string
  /** The other path of `link` and `rename`: the new name. */
  readonly to?: string
  /** 1 for the first call of all. */
  readonly number: number
}

type ErrorCode = 'EIO' | 'EPERM'

export type SystemFault =
  /** The call fails as if the system had refused it; only a `close` closes all the same. */
  | { readonly kind: 'error'; readonly code: ErrorCode }
  /**
   * This process sends itself a signal, SIGKILL unless told otherwise: before the call, or when half of what it is to
   * write is written. After a signal that leaves it alive, the call is made.
   */
  | { readonly kind: 'kill'; readonly when: 'before' | 'halfway'; readonly signal?: NodeJS.Signals }

/** Decides for every call what goes wrong with it; undefined lets it pass. */
export type SystemFaultPlan = (call: SystemCall) => SystemFault | undefined

/** Calls that change what is stored, or make it durable. */
export function isChange({ name }: SystemCall): boolean {
  return !['close', 'lstat', 'open', 'read', 'readdir', 'stat'].includes(name)
}

/** Calls on a folder that are watched until this is disposed of. */
export interface SystemCallWatch extends Disposable {
  readonly calls: readonly SystemCall[]
}

/**
 * Stands between this thread and the system, for everything that goes through `node:fs/promises` and concerns `folder`:
 * records it, and lets it fail or end the process where `plan` says so. Other threads and the synchronous calls of
 * `node:fs` are not seen. To try a fault at every single call of some work, run the work once without a plan and once
 * for each number in `calls`.
 */
export function watchSystemCalls(folder: string, plan: SystemFaultPlan = () => undefined): SystemCallWatch {
  const calls: SystemCall[] = []
  const isInside = (path: unknown): path is string =>
    typeof path === 'string' && (path === folder || path.startsWith(`${folder}/`))

  async function pass(call: Omit<SystemCall, 'number'>, run: () => unknown, half = run): Promise<unknown> {
    const numbered = { ...call, number: calls.length + 1 }
    calls.push(numbered)
    const fault = plan(numbered)
    if (fault?.kind === 'error') {
      if (call.name === 'close') await run()
      throw refusal(fault.code, call)
    }
    if (fault?.kind === 'kill') {
      if (fault.when === 'halfway' && call.name === 'write') await half()
      process.kill(process.pid, fault.signal ?? 'SIGKILL')
    }
    return await run()
  }

  const originals: Record<string, (...args: unknown[]) => unknown> = {}
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of ON_PATHS) {
    const original = (originals[name] = table[name]!)
    table[name] = async (...args) => {
      const [path, to] = args
      if (!isInside(path)) return await original(...args)
      const isMove = name === 'link' || name === 'rename'
      const call = { name, path, ...(isMove && typeof to === 'string' ? { to } : {}) }
      const result = await pass(call, () => original(...args))
      return name === 'open' ? watchFile(result as FileHandle, path, pass) : result
    }
  }
  syncBuiltinESMExports()
  return {
    calls,
    [Symbol.dispose]() {
      Object.assign(table, originals)
      syncBuiltinESMExports()
    },
  }
}

type Pass = (call: Omit<SystemCall, 'number'>, run: () => unknown, half?: () => unknown) => Promise<unknown>

function watchFile(file: FileHandle, path: string, pass: Pass): FileHandle {
  const table = file as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of ON_FILES) {
    const original = table[name]!.bind(file)
    table[name] = (...args) =>
      pass(
        { name, path },
        () => original(...args),
        () => original(...firstHalf(args)),
      )
  }
  return file
}

/** Of the arguments of `FileHandle.write`. */
function firstHalf([content, offset, length, position]: unknown[]): unknown[] {
  return [content, offset, Math.floor(Number(length) / 2), position]
}

function refusal(code: ErrorCode, { name, path }: Omit<SystemCall, 'number'>): Error {
  const syscall = name === 'datasync' ? 'fdatasync' : name === 'sync' ? 'fsync' : name
  const error = new Error(`${code}: a fault of this test, ${syscall} '${path}'`)
  return Object.assign(error, { code, errno: -constants.errno[code], syscall, path })
}
