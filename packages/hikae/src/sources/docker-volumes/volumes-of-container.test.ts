import { describe, expect, test } from 'vitest'
import type { ContainerMount, ContainerSummary } from '../../docker/containers/container.ts'
import { volumesOfContainer } from './volumes-of-container.ts'

const ANONYMOUS = 'a'.repeat(64)

function of(names: readonly string[], said: Readonly<Record<string, unknown>> = {}) {
  const volume = (name: string, at: number): ContainerMount => ({
    ...{ type: 'volume', name, source: '/v', destination: `/data${at}`, isWritable: true },
  })
  const bind: ContainerMount = { type: 'bind', source: '/srv', destination: '/srv', isWritable: true }
  return volumesOfContainer({ mounts: [bind, ...names.map(volume)] } as unknown as ContainerSummary, said)
}

describe('the volumes of a container', () => {
  test('are those with names, each once', () => {
    expect(of(['rows', 'logs', 'rows'])).toEqual({ written: { names: ['logs', 'rows'] } })
  })
  test('are not asked for when the labels say which are meant', () => {
    for (const said of [{ names: ['x'] }, { labels: ['x'] }, { project: 'x' }])
      expect(of([ANONYMOUS], said)).toEqual({ written: {} })
  })
  test('without a name are told of, and make no source alone', () => {
    expect(of(['rows', ANONYMOUS])).toMatchObject({
      written: { names: ['rows'] },
      findings: [{ severity: 'warning', message: expect.stringContaining('/data1') }],
    })
    expect(of([ANONYMOUS])).toMatchObject({
      findings: [{ severity: 'error', message: 'its volumes have no names (/data0)' }],
    })
    expect(of([])).toMatchObject({ findings: [{ severity: 'error', message: 'it has no volumes' }] })
  })
})
