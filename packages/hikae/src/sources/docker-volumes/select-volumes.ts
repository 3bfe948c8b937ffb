import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import type { DockerVolumesConfig } from './config.ts'
import { isNamePattern, namePattern } from './name-pattern.ts'
import { isOwnVolume } from './restore/volume-labels.ts'
import { isAnonymous, type Volume } from './volume.ts'

export const EXCLUDE_LABEL = 'hikae.exclude'

/** What a configuration means among the volumes of an engine. */
export interface SelectedVolumes {
  /** By name. */
  readonly volumes: readonly Volume[]
  /** Names without a pattern that no volume has, or that are left out. */
  readonly missing: readonly string[]
  /** Patterns, labels and the project, as far as no volume fits them. */
  readonly unmatched: readonly string[]
  /** By their label or by `exclude`, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[]
}

type Selection = Pick<DockerVolumesConfig, 'names' | 'labels' | 'project' | 'exclude'>

/** Anonymous volumes are meant only by their whole name or by a label, not by patterns. */
export function selectVolumes(
  { names = [], labels = [], project, exclude }: Selection,
  all: readonly Volume[],
): SelectedVolumes {
  const chosen = new Map<string, Volume>()
  const leftOut = new Map<string, string>()
  const unmatched: string[] = []
  const take = (what: string, isMeant: (volume: Volume) => boolean): void => {
    const meant = all.filter((volume) => !isOwnVolume(volume) && isMeant(volume))
    if (meant.length === 0) unmatched.push(what)
    for (const volume of meant) {
      const why = whyLeftOut(volume, exclude)
      if (why === undefined) chosen.set(volume.name, volume)
      else leftOut.set(volume.name, why)
    }
  }
  for (const pattern of names.filter(isNamePattern)) {
    take(pattern, ({ name }) => !isAnonymous(name) && matches(pattern, name))
  }
  for (const label of labels) take(`label ${label}`, (volume) => hasLabel(volume, label))
  if (project !== undefined) {
    take(`project ${project}`, (volume) => hasLabel(volume, `${COMPOSE_LABELS.project}=${project}`))
  }
  const missing: string[] = []
  for (const name of names.filter((each) => !isNamePattern(each))) {
    const volume = all.find((each) => each.name === name)
    const why = volume && whyLeftOut(volume, exclude)
    if (volume && why === undefined) chosen.set(name, volume)
    else missing.push(name)
    if (why !== undefined) leftOut.set(name, why)
  }
  return {
    volumes: [...chosen.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    ...{ missing, unmatched },
    leftOut: [...leftOut].map(([name, why]) => ({ name, why })),
  }
}

function whyLeftOut({ name, labels }: Volume, exclude: readonly string[]): string | undefined {
  if (labels[EXCLUDE_LABEL] === 'true') return `it has the label ${EXCLUDE_LABEL}=true`
  const pattern = exclude.find((each) => matches(each, name))
  return pattern === undefined ? undefined : `\`exclude: ${pattern}\` means it`
}

function hasLabel({ labels }: Volume, wanted: string): boolean {
  const [key, value] = split(wanted)
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value)
}

function split(label: string): [string, string | undefined] {
  const at = label.indexOf('=')
  return at === -1 ? [label, undefined] : [label.slice(0, at), label.slice(at + 1)]
}

function matches(pattern: string, name: string): boolean {
  return namePattern(pattern).test(name)
}
