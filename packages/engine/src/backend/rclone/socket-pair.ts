import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SocketPair {
  readonly ours: Socket
  /** For a program's stdin and stdout; ours ends when the last copy of it is closed. */
  readonly theirs: Socket
}

/**
 * Two ends of one connection inside this machine. HTTP/2 in Node needs a real socket: over a pair of pipes, which is wrapped
 * in JavaScript, destroying a session in the middle of a write fails an assertion inside Node or never ends.
 */
export async function makeSocketPair(): Promise<SocketPair> {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-'))
  const server = createServer()
  try {
    const path = join(folder, 'socket')
    await once(server.listen(path), 'listening')
    const ours = connect(path)
    const [[theirs]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(ours, 'connect')])
    theirs.pause()
    return { ours, theirs }
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
