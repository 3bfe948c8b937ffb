import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import type { ComposeProject } from '../../docker/compose/project.ts'
import { isAlive } from '../../docker/containers/container.ts'
import type { Finding } from '../finding.ts'
import { madeDirectory } from '../made-entry.ts'
import type { OpenSource, ReadContext, SourceReading } from '../source-kind.ts'
import { type ComposeFacts, PROJECT_FOLDER } from './compose-facts.ts'
import type { ComposeConfig } from './config.ts'
import { lookAtProject } from './look-at-project.ts'
import { OpenParts } from './open-parts.ts'
import type { Part } from './parts.ts'

/** A project as it is now: its files, images and volumes, each read by its own kind. */
export async function openCompose(config: ComposeConfig, context: ReadContext): Promise<OpenSource> {
  const { project, parts } = await lookAtProject(config, context)
  const opened = new OpenParts(project, parts, config, context)
  return {
    paths: [
      ...parts.paths.map((path) => `/${PROJECT_FOLDER}${path}`),
      ...(parts.images.length > 0 ? ['/images'] : []),
      ...parts.volumes.map((name) => `/volumes/${name}`),
    ],
    excludes: config.exclude,
    root: madeDirectory('', (signal) => opened.entries(signal), { timeNs: 0n }),
    finish: async () => {
      const { readings, findings } = await opened.finish()
      return readingOf(project, readings, [...parts.findings, ...findings])
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

function readingOf(
  { name, folder, composeFiles, files, containers }: ComposeProject,
  readings: ReadonlyMap<Part['name'], SourceReading>,
  findings: readonly Finding[],
): SourceReading {
  const facts: ComposeFacts = {
    project: {
      ...{ name, folder, composeFiles: [...composeFiles] },
      services: [...files.services],
      volumes: [...files.volumes],
      running: [
        ...new Set(containers.filter(isAlive).map(({ labels }) => labels[COMPOSE_LABELS.service] ?? '')),
      ].toSorted(),
    },
    parts: {
      files: readings.get('files')!.facts,
      ...Object.fromEntries([...readings].map(([part, reading]) => [part, reading.facts])),
    },
  }
  const all = [...readings.values()]
  return {
    facts: { ...facts },
    findings: [...findings, ...all.flatMap((reading) => reading.findings)],
    isEmpty: all.every(({ isEmpty }) => isEmpty),
  }
}
