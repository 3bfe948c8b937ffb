import { setTimeout as pause } from 'node:timers/promises'
import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, InputError, isKnownError } from '../../errors.ts'
import { waitForHealth } from '../../docker/containers/wait-for-health.ts'
import { isRunning, type MovedContainer, type MovedProject } from '../subject.ts'
import { lastWordsOf } from './last-words.ts'

const LOOK_MS = 200
const COMPLETION_MS = 10 * 60_000

/**
 * Starts those containers that ran on the source, each after what it depends on, and waits until all are well.
 *
 * @returns their names @throws {InputError} one is not well, with its last words
 */
export async function startContainers(
  to: DockerEngine,
  { containers }: MovedProject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const started = containers.filter(isRunning)
  for (const container of started) {
    for (const need of needsOf(container, started)) await waitFor(to, need, signal)
    const { name } = container.summary
    signal.throwIfAborted()
    await to.ask(`start the container ${name}`, (api) => api.getContainer(name).start())
  }
  const names = started.map(({ summary }) => summary.name)
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const looks = names.map(async (name) => isWell(to, name, either))
  try {
    // Each only looks now and then.
    await Promise.all(looks)
  } finally {
    failed.abort()
    await Promise.allSettled(looks)
  }
  return names
}

interface Need {
  readonly name: string
  readonly condition: string
}

/** `db:service_healthy:true,redis:service_started:false` */
function needsOf({ summary: { labels } }: MovedContainer, containers: readonly MovedContainer[]): Need[] {
  const wanted = (labels[COMPOSE_LABELS.dependsOn] ?? '').split(',').map((entry) => entry.split(':'))
  return wanted.flatMap(([service, condition = '']) =>
    containers
      .filter(({ summary }) => summary.labels[COMPOSE_LABELS.service] === service)
      .map(({ summary: { name } }) => ({ name, condition })),
  )
}

async function waitFor(to: DockerEngine, { name, condition }: Need, signal: AbortSignal): Promise<void> {
  if (condition === 'service_healthy') await isWell(to, name, signal)
  if (condition === 'service_completed_successfully') await completed(to, name, signal)
}

async function completed(to: DockerEngine, name: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + COMPLETION_MS
  for (;;) {
    const { State: state } = await to.ask(`look at the container ${name}`, (api) => api.getContainer(name).inspect())
    if (!state.Running && state.ExitCode === 0) return
    const hasFailed = !state.Running && !state.Restarting
    if (hasFailed) throw new InputError(`the container ${name}, which others wait for, ended with ${state.ExitCode}`)
    if (performance.now() >= until) throw new InputError(`the container ${name}, which others wait for, does not end`)
    await pause(LOOK_MS, undefined, { signal })
  }
}

async function isWell(to: DockerEngine, name: string, signal: AbortSignal): Promise<void> {
  try {
    await waitForHealth(to, [name], signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    const words = await lastWordsOf(to, name)
    throw new InputError(`${errorMessage(error)}, at ${to.address}`, {
      hint: words === undefined ? 'it printed nothing' : `the last that it printed: ${words}`,
      cause: error,
    })
  }
}
