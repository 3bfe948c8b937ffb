import { command } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { SurveyedRepository } from '../survey/survey.ts'

export const repositoryList = command({
  name: 'repository list',
  group: 'Look',
  summary: 'List repositories, their size and freshness',
  description:
    'Asks all repositories of hikae.yaml, or those named, at the same time: whether they can be reached, how many snapshots ' +
    'they have, how much is stored, when something was last written, when `hikae check` last found no error from this ' +
    'machine, what they miss that another one has, and how much room is left. Exit code 3 when some cannot be reached.',
  arguments: [],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [['repository list', 'all of hikae.yaml']],
  async run({ globals }, context) {
    const { chooseRepositories } = await import('../repository/choose.ts')
    const { surveyRepositories } = await import('../survey/survey.ts')
    const { printRepositories } = await import('../survey/list-view.ts')
    const chosen = await chooseRepositories(globals, context)
    const repositories = await surveyRepositories(chosen, globals, context, { sizes: true })
    printRepositories(repositories, context.out)
    return exitCodeOf(repositories)
  },
})

function exitCodeOf(repositories: readonly SurveyedRepository[]): ExitCode {
  const missed = repositories.filter(({ kind }) => kind === 'missed').length
  if (missed === 0) return EXIT.succeeded
  return missed === repositories.length ? EXIT.failed : EXIT.incomplete
}
