import { posix } from 'node:path'
import { HELPER_LABEL, REMOVAL } from '../../docker/archive/left-helpers.ts'
import { type ContainerSummary, listContainers } from '../../docker/containers/container.ts'
import { isNotFound } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { isMadeByAnother } from '../../docker/made-by.ts'
import { InputError } from '../../errors.ts'
import { usersOf } from '../../sources/docker-volumes/volume-users.ts'
import { listVolumes, removeVolume } from '../../sources/docker-volumes/volume.ts'
import { findImage, removeName } from '../../sources/docker-images/engine-images.ts'
import { bytePath, isWithin, nameOf } from '../../sources/swap/byte-path.ts'
import { MIGRATION_LABEL } from '../migration.ts'
import { removeFrom } from '../places/archive-place.ts'
import { withTree } from '../places/place.ts'
import { walkTree } from '../trees/walk-tree.ts'
import type { MigrationRecord } from './migration-record.ts'

/**
 * Removes what a migration has made on the other side, and nothing else.
 *
 * @throws {InputError} something else uses it by now @throws {DockerError}
 */
export async function removeMade(to: DockerEngine, record: MigrationRecord, signal: AbortSignal): Promise<void> {
  const isOurs = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean =>
    labels[MIGRATION_LABEL] === record.id
  const containers = await listContainers(to)
  const volumes = (await listVolumes(to)).filter(isOurs)
  const folder = record.folder?.path
  const foreign = containers.filter((container) => !isOurs(container))
  const users = [
    ...usersOf(volumes, foreign).flatMap(({ all }) => all),
    ...foreign.filter(({ mounts }) => mounts.some((mount) => folder !== undefined && isWithin(mount.source, folder))),
  ]
  const [helpers, others] = [users.filter(isLeftHelper), users.filter((user) => !isLeftHelper(user))]
  if (others.length > 0) throw inUse(record, [...new Set(others.map(({ name }) => name))])
  for (const { id, name } of [...containers.filter(isOurs), ...helpers]) {
    await unlessGone(to.ask(`remove the container ${name}`, (api) => api.getContainer(id).remove(REMOVAL)))
  }
  await removeNetworks(to, record)
  for (const { name } of volumes) await removeVolume(to, name)
  if (record.folder) await removeFolder(to, record.folder, signal)
  for (const name of record.names) await removeName(to, name)
  for (const id of record.images) await removeImage(to, id)
}

/** Of a migration that could not remove it: the engine had gone. */
function isLeftHelper({ labels }: ContainerSummary): boolean {
  const by = labels[HELPER_LABEL]
  return by !== undefined && !isMadeByAnother(by)
}

async function removeNetworks(to: DockerEngine, { id }: MigrationRecord): Promise<void> {
  const filters = { label: [`${MIGRATION_LABEL}=${id}`] }
  const listed = await to.ask('list the networks', (api) => api.listNetworks({ filters }))
  for (const { Id, Name } of listed) {
    await unlessGone(to.ask(`remove the network ${Name}`, (api) => api.getNetwork(Id).remove()))
  }
}

/** With itself, unless it was there before. */
async function removeFolder(
  engine: DockerEngine,
  { path, wasThere }: NonNullable<MigrationRecord['folder']>,
  signal: AbortSignal,
): Promise<void> {
  if (wasThere) return await removeContent(engine, path, signal)
  const parent = posix.dirname(path)
  await removeFrom({ engine, place: { kind: 'folder', path: parent }, signal }, [nameOf(bytePath(path))])
}

async function removeContent(engine: DockerEngine, path: string, signal: AbortSignal): Promise<void> {
  const place = { kind: 'folder', path } as const
  const names = await withTree({ engine, place, way: { kind: 'archive' } }, signal, async (root) => {
    const found: string[] = []
    for await (const { path: at } of walkTree(root, { signal, onUnreadable: () => undefined })) {
      if (at !== '' && !at.includes('/')) found.push(at)
    }
    return found
  })
  await removeFrom({ engine, place, signal }, names)
}

/** Unless it got a name, or a container, meanwhile. @throws {DockerError} */
export async function removeImage(to: DockerEngine, id: string): Promise<void> {
  const image = await findImage(to, id)
  if (!image || image.tags.length > 0) return
  const isUsed = (await listContainers(to)).some(({ imageId }) => imageId === id)
  if (!isUsed) await unlessGone(to.ask('remove an image', (api) => api.getImage(id).remove()))
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function inUse({ id, to, what }: MigrationRecord, users: readonly string[]): InputError {
  return new InputError(
    `what an unfinished migration of ${what} has made at ${to} is in use by ${users.join(', ')}, and stays`,
    {
      hint: `it may not be whole; find it by its label with \`docker volume ls --filter label=${MIGRATION_LABEL}=${id}\`, and remove it if it is not wanted`,
    },
  )
}
