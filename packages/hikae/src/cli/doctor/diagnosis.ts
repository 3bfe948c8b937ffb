import { EXIT, type ExitCode } from '../exit-codes.ts'

/** One thing that was examined. */
export interface Diagnosis {
  /** `repository usb`, `source uploads`, `clock`. */
  readonly subject: string
  /** `error`: a run would fail, or not be whole. `warning`: it would work, and something should be otherwise. */
  readonly verdict: 'ok' | 'warning' | 'error'
  readonly message: string
  /** What to do; of all but `ok`. */
  readonly hint?: string
}

export function ok(subject: string, message: string): Diagnosis {
  return { subject, verdict: 'ok', message }
}

/** 0 when all is well, 3 with warnings, 1 when a run would fail. */
export function exitCodeFor(diagnoses: readonly Pick<Diagnosis, 'verdict'>[]): ExitCode {
  if (diagnoses.some(({ verdict }) => verdict === 'error')) return EXIT.failed
  return diagnoses.some(({ verdict }) => verdict === 'warning') ? EXIT.incomplete : EXIT.succeeded
}
