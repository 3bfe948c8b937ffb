import { join } from 'node:path'
import type { TestDocker } from './docker-engine.ts'
import { isExecutable } from './requirements.ts'
import { type ProcessResult, runOk } from './run-process.ts'

/** Where `script/fetch-program` puts Debian 13's Compose: a plugin of the Docker client, which also runs by itself. */
export const COMPOSE = join(
  import.meta.dirname,
  '../../../.cache/docker-compose-2/usr/libexec/docker/cli-plugins/docker-compose',
)

/** Why {@link compose} cannot work here; undefined when it can. */
export async function whyNoCompose(): Promise<string | undefined> {
  return (await isExecutable(COMPOSE)) ? undefined : 'no Docker Compose 2: run script/fetch-program docker-compose'
}

/** Runs Docker Compose 2 in a folder; it has to succeed. Images are never pulled: there is nowhere to pull them from. */
export async function compose(
  { host }: Pick<TestDocker, 'host'>,
  folder: string,
  ...args: readonly string[]
): Promise<ProcessResult> {
  const env = { DOCKER_HOST: host, DOCKER_BUILDKIT: '0', COMPOSE_PROJECT_NAME: undefined }
  return await runOk(COMPOSE, ['--ansi', 'never', ...args], { cwd: folder, env })
}
