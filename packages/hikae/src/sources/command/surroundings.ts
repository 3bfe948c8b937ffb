import { resolve } from 'node:path'
import type { Environment } from '../../environment.ts'
import { readSecret } from '../../secrets/secret.ts'
import type { SourceContext } from '../source-kind.ts'
import type { CommandConfig } from './config.ts'

/** Where and with what the programs of a source run. */
export interface Surroundings {
  readonly cwd: string
  readonly env: Environment
  /** A line of a program's, without the secrets that we gave it. */
  readonly withoutSecrets: (line: string) => string
}

/** @throws {InputError | UsageError} a secret cannot be read */
export async function readSurroundings(config: CommandConfig, context: SourceContext): Promise<Surroundings> {
  const own: Record<string, string> = {}
  const secrets: string[] = []
  for (const [name, value] of Object.entries(config.env)) {
    own[name] = typeof value === 'string' ? value : await readSecret(value, `${name} of ${context.source}`, context)
    if (typeof value !== 'string' && own[name] !== '') secrets.push(own[name])
  }
  return {
    cwd: workingFolder(config, context),
    env: { ...context.env, ...own },
    withoutSecrets: (line) => secrets.reduce((text, secret) => text.replaceAll(secret, '…'), line),
  }
}

export function workingFolder({ cwd = '.' }: CommandConfig, { folder }: SourceContext): string {
  return resolve(folder, cwd)
}
