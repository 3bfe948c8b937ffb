import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { InputError, systemCode } from '../../../errors.ts'
import { isThere } from '../../../is-there.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import type { RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { ImagesFacts } from '../image-facts.ts'
import { dockerArchive } from './docker-archive.ts'

/** All images as one archive for `docker load`; needs no engine. */
export async function planArchiveFile(path: string, point: SourcePoint, facts: ImagesFacts): Promise<RestorePlan> {
  if (await isThere(path)) throw isThereAlready(path)
  const { images } = facts
  return {
    steps: [
      `write ${images.length} images with their names to ${path}, which is not there yet, each layer compared with its digest`,
      'loading it with `docker load` takes these names from other images that have them',
    ],
    async apply(signal) {
      await mkdir(dirname(path), { recursive: true })
      const unfinished = join(
        dirname(path),
        `.hikae-new-${basename(path).slice(0, 40)}-${randomBytes(4).toString('hex')}`,
      )
      try {
        const archive = dockerArchive(point, facts, { images, tagsOf: ({ tags }) => tags })
        await pipeline(archive, createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true }), { signal })
        // Unlike a rename, this replaces nothing that came meanwhile.
        await link(unfinished, path)
        await syncToDisk(dirname(path))
      } catch (error) {
        throw systemCode(error) === 'EEXIST' ? isThereAlready(path) : error
      } finally {
        await rm(unfinished, { force: true })
      }
      return { place: path, findings: [] }
    },
  }
}

function isThereAlready(path: string): InputError {
  return new InputError(`${path} is there already`, { hint: 'choose a file that is not there yet' })
}
