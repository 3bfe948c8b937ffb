import { COMPOSE_LABELS } from '../../docker/compose/project.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext, SourceContext, SourceKind } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { composeFacts } from './compose-facts.ts'
import { type ComposeConfig, composeConfig, describeProject } from './config.ts'
import { keptOfProject } from './kept-project.ts'
import { lookAtProject, openCompose } from './open-compose.ts'
import { type Part, partOf, partsToRead, pointOfPart } from './parts.ts'
import { planElsewhere } from './restore-elsewhere.ts'
import { planInPlace } from './restore-in-place.ts'
import { restoreTarget } from './restore-target.ts'

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
    return await planElsewhere(config, point, facts, restoreTarget(to, context.folder), context)
  },
  verify,
  kept: keptOfProject,
  ofContainer({ labels }, { project, file }) {
    const own = labels[COMPOSE_LABELS.project]
    return project !== undefined || file !== undefined || own === undefined ? {} : { project: own }
  },
  settle: async (config, context) => {
    const { kind, config: own } = partOf('volumes', { parts: { files: {}, volumes: { volumes: [] } } }, config)
    return (await kind.settle?.(own, context)) ?? []
  },
}

async function examine(config: ComposeConfig, context: SourceContext): Promise<readonly Finding[]> {
  const { parts } = await lookAtProject(config, context)
  const findings: Finding[] = []
  for (const { kind, config: own } of partsToRead(parts, config)) findings.push(...(await kind.examine(own, context)))
  // The rest can be saved without them: the run says so, and is incomplete.
  return [...findings, ...parts.findings.map((finding): Finding => ({ ...finding, severity: 'warning' }))]
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
