import { test } from 'vitest'
import { Metrics } from './metrics.ts'
import { Quota } from './quota.ts'

test('counts files and bytes under the names of restic’s server', ({ expect }) => {
  const metrics = new Metrics(undefined)
  const event = { user: 'alice', repository: 'alice/laptop', kind: 'pack' } as const
  metrics.record({ ...event, operation: 'write', bytes: 100 })
  metrics.record({ ...event, operation: 'write', bytes: 50 })
  metrics.record({ ...event, operation: 'delete', bytes: 50 })
  const lines = metrics.text().split('\n')
  const labels = '{repo="alice/laptop",type="data",user="alice"}'
  expect(lines).toContain(`rest_server_blob_write_total${labels} 2`)
  expect(lines).toContain(`rest_server_blob_write_bytes_total${labels} 150`)
  expect(lines).toContain(`rest_server_blob_delete_total${labels} 1`)
  expect(lines).toContain('# TYPE rest_server_blob_read_total counter')
})

test('shows a user’s own numbers, or all, and the quota only with all', async ({ expect }) => {
  const metrics = new Metrics(await Quota.open(1000, () => Promise.resolve(10)))
  for (const user of ['alice', 'bob']) {
    metrics.record({ operation: 'read', user, repository: user, kind: 'key', bytes: 1 })
  }
  expect(metrics.text('alice')).not.toMatch(/bob|quota/)
  expect(metrics.text()).toMatch(/bob[^]*\nhikae_serve_quota_bytes 1000\n[^]*\nhikae_serve_quota_used_bytes 10\n/)
})

test('names cannot break out of their quotes', ({ expect }) => {
  const metrics = new Metrics(undefined)
  metrics.record({ operation: 'read', user: 'a"} 1\nfake\\', repository: '', kind: 'config', bytes: 1 })
  expect(metrics.text()).toContain('{repo="",type="config",user="a\\"} 1\\nfake\\\\"} 1\n')
})
