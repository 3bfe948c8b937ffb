import { cString, lastError, nativeFunction } from '../native/libc.ts'
import { systemCallNumbers } from '../native/system-call-numbers.ts'
import type { NodeType } from '../tree/node.ts'

export type SpecialType = Extract<NodeType, 'fifo' | 'dev' | 'chardev'>

/**
 * Makes a FIFO or a device node that only its owner may use until its mode is set; never replaces anything.
 *
 * @param device st_rdev of devices
 * @throws {SystemCallError} EEXIST; EPERM for devices when the process may not make them
 */
export function createSpecial(path: string, type: SpecialType, device = 0n): void {
  const mode = TYPE_BITS[type] | 0o600
  const kernelDevice = type === 'fifo' ? 0n : device
  const call = systemCallNumbers?.mknodat
  const result =
    call === undefined
      ? mknod()(cString(path), mode, kernelDevice)
      : mknodat()(call, AT_FDCWD, cString(path), mode, kernelDevice)
  if (result !== 0) throw lastError('mknod', path)
}

const AT_FDCWD = -100
const TYPE_BITS: Record<SpecialType, number> = { fifo: 0o010000, dev: 0o060000, chardev: 0o020000 }

type Mknodat = (call: number, directory: number, path: Uint8Array, mode: number, device: bigint) => number
const mknodat = nativeFunction<Mknodat>('syscall', 'long', ['long', 'int', 'const uint8_t *', 'uint32_t', 'uint64_t'])

type Mknod = (path: Uint8Array, mode: number, device: bigint) => number
const mknod = nativeFunction<Mknod>('mknod', 'int', ['const uint8_t *', 'uint32_t', 'uint64_t'])
