import { resolve } from 'node:path'
import { z } from 'zod'
import type { Environment } from '../environment.ts'
import { errorMessage } from '../errors.ts'
import { type EngineAddress, engineOfEnvironment, parseEngineAddress } from './engine-address.ts'

const host = z.string().superRefine((text, context) => {
  try {
    parseEngineAddress(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: `${errorMessage(error)}: write unix://, tcp:// or ssh://` })
  }
})
const file = z.string().min(1)

/** Which Docker Engine a source is on; each of Docker's kinds has it under `engine:`. */
export const engineSchema = z
  .strictObject({
    host: host
      .describe('where the engine listens: `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`')
      .meta({ examples: ['ssh://backup@app.example.com'] }),
    tls: z
      .strictObject({
        ca: file.optional().describe("file with the certificate of who signed the server's, in PEM form"),
        cert: file.optional().describe('file with our own certificate, in PEM form'),
        key: file.optional().describe('file with the key of our own certificate, in PEM form'),
      })
      .optional()
      .describe('for `tcp://`: speak TLS'),
  })
  .optional()
  .describe(
    'The Docker Engine; by default the one that the `docker` program would use here (`DOCKER_HOST`, or the local socket).',
  )

export type EngineConfig = z.output<typeof engineSchema>

/** @param at where relative paths begin, and the variables of the process */
export function engineAddress(
  config: EngineConfig,
  { folder, env }: { readonly folder: string; readonly env: Environment },
): EngineAddress {
  if (config === undefined) return engineOfEnvironment(env)
  const { ca, cert, key } = config.tls ?? {}
  const path = (file: string): string => resolve(folder, file)
  const tls = {
    ...(ca === undefined ? {} : { ca: path(ca) }),
    ...(cert === undefined ? {} : { cert: path(cert) }),
    ...(key === undefined ? {} : { key: path(key) }),
  }
  return parseEngineAddress(config.host, config.tls === undefined ? undefined : tls)
}
