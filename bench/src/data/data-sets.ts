import { big } from './big.ts'
import type { DataSet, DataSetName } from './data-set.ts'
import { mixed } from './mixed.ts'
import { million, small } from './small.ts'

export const dataSets: readonly DataSet[] = [mixed, big, small, million]
export const dataSetNames: readonly DataSetName[] = dataSets.map(({ name }) => name)

/** A million files take long to make; they are measured when named. */
export const usualDataSets: readonly DataSetName[] = ['mixed', 'big', 'small']
