import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import { isKnownError } from '../../errors.ts'
import { settleAround } from '../files/open-files.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext, SourceContext, SourceKind } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { composeFacts } from './compose-facts.ts'
import { type ComposeConfig, composeConfig, describeProject } from './config.ts'
import { keptOfProject } from './kept-project.ts'
import { lookAtProject } from './look-at-project.ts'
import { openCompose } from './open-compose.ts'
import { type Part, partOf, partsToRead, pointOfPart, volumesPart } from './parts.ts'
import { planElsewhere } from './restore-elsewhere.ts'
import { planInPlace } from './restore-in-place.ts'
import { restoreTarget } from './restore-target.ts'
import { planVolumesOnly, volumesOfTarget } from './restore-volumes.ts'

/** A Compose project as one unit: its files, volumes and images, each saved by its own kind. */
export const composeSource: SourceKind<ComposeConfig> = {
  name: 'compose',
  config: composeConfig,
  describe: describeProject,
  examine,
  open: openCompose,
  async planRestore(config, point, { to }, context) {
    const facts = composeFacts(point)
    if (to === undefined) return await planInPlace(config, point, facts, context)
    const volumes = volumesOfTarget(to)
    if (volumes !== undefined) return await planVolumesOnly(config, point, facts, volumes, context)
    return await planElsewhere(config, point, facts, restoreTarget(to, context.folder), context)
  },
  verify,
  kept: keptOfProject,
  ofContainer({ labels }, { project, file }) {
    const own = labels[COMPOSE_LABELS.project]
    return { written: project !== undefined || file !== undefined || own === undefined ? {} : { project: own } }
  },
  settle,
}

/** Folders that are half replaced come first: containers that are started again find them whole. */
async function settle(config: ComposeConfig, context: ReadContext): Promise<readonly Finding[]> {
  const findings = await settleFolders(config, context)
  const { kind, config: own } = volumesPart([], config)
  return [...findings, ...((await kind.settle?.(own, context)) ?? [])]
}

async function settleFolders(config: ComposeConfig, context: ReadContext): Promise<readonly Finding[]> {
  try {
    const { project, parts } = await lookAtProject(config, context)
    return await settleAround({ paths: [...parts.paths] }, project.folder)
  } catch (error) {
    if (!isKnownError(error)) throw error
    context.log(`what restores of the project may have left is looked for later: ${error.message}`)
    return []
  }
}

async function examine(config: ComposeConfig, context: SourceContext): Promise<readonly Finding[]> {
  const { parts } = await lookAtProject(config, context)
  const findings: Finding[] = []
  // The rest can be saved without them: the run says so, and is incomplete.
  const less: Finding[] = [...parts.findings]
  for (const { name, kind, config: own } of partsToRead(parts, config)) {
    const found = await kind.examine(own, context)
    if (name === 'images') less.push(...found)
    else findings.push(...found)
  }
  return [...findings, ...less.map((finding): Finding => ({ ...finding, severity: 'warning' }))]
}

async function verify(config: ComposeConfig, point: SourcePoint, context: ReadContext): Promise<readonly Finding[]> {
  const facts = composeFacts(point)
  const findings: Finding[] = []
  for (const name of Object.keys(facts.parts) as Part['name'][]) {
    if (facts.parts[name] === undefined) continue
    const { kind, config: own } = partOf(name, facts, config)
    findings.push(...(await kind.verify(own, pointOfPart(point, name, facts), context)))
  }
  return findings
}
