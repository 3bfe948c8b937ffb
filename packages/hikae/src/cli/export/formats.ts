/** What an export may be. */
export const EXPORT_FORMATS = ['tar.zst', 'tar.gz', 'tar', 'zip', 'plain'] as const

export type ExportFormat = (typeof EXPORT_FORMATS)[number]
