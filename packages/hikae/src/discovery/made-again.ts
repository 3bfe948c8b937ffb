/** Names of folders whose content is made again by whoever made it: nobody looks into them, and nobody saves them. */
export const MADE_AGAIN: readonly string[] = [
  'node_modules',
  '.cache',
  '.next',
  '.nuxt',
  '.turbo',
  '.gradle',
  '.terraform',
  '.tox',
  '.venv',
  '__pycache__',
  '.mypy_cache',
  '.pytest_cache',
  'lost+found',
]
