import { ProgramError } from '../../../errors.ts'

/** A server of Redis or Valkey refused, or gave what cannot be vouched for. */
export class RedisError extends ProgramError {
  override readonly name = 'RedisError'
  readonly code = 'REDIS'
}
