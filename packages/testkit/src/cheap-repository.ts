import { changePassword, initRepository, openLocalBackend, openRepository } from '@hikae/engine'

const CHEAP = { hostname: 'host', username: 'user', kdf: { N: 2, r: 8, p: 1 } }

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
  await initRepository(backend, { ...CHEAP, password, version })
}

/** Gives a repository that another program made a key that costs nothing to prove; everything else stays as it was made. */
export async function makeKeyCheap(folder: string, password: string): Promise<void> {
  await using repository = await openRepository(await openLocalBackend(folder), { password })
  await changePassword(repository, { ...CHEAP, password })
}
