import type { Redis } from './open-redis.ts'

/** What a server has beside its keys. */
export interface Settings {
  /** As `ACL LIST` gives them. */
  readonly users: readonly string[]
  readonly configuration: Readonly<Record<string, string>>
}

/** @throws {RedisError} we may not ask */
export async function readSettings(redis: Redis): Promise<Settings> {
  const users = await redis.ask(['ACL', 'LIST'])
  const texts = await redis.ask(['CONFIG', 'GET', '*'])
  const pairs = texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? '']] : []))
  return { users, configuration: Object.fromEntries(pairs) }
}
