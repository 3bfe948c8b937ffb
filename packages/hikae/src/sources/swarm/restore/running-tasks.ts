import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { Finding } from '../../finding.ts'
import type { ServiceDocument } from '../documents.ts'
import type { SwarmApi } from '../manager/swarm-api.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 250
/** A service whose tasks have failed so often does not come up by waiting. */
const FAILURES = 2

const taskSchema = z.object({
  DesiredState: z.string(),
  Status: z.object({ State: z.string(), Err: z.string().optional() }),
})
type Task = z.output<typeof taskSchema>

/** Waits until services run. @returns those that do not, with what their tasks complain of */
export async function waitForTasks(
  api: SwarmApi,
  services: readonly ServiceDocument[],
  { signal, patienceMs = PATIENCE_MS }: { readonly signal: AbortSignal; readonly patienceMs?: number },
): Promise<Finding[]> {
  const deadline = performance.now() + patienceMs
  const findings: Finding[] = []
  for (const service of services) {
    const finding = await waitForService(api, service, deadline, signal)
    if (finding) findings.push(finding)
  }
  return findings
}

async function waitForService(
  api: SwarmApi,
  service: ServiceDocument,
  deadline: number,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const { Name: name, Mode } = service
  // A job is over some time, and that is its business.
  if (Mode?.ReplicatedJob || Mode?.GlobalJob) return undefined
  const filters = JSON.stringify({ service: [name] })
  for (;;) {
    const tasks = z.array(taskSchema).parse(await api.get(`list the tasks of ${name}`, '/tasks', { filters }))
    const wanted = tasks.filter(({ DesiredState }) => DesiredState === 'running')
    const running = wanted.filter(({ Status }) => Status.State === 'running').length
    const expected = Mode?.Replicated ? (Mode.Replicated.Replicas ?? 1) : Math.max(1, wanted.length)
    if (running >= expected) return undefined
    if (performance.now() > deadline || failuresOf(tasks).length >= FAILURES)
      return notRunning(name, running, expected, tasks)
    await setTimeout(PAUSE_MS, undefined, { signal })
  }
}

function failuresOf(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ Status }) => Status.State === 'rejected' || Status.State === 'failed')
}

function notRunning(name: string, running: number, expected: number, tasks: readonly Task[]): Finding {
  const why = tasks.map(({ Status }) => Status.Err ?? '').find((text) => text !== '')
  return {
    severity: 'warning',
    message: `the service ${name} is restored, and ${running} of its ${expected} tasks run${why === undefined ? '' : `: ${why}`}`,
    hint: `see \`docker service ps ${name}\`: images have to be in a registry or on each node, and volumes have to be restored by sources of their own`,
  }
}
