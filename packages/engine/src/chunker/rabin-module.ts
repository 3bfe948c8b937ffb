import { readFileSync } from 'node:fs'

/** The part used here of a global that only TypeScript's browser library describes. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => CompiledModule
  readonly Instance: new (module: CompiledModule) => { readonly exports: unknown }
}

interface CompiledModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}

/** What `assembly/rabin.ts` exports. Addresses and positions are byte offsets in `memory`. */
export interface RabinExports {
  /** `grow` counts pages of 64 KiB and returns how many there were. */
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly outTable: { readonly value: number }
  readonly modTable: { readonly value: number }
  readonly nibbleTables: { readonly value: number }
  find(first: number, last: number, mask: number, target: number): number
}

let compiled: CompiledModule | undefined

/** A new instance with a memory of its own; the code is read and compiled once. */
export function instantiateRabin(): RabinExports {
  // As far from src/chunker as from dist/chunker.
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../wasm/rabin.wasm', import.meta.url)))
  return new WebAssembly.Instance(compiled).exports as RabinExports
}
