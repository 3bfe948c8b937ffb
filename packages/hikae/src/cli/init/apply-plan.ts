import { link, mkdir, open, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorMessage, InputError, systemCode } from '../../errors.ts'
import { ownIdentity } from '../../identity.ts'
import { addressOf } from '../../repositories/location.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { printableText } from '../output/printable.ts'
import { openBackend } from '../repository/session.ts'
import { backendSettings } from '../repository/settings.ts'
import type { InitPlan } from './init-plan.ts'
import { writeSecretFile } from './password-file.ts'

/**
 * Makes what the plan says: the password before the repositories that it opens, then the kit, and
 * the stack file last. A run that ends before can be repeated: it goes on with the password and the repositories that there are.
 *
 * @param kit its text
 */
export async function applyInit(
  plan: InitPlan,
  kit: string,
  globals: GlobalValues,
  context: CommandContext,
): Promise<void> {
  const { password, kitFile } = plan
  const { signal, out } = context
  signal.throwIfAborted()
  if (password.isNew) await writeSecretFile(password.file, `${password.value}\n`)
  const made: string[] = []
  try {
    await makeRepositories(plan, made, globals, context)
    signal.throwIfAborted()
    if (kitFile !== undefined) await writeSecretFile(kitFile, kit)
    await writeStackFile(plan)
  } catch (error) {
    // A password that opens nothing is of no use; one that opens something must never be lost.
    if (made.length === 0 && password.isNew) await rm(password.file)
    else if (made.length > 0) out.warn(`made so far: ${made.join(', ')}; the same command goes on from there`)
    throw error
  }
}

/** Last, since it is what tells the next run that there is nothing left to do. */
async function writeStackFile({ stackFile, stackText, kitFile }: InitPlan): Promise<void> {
  try {
    await writeNewFile(stackFile, stackText)
  } catch (error) {
    if (kitFile !== undefined) await rm(kitFile)
    throw error
  }
}

/** All cut content alike: one backup can be stored in all of them at the cost of one. */
async function makeRepositories(
  { repositories, password }: InitPlan,
  made: string[],
  globals: GlobalValues,
  context: CommandContext,
): Promise<void> {
  const { initRepository } = await import('@hikae/engine')
  const known = repositories.map(({ state }) => state).find((state) => state.kind === 'ours')
  let chunkerPolynomial = known?.chunkerPolynomial
  const { hostname, username } = ownIdentity()
  for (const { place, state } of repositories) {
    context.signal.throwIfAborted()
    if (state.kind === 'ours') continue
    const settings = backendSettings(globals, context.env)
    await using backend = await openBackend({ location: place.location, settings }, context)
    const created = await initRepository(backend, {
      password: password.value,
      hostname,
      username,
      ...(chunkerPolynomial === undefined ? {} : { chunkerPolynomial }),
    })
    chunkerPolynomial = created.chunkerPolynomial
    made.push(printableText(addressOf(place.location)))
  }
}

/** It holds no secret: everybody may read it. It is there whole or not at all, and replaces nothing. */
async function writeNewFile(path: string, content: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`
  try {
    await mkdir(dirname(path), { recursive: true })
    {
      await using file = await open(beside, 'wx', 0o644)
      await file.writeFile(content)
      await file.sync()
    }
    await publish(beside, path, content)
  } catch (error) {
    throw new InputError(`cannot write ${path}: ${errorMessage(error)}`, {
      hint: 'choose another file with --config, in a folder that you may write to',
      cause: error,
    })
  } finally {
    await rm(beside, { force: true })
  }
}

async function publish(beside: string, path: string, content: string): Promise<void> {
  try {
    await link(beside, path)
    await unlink(beside)
  } catch (error) {
    // File systems without links, as on memory cards.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) throw error
    await using file = await open(path, 'wx', 0o644)
    await file.writeFile(content)
    await file.sync()
  }
}
