import { type DockerEngine, ENDLESS } from '../../docker/engine.ts'
import type { MovedContainer, MovedProject } from '../subject.ts'

/** Of a path that the image does not have. */
const ADDED = 1
/** The engine puts it there by itself. */
const OWN = /^\/(?:usr\/)?sbin\/docker-init$/
const MOST_NAMED = 3

/**
 * What containers have written beside their volumes, one line for each: it goes with the container, as when Compose makes it
 * anew. Compose puts there what configs and secrets have from variables, too.
 */
export async function lostFiles({ containers }: MovedProject, from: DockerEngine): Promise<string[]> {
  const lines: string[] = []
  for (const container of containers) {
    const { name } = container.summary
    const files = await filesOf(container, from)
    if (files.length === 0) continue
    const examples = `${files.slice(0, MOST_NAMED).join(', ')}${files.length > MOST_NAMED ? ', …' : ''}`
    lines.push(`what ${name} has written outside of its volumes does not come over: ${examples}`)
  }
  return lines
}

async function filesOf({ summary: { id, name }, info }: MovedContainer, from: DockerEngine): Promise<string[]> {
  const changes = (await from.ask(`see what ${name} has written`, (api) => api.getContainer(id).changes(), ENDLESS)) as
    | readonly { readonly Path: string; readonly Kind: number }[]
    | null
  const mounted = new Set([
    ...info.Mounts.map(({ Destination }) => Destination),
    ...Object.keys((info.HostConfig.Tmpfs as object | null | undefined) ?? {}),
  ])
  const added = (changes ?? []).filter(({ Kind }) => Kind === ADDED).map(({ Path }) => Path)
  const folders = new Set(added.map((path) => path.slice(0, path.lastIndexOf('/'))))
  return added.filter((path) => !folders.has(path) && !mounted.has(path) && !OWN.test(path))
}
