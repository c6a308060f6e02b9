import { struckFolder, struckMemory } from './struck-world.ts'
import { upsertStrikes } from './upsert-strikes.ts'

upsertStrikes([struckMemory(), struckFolder()])
