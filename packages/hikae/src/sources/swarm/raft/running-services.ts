import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { Finding } from '../../finding.ts'
import type { SwarmApi } from '../manager/swarm-api.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 250

const taskSchema = z.object({ ServiceID: z.string().optional(), Status: z.object({ State: z.string() }) })
const serviceSchema = z.object({
  ID: z.string(),
  Spec: z.object({
    Name: z.string(),
    Mode: z.object({ ReplicatedJob: z.unknown().optional(), GlobalJob: z.unknown().optional() }).nullish(),
  }),
})

/** How many tasks of each service run in the swarm, by its name; jobs are left out, since they end. */
export async function countRunning(api: SwarmApi): Promise<Map<string, number>> {
  const services = z.array(serviceSchema).parse(await api.get('list the services', '/services'))
  const filters = JSON.stringify({ 'desired-state': ['running'] })
  const tasks = z.array(taskSchema).parse(await api.get('list the tasks', '/tasks', { filters }))
  const running = tasks.filter(({ Status }) => Status.State === 'running')
  return new Map(
    services
      .filter(({ Spec: { Mode } }) => !Mode?.ReplicatedJob && !Mode?.GlobalJob)
      .map(({ ID, Spec }) => [Spec.Name, running.filter(({ ServiceID }) => ServiceID === ID).length]),
  )
}

/** Waits until as many tasks run as before. @returns services of which fewer do */
export async function waitForAsMany(
  api: SwarmApi,
  before: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const now = await countRunning(api)
    const fewer = [...before].filter(([name, count]) => now.has(name) && now.get(name)! < count)
    if (fewer.length === 0) return []
    if (performance.now() > deadline) return fewer.map(([name, count]) => notBack(name, now.get(name)!, count))
    await setTimeout(PAUSE_MS, undefined, { signal })
  }
}

function notBack(name: string, now: number, before: number): Finding {
  return {
    severity: 'warning',
    message: `the service ${name} has not come back since the engine was stopped: ${now} tasks run, ${before} did before`,
    hint: `see \`docker service ps ${name}\``,
  }
}
