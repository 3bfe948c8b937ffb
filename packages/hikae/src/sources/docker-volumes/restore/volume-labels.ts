import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { DockerEngine } from '../../../docker/engine.ts'
import { madeByUs } from '../../../docker/made-by.ts'
import { findVolume, type VolumeSpec } from '../volume.ts'

/** Labels of volumes that restores make. The value of the first three is the name of the volume that it is for. */
export const LABELS = {
  /** Is being filled with what will be put in the place of that volume. */
  fresh: 'hikae.new',
  /** Keeps what was in that volume. */
  kept: 'hikae.kept',
  /** Says that that volume is being filled: while it is there, the volume is not whole. */
  filling: 'hikae.filling',
  /** Says that contents of several volumes are being exchanged, and which: see `recordExchange`. */
  exchange: 'hikae.exchange',
  /** On what keeps, and on what says so: the volume whose content takes the place. */
  from: 'hikae.from',
  /** On what keeps: it is a copy, whole when the volume that it makes room for is gone. */
  copied: 'hikae.copied',
  /** On what says so: the volume that keeps the old. */
  keeps: 'hikae.keeps',
  /** On a volume that was made anew, for good, and on what says that it is being filled: which restore it was. */
  restored: 'hikae.restored',
  /** When it was replaced: ISO 8601. */
  time: 'hikae.time',
  /** On what keeps: the source that was restored, as the stack file names it. */
  source: 'hikae.source',
  /** On what keeps: the stack whose source that is. */
  stack: 'hikae.stack',
  /** What the volume is made of, to make it again. */
  spec: 'hikae.spec',
  /** The process. */
  by: 'hikae.by',
} as const

const texts = z.record(z.string(), z.string())
/** What a volume is made of, in a label. */
export const specSchema = z.object({ name: z.string(), driver: z.string(), options: texts, labels: texts })

const LONGEST_NAME = 255
/** Room for what is put behind a name. */
const LONGEST_ADDITION = 40

/** Under which what was in a volume is kept: `uploads.before-20261121-201714`, in UTC; with a number behind it when that is taken. */
export async function freeKeptName(engine: DockerEngine, name: string, time: Date): Promise<string> {
  const wanted = `${shortened(name)}.before-${stamp(time)}`
  for (let number = 1; ; number++) {
    const free = number === 1 ? wanted : `${wanted}-${number}`
    if (!(await findVolume(engine, free))) return free
  }
}

export function freshVolumeName(name: string): string {
  return `${shortened(name)}.hikae-new-${randomBytes(4).toString('hex')}`
}

export function fillingVolumeName(name: string): string {
  return `${shortened(name)}.hikae-filling-${randomBytes(4).toString('hex')}`
}

export function exchangeVolumeName(): string {
  return `hikae-exchange-${randomBytes(4).toString('hex')}`
}

export function freshLabels(name: string): Record<string, string> {
  return { [LABELS.fresh]: name, [LABELS.by]: madeByUs() }
}

export interface Replacing {
  /** The volume that is replaced. */
  readonly spec: VolumeSpec
  readonly time: Date
  /** Name of the fresh volume, whose content takes the place. */
  readonly from: string
  /** Of the stack file. */
  readonly source: string
  /** Of the stack file. */
  readonly stack: string
}

export function keptLabels({ spec, time, from, source, stack }: Replacing): Record<string, string> {
  return {
    [LABELS.kept]: spec.name,
    [LABELS.time]: time.toISOString(),
    [LABELS.from]: from,
    [LABELS.source]: source,
    [LABELS.stack]: stack,
    [LABELS.spec]: JSON.stringify(spec),
    [LABELS.by]: madeByUs(),
  }
}

/** @param replacing where its content comes from, and what was there, when it is replaced */
export function fillingLabels(
  spec: VolumeSpec,
  replacing?: { readonly from: string; readonly kept: string },
): Record<string, string> {
  return {
    [LABELS.filling]: spec.name,
    [LABELS.spec]: JSON.stringify(spec),
    [LABELS.by]: madeByUs(),
    ...(replacing && { [LABELS.from]: replacing.from, [LABELS.keeps]: replacing.kept }),
  }
}

/** Whether a restore made it for itself: it is the past or the future of another. */
export function isOwnVolume({ labels }: VolumeSpec): boolean {
  return [LABELS.fresh, LABELS.kept, LABELS.filling, LABELS.exchange].some((label) => labels[label] !== undefined)
}

/** @returns undefined when the label does not say it */
export function specOfLabel({ labels }: VolumeSpec): VolumeSpec | undefined {
  try {
    return specSchema.safeParse(JSON.parse(labels[LABELS.spec] ?? '')).data
  } catch {
    return undefined
  }
}

/** `20261121-201714` */
function stamp(time: Date): string {
  return time
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-')
}

function shortened(name: string): string {
  if (name.length + LONGEST_ADDITION <= LONGEST_NAME) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.slice(0, LONGEST_NAME - LONGEST_ADDITION - hash.length - 1)}-${hash}`
}
