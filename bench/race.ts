import type { Contender, Measured, Round } from './case.ts'
import { type Child, startChild } from './child.ts'

/** Medians of a contender's repetitions. */
export interface Result {
  readonly label: string
  readonly count: number
  readonly ms: number
  readonly cpuMs: number
  readonly perSecond: number
  /** How many times as fast ours is, by wall and by CPU time; absent for ours. */
  readonly ratio?: number
  readonly cpuRatio?: number
  readonly bytesRead?: number
  readonly requests?: number
  /** Bytes. */
  readonly peakMemory: number
  readonly note?: string
  readonly repetitions: readonly Measured[]
}

/**
 * Runs a round: every contender is warmed up, then they take turns, the order reversed every other time, so
 * that a machine that slows down slows all of them.
 */
export async function race(round: Round, repetitions: number): Promise<readonly Result[]> {
  const lanes: Lane[] = []
  try {
    for (const contender of round.contenders) lanes.push(await openLane(contender))
    for (let i = 0; i < repetitions; i++) {
      for (const lane of i % 2 === 0 ? lanes : [...lanes].reverse()) await repeat(lane)
    }
  } finally {
    for (const lane of lanes) await leave(lane)
  }
  const ours = summarize(lanes[0]!)
  return [ours, ...lanes.slice(1).map((lane) => compare(summarize(lane), lane.contender, ours))]
}

/** A contender with its process, which a fresh one has only while it runs. */
interface Lane {
  readonly contender: Contender
  child: Child | undefined
  peakMemory: number
  /** Repetitions before those that are measured. */
  readonly warmUps: number
  readonly measured: Measured[]
}

async function openLane(contender: Contender): Promise<Lane> {
  await contender.prepare?.()
  if (contender.fresh) return { contender, child: undefined, peakMemory: 0, warmUps: 0, measured: [] }
  const child = await startChild(contender)
  const { warmUps = 1 } = contender
  for (let i = 0; i < warmUps; i++) await child.run(i)
  return { contender, child, peakMemory: 0, warmUps, measured: [] }
}

async function repeat(lane: Lane): Promise<void> {
  const child = lane.child ?? (await startChild(lane.contender))
  lane.measured.push(await child.run(lane.warmUps + lane.measured.length))
  if (lane.child === undefined) lane.peakMemory = Math.max(lane.peakMemory, await child.stop())
}

async function leave(lane: Lane): Promise<void> {
  if (lane.child === undefined) return
  lane.peakMemory = await lane.child.stop()
  lane.child = undefined
}

function summarize({ contender, measured, peakMemory }: Lane): Result {
  const of = (key: 'count' | 'ms' | 'cpuMs' | 'bytesRead' | 'requests') =>
    median(measured.map((each) => each[key]).filter((value) => value !== undefined))
  const last = measured.at(-1)!
  return {
    label: contender.label,
    count: of('count'),
    ms: of('ms'),
    cpuMs: of('cpuMs'),
    perSecond: of('count') / (of('ms') / 1000),
    ...(last.bytesRead === undefined ? {} : { bytesRead: of('bytesRead') }),
    ...(last.requests === undefined ? {} : { requests: of('requests') }),
    peakMemory,
    ...(last.note === undefined ? {} : { note: last.note }),
    repetitions: measured,
  }
}

/** By what one unit costs, since a slow peer may be given less to do. */
function compare(peer: Result, contender: Contender, ours: Result): Result {
  if (contender.unrated) return peer
  return {
    ...peer,
    ratio: peer.ms / peer.count / (ours.ms / ours.count),
    cpuRatio: peer.cpuMs / peer.count / (ours.cpuMs / ours.count),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
