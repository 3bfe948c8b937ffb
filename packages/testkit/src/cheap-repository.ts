import { changePassword, initRepository, openLocalBackend, openRepository } from '@hikae/engine'

/**
 * How test repositories cut content, unless a test is about that: sizes and numbers of blobs are the same in every run then.
 * The second is for a repository that is to cut otherwise.
 */
export const TEST_POLYNOMIAL = 0x3da3358b4dc173n
export const OTHER_POLYNOMIAL = 0x3179dbc0ec90bbn

const CHEAP = { hostname: 'host', username: 'user', kdf: { N: 2, r: 8, p: 1 } }

export interface CheapRepositoryOptions {
  readonly version?: 1 | 2
  readonly chunkerPolynomial?: bigint
}

/**
 * An empty repository made by the engine, whose password costs nothing to prove: `restic init` takes two seconds, and
 * each command a third of a second less.
 */
export async function makeCheapRepository(
  folder: string,
  password: string,
  { version = 2, chunkerPolynomial = TEST_POLYNOMIAL }: CheapRepositoryOptions = {},
): Promise<void> {
  await using backend = await openLocalBackend(folder)
  await initRepository(backend, { ...CHEAP, password, version, chunkerPolynomial })
}

/** Gives a repository that another program made a key that costs nothing to prove; everything else stays as it was made. */
export async function makeKeyCheap(folder: string, password: string): Promise<void> {
  await using repository = await openRepository(await openLocalBackend(folder), { password })
  await changePassword(repository, { ...CHEAP, password })
}
