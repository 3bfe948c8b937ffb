import type { FileKind } from '@hikae/engine'
import { typeName } from './file-types.ts'
import type { Quota } from './quota.ts'

/** What can be done with a file, in the names of restic's own server. */
export type BlobOperation = 'read' | 'write' | 'delete'

export interface BlobEvent {
  readonly operation: BlobOperation
  readonly user: string
  /** `alice/laptop` */
  readonly repository: string
  readonly kind: FileKind
  readonly bytes: number
}

const HELP: Readonly<Record<BlobOperation, readonly [count: string, bytes: string]>> = {
  write: ['Total number of blobs written', 'Total number of bytes written to blobs'],
  read: ['Total number of blobs read', 'Total number of bytes read from blobs'],
  delete: ['Total number of blobs deleted', 'Total number of bytes of blobs deleted'],
}

interface Counter {
  readonly user: string
  readonly labels: string
  count: number
  bytes: number
}

/** Counters in Prometheus' text format, under the names of restic's own server, so that its dashboards show them. */
export class Metrics {
  readonly #quota: Quota | undefined
  readonly #counters: Readonly<Record<BlobOperation, Map<string, Counter>>> = {
    write: new Map(),
    read: new Map(),
    delete: new Map(),
  }

  constructor(quota: Quota | undefined) {
    this.#quota = quota
  }

  record({ operation, user, repository, kind, bytes }: BlobEvent): void {
    const labels = `{repo=${quoted(repository)},type=${quoted(typeName(kind))},user=${quoted(user)}}`
    const counter = this.#counters[operation].get(labels) ?? { user, labels, count: 0, bytes: 0 }
    counter.count++
    counter.bytes += bytes
    this.#counters[operation].set(labels, counter)
  }

  /** @param user only what this user did; everything when undefined */
  text(user?: string): string {
    const lines: string[] = []
    for (const operation of ['write', 'read', 'delete'] as const) {
      const counters = [...this.#counters[operation].values()].filter(
        (counter) => user === undefined || counter.user === user,
      )
      const [countHelp, bytesHelp] = HELP[operation]
      const name = `rest_server_blob_${operation}`
      lines.push(...metric(`${name}_total`, 'counter', countHelp))
      lines.push(...counters.map(({ labels, count }) => `${name}_total${labels} ${count}`))
      lines.push(...metric(`${name}_bytes_total`, 'counter', bytesHelp))
      lines.push(...counters.map(({ labels, bytes }) => `${name}_bytes_total${labels} ${bytes}`))
    }
    if (this.#quota !== undefined && user === undefined) lines.push(...quotaLines(this.#quota))
    return `${lines.join('\n')}\n`
  }
}

function quotaLines({ maxBytes, usedBytes }: Quota): string[] {
  return [
    ...metric('hikae_serve_quota_bytes', 'gauge', 'What all repositories together may hold'),
    `hikae_serve_quota_bytes ${maxBytes}`,
    ...metric('hikae_serve_quota_used_bytes', 'gauge', 'What they hold, with uploads under way'),
    `hikae_serve_quota_used_bytes ${usedBytes}`,
  ]
}

function metric(name: string, type: 'counter' | 'gauge', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function quoted(label: string): string {
  return `"${label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
