import type { Socket } from 'node:net'
import type { TcpFaults } from '../tcp-proxy.ts'

/** When the line of one direction is free again, on the clock of `performance.now`. */
export interface Pace {
  freeAtMs: number
}

export interface DelayRules {
  readonly faults: () => TcpFaults
  /** How many of the next bytes may pass now. */
  readonly admit: (bytes: number) => number
  /** Nothing leaves before that. */
  readonly openAtMs: () => number
}

interface Parcel {
  readonly bytes: Buffer | 'end'
  readonly readAtMs: number
  /** When its last byte has left on a line with a rate. */
  readonly sentAtMs: number
}

/** Bytes that one connection holds back at most, on top of what latency keeps under way. */
const WAITING_BYTES = 256 * 1024
/** Under way at most when latency is not accompanied by a rate. */
const UNDER_WAY_BYTES = 16 * 1024 * 1024
/** A slow line delivers in pieces of about so long. */
const PIECE_MS = 20

/** One direction of a connection: what is read leaves in order, as late and as slowly as the faults say. */
export class DelayedBytes {
  readonly #from: Socket
  readonly #to: Socket
  readonly #line: Pace
  readonly #rules: DelayRules
  #waiting: Parcel[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isDraining = false
  #isDropped = false

  constructor(from: Socket, to: Socket, line: Pace, rules: DelayRules) {
    this.#from = from
    this.#to = to
    this.#line = line
    this.#rules = rules
    from.on('data', (bytes: Buffer) => this.#take(bytes))
    from.on('end', () => this.#enqueue('end'))
    to.on('drain', () => {
      this.#isDraining = false
      this.proceed()
    })
  }

  /** Delivers what is due; called again by itself when more is. */
  proceed(): void {
    clearTimeout(this.#timer)
    while (!this.#isDropped && !this.#isDraining) {
      const [next] = this.#waiting
      if (next === undefined) break
      const waitMs = this.#dueAtMs(next) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.proceed(), Math.ceil(waitMs))
        break
      }
      if (!this.#deliver(next)) break
    }
    if (this.#waitingBytes < this.#limit() && !this.#isDropped) this.#from.resume()
  }

  drop(): void {
    this.#isDropped = true
    this.#waiting = []
    clearTimeout(this.#timer)
  }

  #take(bytes: Buffer): void {
    const { bytesPerSecond } = this.#rules.faults()
    const step = bytesPerSecond === undefined ? bytes.length : Math.ceil((bytesPerSecond * PIECE_MS) / 1000)
    for (let start = 0; start < bytes.length; start += step) this.#enqueue(bytes.subarray(start, start + step))
  }

  #enqueue(bytes: Buffer | 'end'): void {
    const { bytesPerSecond } = this.#rules.faults()
    const length = bytes === 'end' ? 0 : bytes.length
    const onLineMs = bytesPerSecond === undefined ? 0 : (length / bytesPerSecond) * 1000
    const readAtMs = performance.now()
    this.#line.freeAtMs = Math.max(this.#line.freeAtMs, readAtMs) + onLineMs
    this.#waiting.push({ bytes, readAtMs, sentAtMs: this.#line.freeAtMs })
    this.#waitingBytes += length
    if (this.#waitingBytes >= this.#limit()) this.#from.pause()
    if (this.#waiting.length === 1) this.proceed()
  }

  #dueAtMs({ readAtMs, sentAtMs }: Parcel): number {
    const { latencyMs = 0, bytesPerSecond } = this.#rules.faults()
    const leftAtMs = bytesPerSecond === undefined ? readAtMs : sentAtMs
    return Math.max(leftAtMs, this.#rules.openAtMs()) + latencyMs
  }

  /** @returns false when the connection is silent by now */
  #deliver(parcel: Parcel): boolean {
    if (parcel.bytes === 'end') {
      this.#waiting.shift()
      this.#to.end()
      return true
    }
    const admitted = this.#rules.admit(parcel.bytes.length)
    this.#waitingBytes -= admitted
    if (admitted > 0) this.#isDraining = !this.#to.write(parcel.bytes.subarray(0, admitted))
    if (admitted === parcel.bytes.length) {
      this.#waiting.shift()
      return true
    }
    this.#waiting[0] = { ...parcel, bytes: parcel.bytes.subarray(admitted) }
    return false
  }

  #limit(): number {
    const { latencyMs = 0, bytesPerSecond } = this.#rules.faults()
    if (bytesPerSecond === undefined) return latencyMs > 0 ? UNDER_WAY_BYTES : WAITING_BYTES
    return WAITING_BYTES + (bytesPerSecond * latencyMs) / 1000
  }
}
