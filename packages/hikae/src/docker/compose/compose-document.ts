import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { errorMessage, InputError } from '../../errors.ts'
import { interpolate, type Variables } from './interpolate.ts'

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const listOf = <T extends z.ZodType>(item: T) => z.union([z.array(item), item.transform((only) => [only])])

const envFiles = listOf(
  z.union([
    z.string().transform((path) => ({ path, isRequired: true })),
    z
      .looseObject({ path: z.string(), required: z.boolean().default(true) })
      .transform(({ path, required }) => ({ path, isRequired: required })),
  ]),
)

const mount = z.union([
  z.string().transform(shortMount),
  z
    .looseObject({ type: z.string().default('volume'), source: z.string().optional(), target: z.string().optional() })
    .transform(({ type, source, target = '' }) => ({ type, source, target })),
])

const service = z.looseObject({
  image: text.optional(),
  env_file: envFiles.nullish(),
  volumes: z.array(mount).nullish(),
  profiles: z.array(z.string()).nullish(),
  extends: z
    .union([
      z.string().transform((name) => ({ service: name, file: undefined })),
      z.looseObject({ service: z.string(), file: z.string().optional() }),
    ])
    .nullish(),
})

const fileObject = z.looseObject({ file: z.string().optional(), external: z.unknown().optional() }).nullable()

const include = z.union([
  z.string().transform((path) => ({ path: [path], projectDirectory: undefined, envFile: [] as string[] })),
  z
    .looseObject({
      path: listOf(z.string()),
      project_directory: z.string().optional(),
      env_file: listOf(z.string()).optional(),
    })
    .transform(({ path, project_directory: projectDirectory, env_file: envFile = [] }) => ({
      path,
      projectDirectory,
      envFile,
    })),
])

/** What a Compose file says that matters for a backup; everything else may be there too. */
export const composeDocument = z.looseObject({
  name: text.optional(),
  include: z.array(include).nullish(),
  services: z.record(z.string(), service.nullable()).nullish(),
  volumes: z
    .record(z.string(), z.looseObject({ name: text.optional(), external: z.unknown().optional() }).nullable())
    .nullish(),
  configs: z.record(z.string(), fileObject).nullish(),
  secrets: z.record(z.string(), fileObject).nullish(),
})

export type ComposeDocument = z.output<typeof composeDocument>
export type ComposeService = z.output<typeof service>
export type ComposeMount = z.output<typeof mount>

/**
 * A Compose file with its variables put in.
 *
 * @throws {InputError} it cannot be read, or is none; with the line where that is known
 */
export async function readComposeDocument(path: string, variables: Variables): Promise<ComposeDocument> {
  const document = parseDocument(await contentOf(path), { merge: true, logLevel: 'error', version: '1.2' })
  const [problem] = document.errors
  if (problem) {
    const line = problem.linePos?.[0].line
    throw new InputError(
      `${path}${line === undefined ? '' : `:${line}`} is no Compose file: ${firstLine(problem.message)}`,
    )
  }
  const result = composeDocument.safeParse(withVariables(document.toJS() ?? {}, variables))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InputError(`${path} is no Compose file: ${issue!.path.join('.')}: ${issue!.message}`)
}

/** @throws {InputError} */
export async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${errorMessage(error)}`, { cause: error })
  }
}

/** `source:target:options`, `target`, or a path of Windows, which is none here. */
function shortMount(given: string): { type: string; source: string | undefined; target: string } {
  const [first = '', second] = given.split(':')
  if (second === undefined) return { type: 'volume', source: undefined, target: first }
  return { type: /^[./~]/.test(first) ? 'bind' : 'volume', source: first, target: second }
}

function withVariables(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return interpolate(value, variables)
  if (Array.isArray(value)) return value.map((item) => withVariables(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withVariables(inner, variables)]))
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:?$/, '')
}
