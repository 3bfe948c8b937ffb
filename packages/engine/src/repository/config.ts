import { DamagedError, KnownError } from '../errors.ts'
import { numberField, parseFields, requiredId, textField } from '../json/fields.ts'

/** What `config` says (§5). */
export interface RepositoryConfig {
  /** 2 allows compression. */
  readonly version: 1 | 2
  /** 64 random hex digits; names the repository wherever something about it is kept locally. */
  readonly id: string
  /** Bits are the coefficients over GF(2). Whether it fits the chunker is for the chunker to check. */
  readonly chunkerPolynomial: bigint
}

/** The repository was made by a program newer than this one. */
export class RepositoryVersionError extends KnownError {
  override readonly name = 'RepositoryVersionError'
  readonly code = 'REPOSITORY_VERSION'
  readonly version: number

  constructor(version: number) {
    super(`the repository has format version ${version}; versions 1 and 2 are understood`, {
      hint: 'upgrade hikae to a version that knows this format',
    })
    this.version = version
  }
}

/** The plaintext of `config`; it is encrypted but never compressed. */
export function encodeConfig(config: RepositoryConfig): Buffer {
  const polynomial = config.chunkerPolynomial.toString(16)
  return Buffer.from(`{"version":${config.version},"id":"${config.id}","chunker_polynomial":"${polynomial}"}`)
}

/**
 * @param plaintext the decrypted file
 * @throws {RepositoryVersionError} a version of the future
 * @throws {DamagedError} not a config
 */
export function decodeConfig(plaintext: Uint8Array): RepositoryConfig {
  if (plaintext.length === 0) throw new DamagedError('the config file is empty')
  const fields = parseFields(plaintext, 'the config file')
  const version = numberField(fields['version'], 'the version in the config file')
  if (version > 2) throw new RepositoryVersionError(version)
  if (version !== 1 && version !== 2) throw new DamagedError('the config file has no version')
  return {
    version,
    id: requiredId(fields['id'], 'the id in the config file'),
    chunkerPolynomial: polynomialField(fields['chunker_polynomial']),
  }
}

function polynomialField(value: unknown): bigint {
  const text = textField(value, 'the chunker polynomial in the config file')
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) throw new DamagedError('the config file has no chunker polynomial in hex')
  return BigInt(`0x${text}`)
}
