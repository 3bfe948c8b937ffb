import { arch, platform } from 'node:process'

interface SystemCallNumbers {
  readonly newfstatat: number
  readonly mknodat: number
}

const LINUX: Partial<Record<string, SystemCallNumbers>> = {
  x64: { newfstatat: 262, mknodat: 259 },
  arm64: { newfstatat: 79, mknodat: 33 },
}

/**
 * Calls that go straight to the kernel because older C libraries have no such symbol (glibc before 2.33 has macros in
 * place of `fstatat` and `mknod`). Undefined on systems whose numbers are not known here.
 */
export const systemCallNumbers = platform === 'linux' ? LINUX[arch] : undefined
