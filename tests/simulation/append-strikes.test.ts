import { appendStrikes } from './append-strikes.ts'
import { struckFolder, struckMemory } from './struck-world.ts'

appendStrikes([struckMemory(), struckFolder()])
