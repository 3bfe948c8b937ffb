import type { FileSet, ServerKind } from './data-set.ts'
import { mixed } from './mixed.ts'

const kinds: readonly ServerKind[] = ['s3', 'sftp', 'rest']

/** The mixed tree once more, into repositories on servers. */
export const remote: readonly FileSet[] = kinds.map((server) => ({
  kind: 'files',
  name: server,
  server,
  work: ['unchanged', 'restore', 'both', 'check'],
  create: (directory, scale, options) => mixed.create(directory, scale, options),
}))
