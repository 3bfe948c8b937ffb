import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import {
  BackendError,
  type Backend,
  type BackendOperation,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from '@hikae/engine'
import { collect } from './collect.ts'

/** One call that reached a faulty backend. */
export interface RecordedCall {
  readonly operation: BackendOperation
  readonly kind?: FileKind
  readonly fileName?: string
  /** 1 for the first call of all. */
  readonly number: number
  /** 1 for the first call with the same operation and kind. */
  readonly ofItsSort: number
}

export type Fault =
  /** Nothing is done and the call fails, by default with an error that may pass. */
  | { readonly kind: 'fail-before'; readonly error?: Error }
  /** Everything is done, but the answer is lost. A list fails after its last name. */
  | { readonly kind: 'fail-after'; readonly error?: Error }
  /** The process dies here: this call has no effect (or its full effect), and every later call fails. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  /** A write stops half-way: nothing becomes visible; a local repository keeps a temporary file. */
  | { readonly kind: 'torn-write'; readonly error?: Error }
  /** A read returns only its first `keepBytes`, half by default, as if that were all; a list fails after half its names. */
  | { readonly kind: 'truncated'; readonly keepBytes?: number; readonly error?: Error }
  /** One bit of what a read returns is wrong. */
  | { readonly kind: 'flipped-bit'; readonly atByte?: number }
  | { readonly kind: 'delay'; readonly ms: number }

/** Decides for every call what goes wrong with it; undefined lets it pass. */
export type FaultPlan = (call: RecordedCall) => Fault | undefined

export interface CallMatch {
  readonly operation?: BackendOperation
  readonly kind?: FileKind
  readonly fileName?: string
  /** Only the n-th call that fits, 1 being the first; every one when absent. */
  readonly nth?: number
}

/** A plan of one fault: `faultAt({ operation: 'write', kind: 'pack', nth: 3 }, { kind: 'fail-after' })`. */
export function faultAt(match: CallMatch, fault: Fault): FaultPlan {
  let fits = 0
  return (call) => {
    if (match.operation !== undefined && match.operation !== call.operation) return undefined
    if (match.kind !== undefined && match.kind !== call.kind) return undefined
    if (match.fileName !== undefined && match.fileName !== call.fileName) return undefined
    fits++
    return match.nth === undefined || match.nth === fits ? fault : undefined
  }
}

/** The first plan that has a fault for a call decides. */
export function firstFault(...plans: FaultPlan[]): FaultPlan {
  return (call) => {
    const faults = plans.map((plan) => plan(call)) // every plan counts every call
    return faults.find((fault) => fault !== undefined)
  }
}

/**
 * The same backend with faults. It has no `localPath`, so that all reads come through it. To try a fault at every single
 * call of some work, run the work once without a plan and once for each number in `calls`.
 */
export function withFaults(backend: Backend, plan: FaultPlan = () => undefined): FaultyBackend {
  return new FaultyBackend(backend, plan)
}

export class FaultyBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly calls: RecordedCall[] = []
  readonly #backend: Backend
  readonly #plan: FaultPlan
  readonly #counts = new Map<string, number>()
  #dead = false

  constructor(backend: Backend, plan: FaultPlan) {
    this.#backend = backend
    this.#plan = plan
    this.location = backend.location
    this.connections = backend.connections
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#call('create', undefined, undefined, () => this.#backend.create(signal))
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    let fault: Fault | undefined
    const run = () => this.#backend.read(kind, name, options)
    const content = await this.#call('read', kind, name, run, (planned) => void (fault = planned))
    return distort(content, fault)
  }

  write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    return this.#call(
      'write',
      kind,
      name,
      () => this.#backend.write(kind, name, content, options),
      async (fault) => {
        if (fault?.kind !== 'torn-write') return
        const path = this.#backend.localPath?.(kind, name)
        const left = content.subarray(0, content.length / 2)
        if (path !== undefined) await writeFile(`${path}-tmp-${randomBytes(8).toString('hex')}`, left)
        throw fault.error ?? lost('write')
      },
    )
  }

  size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    return this.#call('size', kind, name, () => this.#backend.size(kind, name, signal))
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    let fault: Fault | undefined
    const all = () => collect(this.#backend.list(kind, signal))
    const files = await this.#call('list', kind, undefined, all, (planned) => void (fault = planned), 'later')
    if (fault?.kind === 'truncated') {
      yield* files.slice(0, Math.floor(files.length / 2))
      throw fault.error ?? lost('list')
    }
    yield* files
    if (fault !== undefined) this.#failAfter(fault, 'list')
  }

  remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    return this.#call('remove', kind, name, () => this.#backend.remove(kind, name, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]()
  }

  async #call<T>(
    operation: BackendOperation,
    kind: FileKind | undefined,
    fileName: string | undefined,
    run: () => Promise<T>,
    beforeRun: (fault: Fault | undefined) => void | Promise<void> = () => undefined,
    failAfter: 'now' | 'later' = 'now',
  ): Promise<T> {
    if (this.#dead) throw died()
    const call = this.#record(operation, kind, fileName)
    const fault = this.#plan(call)
    if (fault?.kind === 'delay') await setTimeout(fault.ms)
    if (fault?.kind === 'fail-before') throw fault.error ?? lost(operation)
    if (fault?.kind === 'crash' && fault.when === 'before') {
      this.#dead = true
      throw died()
    }
    await beforeRun(fault)
    const result = await run()
    if (fault !== undefined && failAfter === 'now') this.#failAfter(fault, operation)
    return result
  }

  #failAfter(fault: Fault, operation: BackendOperation): void {
    if (fault.kind === 'fail-after') throw fault.error ?? lost(operation)
    if (fault.kind !== 'crash') return
    this.#dead = true
    throw died()
  }

  #record(operation: BackendOperation, kind: FileKind | undefined, fileName: string | undefined): RecordedCall {
    const sort = `${operation} ${kind ?? ''}`
    const ofItsSort = (this.#counts.get(sort) ?? 0) + 1
    this.#counts.set(sort, ofItsSort)
    const call: RecordedCall = {
      operation,
      ...(kind !== undefined && { kind }),
      ...(fileName !== undefined && { fileName }),
      number: this.calls.length + 1,
      ofItsSort,
    }
    this.calls.push(call)
    return call
  }
}

function distort(content: Uint8Array, fault: Fault | undefined): Uint8Array {
  if (fault?.kind === 'truncated') {
    return content.slice(0, fault.keepBytes ?? Math.floor(content.length / 2))
  }
  if (fault?.kind === 'flipped-bit' && content.length > 0) {
    const position = fault.atByte ?? Math.floor(content.length / 2)
    content[position] = content[position]! ^ 1
  }
  return content
}

function lost(operation: BackendOperation): Error {
  return new BackendError(`the connection was lost during ${operation}`, { transient: true })
}

function died(): Error {
  return new BackendError('the process has died')
}
