import { access } from 'node:fs/promises'
import { UsageError } from '../../errors.ts'
import { addressOf } from '../../repositories/location.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { isOpenToOthers, type StackPassword } from './password-file.ts'
import { type Place, placeWarnings } from './places.ts'
import { type PlaceState, probePlace } from './probe-place.ts'
import { type StackChoices, stackText } from './stack-text.ts'

/** All that is about to be made; nothing of it is there, but for repositories and a password that are used as they are. */
export interface InitPlan {
  readonly stackFile: string
  readonly stackText: string
  readonly password: StackPassword
  readonly repositories: readonly { readonly place: Place; readonly state: PlaceState }[]
  /** With the password in it; absent when none was asked for. */
  readonly kitFile: string | undefined
  readonly warnings: readonly string[]
}

export interface PlanRequest {
  /** What is saved lies here. */
  readonly folder: string
  readonly stackFile: string
  readonly kitFile: string | undefined
  readonly choices: Omit<StackChoices, 'passwordFile' | 'env'>
  readonly password: StackPassword
}

/** @throws {UsageError} something is in the way, or makes no sense */
export async function planInit(
  { folder, stackFile, kitFile, choices, password }: PlanRequest,
  globals: GlobalValues,
  context: CommandContext,
): Promise<InitPlan> {
  for (const file of [stackFile, ...(kitFile === undefined ? [] : [kitFile])]) await refuseExisting(file)
  const warnings = await placeWarnings(choices.places, folder)
  if (!password.isNew && (await isOpenToOthers(password.file)))
    warnings.push(`others can read the password file ${password.file}: chmod 600 ${password.file}`)
  const repositories: InitPlan['repositories'][number][] = []
  for (const place of choices.places) {
    repositories.push({ place, state: await probePlace(place, password, globals, context) })
  }
  const text = stackText({ ...choices, passwordFile: password.file, env: context.env })
  return { stackFile, stackText: text, password, repositories, kitFile, warnings }
}

export function printPlan(
  { stackFile, stackText: text, password, repositories, kitFile, warnings }: InitPlan,
  out: Output,
): void {
  out.line('This would be made:')
  const verb = password.isNew ? 'a new password in' : 'the password of'
  out.line(`  ${verb} ${printableText(password.file)}${password.isNew ? ', readable by its owner only' : ', as it is'}`)
  for (const { place, state } of repositories) {
    const what = state.kind === 'empty' ? 'a repository' : 'the repository that is there already,'
    out.line(`  ${what} ${printableText(place.name)} at ${printableText(addressOf(place.location))}`)
  }
  out.line(`  ${printableText(stackFile)}`)
  if (kitFile !== undefined) out.line(`  the recovery kit in ${printableText(kitFile)}, with the password in it`)
  out.line()
  for (const line of text.trimEnd().split('\n')) out.line(`  ${printableText(line)}`.trimEnd())
  out.line()
  out.flush()
  for (const warning of warnings) out.warn(printableText(warning))
}

async function refuseExisting(file: string): Promise<void> {
  try {
    await access(file)
  } catch {
    return // Whether it can be written is seen when it is.
  }
  throw new UsageError(`${file} is there already, and nothing is overwritten`, {
    hint: 'name another file, or move it away',
  })
}
