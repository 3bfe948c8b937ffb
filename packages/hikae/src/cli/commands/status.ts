import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

export const status = command({
  name: 'status',
  group: 'Look',
  summary: 'Tell whether repositories are level, and the 3-2-1 score',
  description:
    'One line per repository, and how many copies there are on how many media and how many off-site: three, two and one are ' +
    'what a backup should have, the live data counting as one copy. Repositories that one accident takes together, because ' +
    'they share a disk, a host or an account, are one copy. Exit code 3 when a repository cannot be reached or is behind.',
  arguments: [],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [['status', 'all repositories of hikae.yaml']],
  async run({ globals }, context) {
    const { chooseRepositories } = await import('../repository/choose.ts')
    const { freshnessOf } = await import('../survey/freshness.ts')
    const { scoreOf } = await import('../survey/score.ts')
    const { printStatus } = await import('../survey/status-view.ts')
    const { surveyRepositories } = await import('../survey/survey.ts')
    const chosen = await chooseRepositories(globals, context.env)
    const repositories = await surveyRepositories(chosen, globals, context, { sizes: false })
    printStatus(repositories, await scoreOf(repositories, context.signal), context.out, Date.now())
    const isFine = repositories.every(
      (repository) => repository.kind === 'reached' && freshnessOf(repository, repositories).kind !== 'behind',
    )
    return isFine ? EXIT.succeeded : EXIT.incomplete
  },
})
