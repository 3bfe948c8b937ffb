import type { StackContext } from '../config/open-stack.ts'
import { UsageError } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { chooseRepositories, type ChosenRepository, stackRepositories } from '../repository/choose.ts'

/** Repositories that are to hold the same. */
export interface Family {
  /** Those to be brought level. */
  readonly targets: readonly ChosenRepository[]
  /** Those that only give. */
  readonly others: readonly ChosenRepository[]
}

/**
 * The repositories that are named, all of the stack file when none is; and as others, for names of the stack file, the rest
 * of it.
 *
 * @throws {UsageError} there is only one
 */
export async function chooseFamily(globals: GlobalValues, context: StackContext): Promise<Family> {
  const targets = await chooseRepositories(globals, context)
  const names = targets.map(({ name }) => name)
  const areOfStack = names.some((name) => name !== undefined)
  const stack = areOfStack ? await stackRepositories(globals, context) : []
  const others = stack.filter(({ name }) => !names.includes(name))
  if (targets.length + others.length > 1) return { targets, others }
  throw new UsageError('there is only one repository: nothing can be brought level with it', {
    hint: 'name several in hikae.yaml, or repeat --repo',
  })
}
