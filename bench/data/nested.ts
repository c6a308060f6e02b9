import { booleans, doubles, instants, ints, longs, texts } from './arrow-columns.ts'
import { type Columns, listOf } from './columns.ts'
import { below, hash } from './hash.ts'

let nextSeed = 100
const double = () => {
  const seed = nextSeed++
  return doubles((row) => hash(row, seed) / 2 ** 20)
}
const text = (prefix: string, many: number) => {
  const seed = nextSeed++
  return texts((row) => `${prefix}-${below(many, row, seed)}`)
}
const int = (limit: number) => {
  const seed = nextSeed++
  return ints((row) => below(limit, row, seed))
}

/**
 * Reports of devices, of 31 leaves, all but the id in one struct; `report.reading.quality.score` is the leaf that is
 * read alone.
 */
export const nestedColumns: Columns = {
  id: longs((row) => row),
  report: {
    at: instants((row) => 1_735_689_600_000_000 + row * 1_000_000),
    device: {
      serial: text('serial', 100_000),
      model: text('model', 20),
      firmware: text('firmware', 50),
      owner: { id: int(10_000), name: text('owner', 10_000), region: text('region', 12) },
    },
    place: {
      latitude: double(),
      longitude: double(),
      altitude: double(),
      accuracy: double(),
      address: { city: text('city', 500), zip: text('zip', 5000), country: text('country', 30) },
    },
    reading: {
      temperature: double(),
      humidity: double(),
      pressure: double(),
      voltage: double(),
      current: double(),
      power: double(),
      quality: { score: double(), samples: int(100), flags: int(16) },
    },
    trip: {
      distance: double(),
      duration: double(),
      origin: text('stop', 2000),
      target: text('stop', 2000),
      speeds: listOf(3, double()),
    },
    labels: listOf(2, text('label', 40)),
    valid: booleans((row) => (hash(row, 99) & 7) !== 0),
  },
}
