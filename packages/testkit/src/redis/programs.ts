import { join } from 'node:path'
import { CACHE } from '../made-once.ts'
import { isExecutable } from '../requirements.ts'

export interface RedisPrograms {
  readonly binDir: string
  readonly server: string
  readonly client: string
}

/** @param version as `script/fetch-program` has it, such as `valkey-8.1`; Debian's Redis when absent */
export async function redisPrograms(version?: string): Promise<RedisPrograms | undefined> {
  const binDir = version === undefined ? '/usr/bin' : join(CACHE, version, 'usr/bin')
  const name = version?.split('-')[0] ?? 'redis'
  const [server, client] = [join(binDir, `${name}-server`), join(binDir, `${name}-cli`)]
  return (await isExecutable(server)) && (await isExecutable(client)) ? { binDir, server, client } : undefined
}
