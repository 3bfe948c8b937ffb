import type { CheckReport, SnapshotId } from '@hikae/engine'
import { describe, test } from 'vitest'
import { damageHint, damageText } from './damage-text.ts'

const PACK = 'pack 5c0ffee1 is damaged: its content does not match its id'

describe('damage', () => {
  test('is told with an example and the snapshots that are touched', ({ expect }) => {
    const text = damageText({
      errors: [{ kind: 'pack-damaged', message: PACK }],
      touchedSnapshots: [
        { id: '1a2b3c4d5e6f' as SnapshotId, files: 0, directories: 0 },
        { id: '2b3c4d5e6f70' as SnapshotId, time: '2026-11-20T02:00:07Z', hostname: 'h', files: 3, directories: 1 },
      ],
    })
    expect(text).toBe(
      `damage was found: 1 error (${PACK}); 2 snapshots do not come back whole: 1a2b3c4d (cannot be read), ` +
        '2b3c4d5e of 2026-11-20 02:00 (3 files, 1 directory)',
    )
    const many = Array.from({ length: 7 }, (_, at) => ({
      id: `${at}`.repeat(8) as SnapshotId,
      files: 1,
      directories: 0,
    }))
    expect(damageText({ errors: [], touchedSnapshots: many })).toMatch(/44444444 \(cannot be read\) and 2 more$/)
    expect(damageText({ errors: [], touchedSnapshots: [] })).toContain('no snapshot is known to be touched')
  })

  test('comes with what to do, in order, for the repository in question', ({ expect }) => {
    const suggestions: CheckReport['suggestions'] = [
      { kind: 'advice', advice: 'copy the repository first' },
      { kind: 'command', command: 'repair index' },
      { kind: 'command', command: `repair packs ${'5c0ffee1'.repeat(100)}` },
    ]
    expect(damageHint({ suggestions }, 'usb', ['nas'])).toBe(
      'restore from nas meanwhile, which should have the same; copy the repository first; hikae repair index --repo usb; ' +
        'what hikae check --read-data --repo usb says in its last lines',
    )
  })
})
