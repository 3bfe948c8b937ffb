import { join } from 'node:path'
import { startSftpServer } from '@hikae/testkit'
import type { Server } from './server.ts'

/** OpenSSH's server; all tools go through the machine's `ssh`. */
export async function openSftp(): Promise<Server> {
  const server = await startSftpServer()
  const { host, port, user, path, identityFile, knownHostsFile } = server
  const ssh = ['-i', identityFile, '-o', `UserKnownHostsFile=${knownHostsFile}`, '-o', 'IdentitiesOnly=yes']
  let places = 0
  return {
    newPlace: async () => ({
      address: `sftp://${user}@${host}:${port}/${join(path, `repository-${++places}`)}`,
      args: ['-o', `sftp.args=${ssh.join(' ')}`],
      env: {},
    }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
