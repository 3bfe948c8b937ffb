import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import { madeDirectory } from '../../made-entry.ts'
import type { OpenSource, ReadContext, SourceReading } from '../../source-kind.ts'
import type { SwarmConfig } from '../config.ts'
import { isLocked, stacksOf, type SwarmContents } from '../documents.ts'
import type { SwarmFacts } from '../facts.ts'
import { RAFT_FOLDER, SWARM_FOLDER } from '../layout.ts'
import { type LiveSwarm, readConfigData, readLiveSwarm } from '../manager/live-swarm.ts'
import { type Manager, openManager } from '../manager/open-manager.ts'
import { copyRaft } from '../raft/copy-raft.ts'
import { danglingReferences } from '../references.ts'
import { selectStacks } from '../select-stacks.ts'
import { findMountedSecrets, hasValueElsewhere, readSecretValue } from './secret-values.ts'
import { swarmTree } from './swarm-tree.ts'

/**
 * The swarm as its manager shows it. Contents of configs and values of secrets are asked for when they are read.
 *
 * @throws {DockerError} the engine cannot be reached or manages no swarm
 * @throws {InputError} none of the stacks is there
 */
export async function openSwarm(config: SwarmConfig, context: ReadContext): Promise<OpenSource> {
  const raft = config.raft && (await copyRaft(config, config.raft, context))
  await using owned = new AsyncDisposableStack()
  const manager = owned.use(await openManager(config, context))
  const live = await readLiveSwarm(manager.api)
  const contents = selectStacks(live.contents, config.stacks)
  const findings = [
    ...(raft?.findings ?? []),
    ...missingStacks(config, live.contents),
    ...danglingReferences(contents).map(dangling),
  ]
  if (config.stacks?.length === missingStacks(config, live.contents).length) throw noStack(config, live.contents)
  const copied = raft?.entry
  const values = await secretValues(config, { manager, live, contents }, context)
  const configData = (name: string): Promise<Buffer> =>
    readConfigData(manager.api, name, live.ids.configs.get(name) ?? name)
  const tree = swarmTree(contents, { configData, secretValue: values.read }, live.begun)
  const held = owned.move()
  return {
    paths: [`/${SWARM_FOLDER}`, ...(copied ? [`/${RAFT_FOLDER}`] : [])],
    root: madeDirectory('', () => [tree, ...(copied ? [copied] : [])], { timeNs: live.begun }),
    async finish() {
      const without = values.withoutValue()
      if (isLocked(contents)) context.log('managers ask for the unlock key after a start: it is not in the backup')
      if (without.length > 0) context.log(`without the values of these secrets: ${without.join(', ')}`)
      return readingOf(contents, { without, manager, hasRaft: copied !== undefined }, [...findings, ...values.findings])
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

interface SecretValues {
  readonly read: (name: string) => Promise<Buffer | undefined>
  /** Complete when all were asked for. */
  readonly findings: readonly Finding[]
  withoutValue(): string[]
}

async function secretValues(
  { secrets }: SwarmConfig,
  on: { readonly manager: Manager; readonly live: LiveSwarm; readonly contents: SwarmContents },
  { log, signal }: ReadContext,
): Promise<SecretValues> {
  const { manager, live, contents } = on
  const names = contents.secrets.map(({ Name }) => Name)
  if (secrets.values === 'none') return { read: async () => undefined, findings: [], withoutValue: () => names }
  if (manager.nodes > 1) {
    log(
      `of ${manager.nodes} nodes, values of secrets are read from tasks on one only: that of ${manager.api.engine.address}`,
    )
  }
  const mounted = await findMountedSecrets(manager, live)
  const findings: Finding[] = []
  const saved = new Set<string>()
  return {
    findings,
    withoutValue: () => names.filter((name) => !saved.has(name)),
    async read(name) {
      const secret = contents.secrets.find(({ Name }) => Name === name)!
      if (hasValueElsewhere(secret)) return undefined
      const value = await readSecretValue(manager, secret, mounted, { signal })
      if (Buffer.isBuffer(value)) {
        saved.add(name)
        return value
      }
      findings.push(value)
      return undefined
    },
  }
}

function readingOf(
  contents: SwarmContents,
  { without, manager, hasRaft }: { without: string[]; manager: Manager; hasRaft: boolean },
  findings: readonly Finding[],
): SourceReading {
  const { networks, configs, secrets, services, nodes } = contents
  const facts: SwarmFacts = {
    engineVersion: manager.api.engine.version,
    stacks: stacksOf(contents),
    services: services.length,
    configs: configs.length,
    secrets: secrets.length,
    networks: networks.length,
    nodes: nodes.length,
    secretsWithoutValue: without,
    isUnlockKeyNeeded: isLocked(contents),
    hasRaft,
  }
  const isEmpty = networks.length + configs.length + secrets.length + services.length === 0
  return { facts, findings, isEmpty }
}

/** Stacks that the stack file names and the swarm does not have. */
export function missingStacks({ stacks = [] }: SwarmConfig, contents: SwarmContents): Finding[] {
  const there = stacksOf(contents)
  return stacks
    .filter((name) => !there.includes(name))
    .map((name) => ({
      severity: 'error',
      message: `there is no stack ${name} in the swarm`,
      hint: there.length === 0 ? 'there are no stacks at all: see `docker stack ls`' : `there are ${there.join(', ')}`,
    }))
}

function noStack(config: SwarmConfig, contents: SwarmContents): InputError {
  const [first] = missingStacks(config, contents)
  return new InputError(first!.message, { hint: first!.hint! })
}

function dangling(what: string): Finding {
  return {
    severity: 'error',
    message: `${what}, which is not in the swarm`,
    hint: 'see `docker service inspect`; somebody may have been changing the swarm: run the backup again',
  }
}
