import { once } from 'node:events'
import { chmod, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { errorMessage, InputError, systemCode } from '../errors.ts'
import type { ListenAddress } from './listen-address.ts'

/** Starts to listen. A socket file that a killed server left is replaced. @throws {InputError} */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  try {
    if (address.kind === 'tcp') await listenAt(server, { port: address.port, ...hostOf(address.host) })
    else await listenAtSocket(server, address.path)
  } catch (error) {
    throw explained(error, address)
  }
}

function hostOf(host: string): { host?: string } {
  return host === '' ? {} : { host }
}

async function listenAt(server: Server, where: { port: number; host?: string } | { path: string }): Promise<void> {
  server.listen(where)
  await once(server, 'listening')
}

async function listenAtSocket(server: Server, path: string): Promise<void> {
  try {
    await listenAt(server, { path })
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE' || (await isAnswered(path))) throw error
    await unlink(path)
    await listenAt(server, { path })
  }
  await chmod(path, 0o660)
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return systemCode(error) !== 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

function explained(error: unknown, address: ListenAddress): InputError {
  const place = describeAddress(address)
  const code = systemCode(error)
  const reason = code === 'EADDRINUSE' ? 'another program listens there' : errorMessage(error)
  const hint = HINTS[code ?? ''] ?? 'choose another address with --listen'
  return new InputError(`cannot listen at ${place}: ${reason}`, { hint, cause: error })
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop that program, or choose another port with --listen',
  EACCES: 'ports below 1024 and other users’ folders are for root: choose another place with --listen',
  EADDRNOTAVAIL: 'this machine does not have that address: see `ip address`',
  ENOTFOUND: 'that name has no address: write an address of this machine',
}

/** `127.0.0.1:8000`, as it is written on the command line. */
export function describeAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
