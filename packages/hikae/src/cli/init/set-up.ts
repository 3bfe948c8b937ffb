import { randomBytes } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { type Discovery, lookAround, uniqueName } from '../../discovery/look-around.ts'
import { settleSources } from '../../discovery/settle-sources.ts'
import { type DiskFacts, listDisks } from '../../disks/inventory.ts'
import { searchPathOf } from '../../disks/search-path.ts'
import { DiskSystem } from '../../disks/system.ts'
import { isKnownError, UsageError } from '../../errors.ts'
import { ownIdentity } from '../../identity.ts'
import { addressOf } from '../../repositories/location.ts'
import { ownTimeZone } from '../../schedules/time-zone.ts'
import { SOURCE_KINDS } from '../../sources/kinds.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { printableText } from '../output/printable.ts'
import { applyInit } from './apply-plan.ts'
import { type InitPlan, planInit, printPlan } from './init-plan.ts'
import { defaultPasswordFile, planPassword } from './password-file.ts'
import { addressesWithoutAsking, placesAt } from './places.ts'
import { type Answers, Questions } from './questions.ts'
import { type KitContent, recoveryKit } from './recovery-kit.ts'

export interface SetUpOptions {
  /** Where the stack file is to be; does not exist. */
  readonly stackFile: string
  readonly to: readonly string[]
  readonly yes: boolean
  readonly dryRun: boolean
  readonly kit: string | undefined
}

const LIMITS = { entries: 50_000, milliseconds: 10_000 }

/** Sets a whole stack up: looks around, asks unless told not to, and makes the password, the repositories and the stack file. */
export async function setUp(options: SetUpOptions, globals: GlobalValues, context: CommandContext): Promise<ExitCode> {
  const { out, env, signal } = context
  const stackFile = resolve(options.stackFile)
  const folder = dirname(stackFile)
  const questions = options.yes || options.dryRun ? undefined : await Questions.open(context)
  const { discovery, disks } = await look(folder, context)
  const answers = await answersFor(questions, { options, discovery, disks, folder })
  const sources = settleSources(await realpath(folder), answers.sources)
  const places = await placesAt(answers.addresses, { folder: process.cwd(), disks })
  const timeZone = ownTimeZone()
  const password = await planPassword(passwordFile(globals, context), randomBytes)
  const plan = await planInit(
    {
      folder,
      stackFile,
      kitFile: options.kit === undefined ? undefined : resolve(options.kit),
      choices: { stack: answers.stack, timeZone, places, sources },
      password,
    },
    globals,
    context,
  )
  if (!discovery.surroundings.isWhole)
    out.warn(`there is more in ${folder} than could be looked at: add to hikae.yaml what is missing in it`)
  // Who asks for no questions is told what was made.
  if (out.json || (options.yes && !options.dryRun))
    for (const warning of plan.warnings) out.warn(printableText(warning))
  else printPlan(plan, out)
  if (options.dryRun) {
    if (out.json) out.document({ message_type: 'planned', ...planJson(plan), stack_text: plan.stackText })
    return EXIT.succeeded
  }
  if (questions && !(await questions.confirm('Make all this now?'))) {
    out.note('nothing was made')
    return EXIT.interrupted
  }
  const kit: KitContent = {
    stack: answers.stack,
    hostname: ownIdentity().hostname,
    date: new Date().toISOString().slice(0, 10),
    places,
    sources: sources.flatMap(({ name, brings }) => brings?.map((brought) => ({ name: brought })) ?? [{ name }]),
    password: password.value,
    passwordFile: password.file,
  }
  await applyInit(plan, recoveryKit(kit), globals, context)
  signal.throwIfAborted()
  if (out.json) out.document({ message_type: 'initialized', ...planJson(plan) })
  else await tell(plan, kit, { questions, env, context })
  return EXIT.succeeded
}

async function look(
  folder: string,
  { signal, env, out }: CommandContext,
): Promise<{ discovery: Discovery; disks: readonly DiskFacts[] }> {
  if (folder === '/') {
    throw new UsageError('a stack file in / would be about the whole system', {
      hint: 'run hikae init in the folder of your application, for instance /srv/app',
    })
  }
  const kinds = SOURCE_KINDS.map(({ name }) => name)
  const clock = (): number => performance.now()
  const discovery = await lookAround(folder, { kinds, limits: LIMITS, clock, env, signal })
  if (discovery.sources.length === 0) {
    throw new UsageError(`there is nothing in ${folder} that could be saved`, {
      hint: 'run hikae init in the folder of your application, for instance /srv/app',
    })
  }
  try {
    return { discovery, disks: await listDisks(new DiskSystem({ signal, searchPath: searchPathOf(env['PATH']) })) }
  } catch (error) {
    signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    out.detail(`disks cannot be listed: ${error.message}`)
    return { discovery, disks: [] }
  }
}

async function answersFor(
  questions: Questions | undefined,
  found: { options: SetUpOptions; discovery: Discovery; disks: readonly DiskFacts[]; folder: string },
): Promise<Answers> {
  const { options, discovery, disks, folder } = found
  const stack = uniqueName(basename(folder), [])
  if (questions) return questions.ask(discovery, { stack, addresses: options.to, disks })
  return { stack, sources: discovery.sources, addresses: addressesWithoutAsking(options.to, disks) }
}

function passwordFile(
  { passwordFile: given, passwordCommand, insecureNoPassword }: GlobalValues,
  context: CommandContext,
): string {
  if (passwordCommand !== undefined || insecureNoPassword || given.length > 1) {
    throw new UsageError('a stack is set up with one password file', {
      hint: 'name it with --password-file once; hikae.yaml can be changed afterwards',
    })
  }
  const { env } = context
  const named = given[0] ?? (env['HIKAE_PASSWORD_FILE'] || env['RESTIC_PASSWORD_FILE'])
  return named ? resolve(named) : defaultPasswordFile(env, ownIdentity().uid)
}

function planJson({ stackFile, password, repositories, kitFile, warnings }: InitPlan): object {
  return {
    stack_file: stackFile,
    password_file: { path: password.file, new: password.isNew },
    repositories: repositories.map(({ place, state }) => ({
      name: place.name,
      repository: addressOf(place.location),
      new: state.kind === 'empty',
    })),
    kit_file: kitFile ?? null,
    warnings,
  }
}

async function tell(
  { stackFile, password, repositories, kitFile }: InitPlan,
  kit: KitContent,
  { questions, context: { out } }: { questions: Questions | undefined; env: unknown; context: CommandContext },
): Promise<void> {
  const count = repositories.filter(({ state }) => state.kind === 'empty').length
  out.line(
    `created ${printableText(stackFile)}, ${count === 1 ? '1 repository' : `${count} repositories`}${password.isNew ? ' and a password' : ''}`,
  )
  out.line()
  if (kitFile !== undefined) {
    out.line(
      `The recovery kit is in ${printableText(kitFile)}: print it or move it off this machine, then remove it here.`,
    )
  } else {
    out.flush()
    const isShown = questions !== undefined && (await questions.confirm('Show the recovery kit with the password now?'))
    for (const line of recoveryKit(isShown ? kit : { ...kit, password: undefined }).split('\n')) out.line(line)
  }
  out.note('Next: hikae backup saves everything now; hikae schedule install, or hikae daemon, does it every night.')
}
