import { hostname, userInfo } from 'node:os'

/** Who and where we are, for snapshots and keys. */
export interface Identity {
  readonly hostname: string
  readonly username: string
  readonly uid: number
  readonly gid: number
}

export function ownIdentity(): Identity {
  const uid = process.getuid?.() ?? 0
  return { hostname: hostname(), username: ownName(uid), uid, gid: process.getgid?.() ?? 0 }
}

/** A container may run as a user that no one has named. */
function ownName(uid: number): string {
  try {
    return userInfo().username
  } catch {
    return String(uid)
  }
}
