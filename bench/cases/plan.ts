import type { BenchCase } from '../case.ts'
import { IDS_PER_FILE, PARTITIONS, plannedTable } from '../data/planned-table.ts'
import { java, node, python } from '../peers/commands.ts'

/** Ours reads every manifest anew; Java's warm planning has the bytes of the manifests in memory. */
export const plan: BenchCase = {
  name: 'plan',
  about: 'plan a scan of files in manifests of 1,000, over 100 partitions, with disjoint ranges of ids',
  unit: 'files',
  async prepare({ files }) {
    const table = plannedTable(files)
    const { metadataLocation } = table
    const filters = [
      { title: 'all', column: '', value: 0 },
      { title: 'one partition', column: 'quantity', value: Math.floor(PARTITIONS * 0.42) },
      { title: 'one id', column: 'id', value: Math.floor(files * IDS_PER_FILE * 0.42) },
    ]
    return filters.map(({ title, column, value }) => {
      const where = column === '' ? {} : { where: `${column} = ${value}` }
      const inJava = (cached: boolean) =>
        java('PlanFiles', metadataLocation, String(files), column, String(value), String(cached))
      return {
        title: `${files} files, ${title}`,
        contenders: [
          { label: 'moraine', command: node('plan', { ...table, ...where }) },
          { label: 'pyiceberg', command: python('pyiceberg_plan', { metadataLocation, files, ...where }) },
          { label: 'iceberg java', command: inJava(false), warmUps: 15 },
          { label: 'iceberg java, cached', command: inJava(true), warmUps: 15 },
        ],
      }
    })
  },
}
