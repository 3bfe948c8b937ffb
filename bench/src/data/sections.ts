import type { DataSetName } from './data-set.ts'

/** Which data sets are shown together. The huge ones take long, the others need servers: measured when named. */
export const sections = {
  usual: ['mixed', 'big', 'small'],
  huge: ['million', 'sparse', 'blobs'],
  remote: ['s3', 'sftp', 'rest'],
  volume: ['volume'],
} as const satisfies Readonly<Record<string, readonly DataSetName[]>>

export type SectionName = keyof typeof sections
export const sectionNames = Object.keys(sections) as SectionName[]

/** A data set belongs to one section. */
export function isIn(section: SectionName, dataSet: DataSetName): boolean {
  const names: readonly DataSetName[] = sections[section]
  return names.includes(dataSet)
}
