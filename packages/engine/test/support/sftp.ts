import { join } from 'node:path'
import type { Backend, SftpClient, SftpOptions } from '@hikae/engine'
import type { SftpServer } from '@hikae/testkit'

/** Both ways to reach a server. */
export const CLIENTS: readonly SftpClient[] = ['system', 'builtin']

/** How a server of the testkit is reached, without the settings of the user who runs the tests. */
export function sftpOptions(server: SftpServer, client: SftpClient, folder = 'repository'): SftpOptions {
  return {
    host: server.host,
    port: server.port,
    user: server.user,
    path: join(server.path, folder),
    client,
    identityFiles: [server.identityFile],
    knownHostsFiles: [server.knownHostsFile],
    ...(client === 'system' && { sshArguments: ['-F', 'none'] }),
  }
}

/** Makes the folders of a repository, and something that passes for its config. */
export async function fillPlace<To extends Backend>(backend: To): Promise<To> {
  await backend.create()
  await backend.write('config', '', Buffer.from('config'))
  return backend
}
