import { z } from 'zod'
import {
  containerChoiceProblems,
  containerChoiceShape,
  describeContainerChoice,
} from '../docker/containers/container-choice.ts'
import { engineSchema } from '../docker/engine-schema.ts'
import { secretSchema } from '../secrets/secret-schema.ts'

const text = z.string().min(1)
const file = text

/** Keys of a database source that say where its server is, and as whom to speak to it; the same for every product. */
export const serverShape = {
  engine: engineSchema,
  ...containerChoiceShape,
  host: text.optional().describe('Name or address of the server; or say `container`, `service`, `socket` or `url`.'),
  port: z.int().min(1).max(65_535).optional().describe("With `host`: its port; the product's own by default."),
  socket: text
    .optional()
    .describe(
      "The server's socket on this host: the file, or the folder for PostgreSQL. Where nothing says where the server is, its usual socket here is meant.",
    ),
  url: secretSchema
    .optional()
    .describe('The address as one URL with user and password, as hosting services give it; by reference, as a secret.'),
  tls: z
    .strictObject({
      ca: file.optional().describe("File with the certificate of who signed the server's, in PEM form."),
      cert: file.optional().describe('File with our own certificate, in PEM form.'),
      key: file.optional().describe('File with the key of our own certificate, in PEM form.'),
      verify: z
        .enum(['full', 'ca', 'none'])
        .default('full')
        .describe(
          "Whether the server's certificate has to be of its name and of a known signer, only of the signer, or may be any.",
        ),
    })
    .optional()
    .describe('With `host` or `url`: nothing but TLS is spoken.'),
  user: text.optional().describe("As whom to log in; the product's first user by default."),
  password: secretSchema
    .optional()
    .describe(
      'Its password. In a container, the one that its environment was given is used when none is said and one is needed.',
    ),
}

const serverFields = z.strictObject(serverShape)

/** Where a server is, as the stack file has it. */
export type ServerConfig = z.output<typeof serverFields>

/** For `superRefine` of a kind's schema. */
export function checkServer(config: ServerConfig, check: z.RefinementCtx): void {
  for (const message of serverProblems(config)) check.addIssue({ code: 'custom', message })
}

function serverProblems(config: ServerConfig): string[] {
  const { container, service, host, socket, url, port, tls } = config
  const places = Object.entries({ container, service, host, socket, url }).filter(([, value]) => value !== undefined)
  const problems = containerChoiceProblems(config)
  if (places.length > 1 && problems.length === 0) {
    problems.push(`one of ${places.map(([key]) => key).join(' and ')} says where the server is`)
  }
  if (port !== undefined && host === undefined) problems.push('port goes with host')
  if (tls !== undefined && host === undefined && url === undefined) problems.push('tls goes with host or url')
  if (url !== undefined && (config.user !== undefined || config.password !== undefined)) {
    problems.push('the url says user and password')
  }
  return problems
}

/** `container shop-db-1`, `db.example.com:5433`, `/run/postgresql`, `this host`; never what a URL says. */
export function describeServer(config: ServerConfig): string {
  const { container, service, host, port, socket, url } = config
  if (container !== undefined) return `container ${container}`
  if (service !== undefined) return describeContainerChoice(config)
  if (host !== undefined) return port === undefined ? host : `${host}:${port}`
  return socket ?? (url === undefined ? 'this host' : 'the server of the url')
}
