import { initRepository, openLocalBackend } from '@hikae/engine'

/**
 * An empty repository made by the engine, whose password costs nothing to prove: `restic init` takes two seconds, and
 * each command a third of a second less.
 */
export async function makeCheapRepository(
  folder: string,
  password: string,
  { version = 2 }: { version?: 1 | 2 } = {},
): Promise<void> {
  await using backend = await openLocalBackend(folder)
  await initRepository(backend, { password, hostname: 'host', username: 'user', version, kdf: { N: 2, r: 8, p: 1 } })
}
