export interface RedisCommandOptions {
  /** 0 by default. */
  readonly database?: number
  /** Sends it so often over one connection; the answers come one after the other. */
  readonly times?: number
}

/** For redis-cli: an answer that is an error makes it fail, too. */
export function redisCliOptions({ database = 0, times = 1 }: RedisCommandOptions = {}): string[] {
  return ['-e', '--no-auth-warning', '-n', `${database}`, '-r', `${times}`]
}
