import { DockerError, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { type ContainerSummary, isAlive } from './container.ts'
import { databaseOf, type DatabaseProduct } from './database-image.ts'

/**
 * Which database a container runs. Where its image's name does not tell, the engine is asked what else the image is called,
 * which variables are set (never their values) and which programs run.
 *
 * @throws {DockerError}
 */
export async function databaseIn(
  engine: DockerEngine,
  container: ContainerSummary,
): Promise<DatabaseProduct | undefined> {
  const { image, command } = container
  const known = databaseOf({ image, command, ports: [] })
  if (known !== undefined) return known
  try {
    const { Config } = await engine.ask(`look at the container ${container.name}`, (api) =>
      api.getContainer(container.id).inspect(),
    )
    const variables = Config.Env.map((variable) => variable.split('=', 1)[0]!)
    const programs = isAlive(container) ? await programsIn(engine, container) : undefined
    const imageNames = [Config.Image, ...(await namesOfImage(engine, container))]
    return databaseOf({ ...container, imageNames, variables, ...(programs && { programs }) })
  } catch (error) {
    if (isNotFound(error)) return undefined // removed in this moment
    throw error
  }
}

async function namesOfImage(engine: DockerEngine, { imageId }: ContainerSummary): Promise<readonly string[]> {
  try {
    const image = await engine.ask(`look at the image ${imageId}`, (api) => api.getImage(imageId).inspect())
    return [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])]
  } catch (error) {
    if (isNotFound(error)) return [] // removed while its container runs on
    throw error
  }
}

/** @returns undefined where the engine's host has no `ps`, or it is in between two processes */
async function programsIn(engine: DockerEngine, { id, name }: ContainerSummary): Promise<string[] | undefined> {
  try {
    const { Titles, Processes } = (await engine.ask(`see what runs in ${name}`, (api) =>
      api.getContainer(id).top({ ps_args: '-eo pid,comm' }),
    )) as { Titles: string[]; Processes: string[][] | null }
    const at = Titles.indexOf('COMMAND')
    return (Processes ?? []).flatMap((process) => process[at] ?? [])
  } catch (error) {
    if (error instanceof DockerError && error.status !== undefined) return undefined
    throw error
  }
}
