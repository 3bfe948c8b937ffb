import { expect, test } from 'vitest'
import { powersOf } from './own-powers.ts'

test.for([
  { who: 'root', effective: '000001ffffffffff', readsAll: true, writesAll: true },
  { who: "root in a container by Docker's own rules", effective: '00000000a80425fb', readsAll: true, writesAll: true },
  { who: 'who has CAP_DAC_READ_SEARCH only', effective: '0000000000000004', readsAll: true, writesAll: false },
  { who: 'who has nothing, be it root', effective: '0000000000000000', readsAll: false, writesAll: false },
])('$who', ({ effective, readsAll, writesAll }) => {
  const status = `Name:\tnode\nCapPrm:\t0000000000000000\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\n`
  expect(powersOf(status)).toEqual({ readsAll, writesAll })
})
