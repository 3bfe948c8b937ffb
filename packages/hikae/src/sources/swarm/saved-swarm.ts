import type { z } from 'zod'
import { errorMessage, InputError, isKnownError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'
import {
  configDocument,
  networkDocument,
  nodeDocument,
  secretDocument,
  serviceDocument,
  settingsDocument,
  type SwarmContents,
} from './documents.ts'
import { factsOf, type SwarmFacts } from './facts.ts'
import { CONTENT_ENDING, NODES_FILE, pathOf, SETTINGS_FILE, SWARM_FOLDER } from './layout.ts'

/** A swarm as a point has it. */
export interface SavedSwarm {
  readonly facts: SwarmFacts
  readonly contents: SwarmContents
  /** One stack of it: what is of the whole swarm does not count. */
  readonly isPart?: boolean
  configData(name: string): Promise<Buffer>
  /** Names of secrets whose value is saved. */
  readonly values: ReadonlySet<string>
  secretValue(name: string): Promise<Buffer>
}

/** Above what a swarm takes for one object. */
const LONGEST = 8 * 1024 * 1024
const FOLDER = `/${SWARM_FOLDER}`

/**
 * Reads all documents of a point; contents are read when they are asked for.
 *
 * @throws {InputError} the point is of another make, or a document is missing or is none
 */
export async function readSavedSwarm(point: SourcePoint): Promise<SavedSwarm> {
  const facts = factsOf(point)
  const paths: string[] = []
  for await (const { path, type } of point.entries(FOLDER)) if (type === 'file') paths.push(path)
  const documents = async <Schema extends z.ZodType>(folder: string, schema: Schema): Promise<z.output<Schema>[]> => {
    const prefix = `${FOLDER}/${folder}/`
    const found: z.output<Schema>[] = []
    for (const path of paths.filter((candidate) => candidate.startsWith(prefix) && candidate.endsWith('.json'))) {
      found.push(await readDocument(point, path, schema))
    }
    return found
  }
  const contents: SwarmContents = {
    settings: await readDocument(point, `${FOLDER}/${SETTINGS_FILE}`, settingsDocument),
    nodes: await readDocument(point, `${FOLDER}/${NODES_FILE}`, nodeDocument.array()),
    networks: await documents('networks', networkDocument),
    configs: await documents('configs', configDocument),
    secrets: await documents('secrets', secretDocument),
    services: await documents('services', serviceDocument),
  }
  refuseIncomplete(contents, facts)
  const valueOf = (name: string): string => pathOf('secrets', name, CONTENT_ENDING.secrets)
  const there = new Set(paths)
  return {
    facts,
    contents,
    values: new Set(contents.secrets.map(({ Name }) => Name).filter((name) => there.has(valueOf(name)))),
    configData: (name) => readWhole(point, pathOf('configs', name, CONTENT_ENDING.configs)),
    secretValue: (name) => readWhole(point, valueOf(name)),
  }
}

function refuseIncomplete(contents: SwarmContents, facts: SwarmFacts): void {
  for (const what of ['networks', 'configs', 'secrets', 'services', 'nodes'] as const) {
    if (contents[what].length === facts[what]) continue
    throw new InputError(`the point has ${contents[what].length} ${what}, and ${facts[what]} were saved`, {
      hint: 'choose another point, and run `hikae check` on the repository',
    })
  }
}

async function readDocument<Schema extends z.ZodType>(
  point: SourcePoint,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = await readWhole(point, path)
  try {
    return schema.parse(JSON.parse(bytes.toString()))
  } catch {
    // Errors of JSON repeat what does not parse, which may hold secrets.
    throw new InputError(`${path} of the point is not what a swarm consists of`, {
      hint: 'choose another point, and run `hikae check --read-data` on the repository',
    })
  }
}

async function readWhole(point: SourcePoint, path: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of point.content(path)) {
      parts.push(part)
      length += part.length
      if (length > LONGEST) throw new InputError(`it is longer than ${LONGEST} bytes`)
    }
  } catch (error) {
    throw new InputError(`${path} cannot be read from the point: ${errorMessage(error)}`, {
      hint: (isKnownError(error) ? error.hint : undefined) ?? 'run `hikae check --read-data` on the repository',
      cause: error,
    })
  }
  return Buffer.concat(parts)
}
