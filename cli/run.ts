/** From a command line to output and an exit code. */
import { env as environment } from 'node:process'
import { Command, CommanderError, Option } from 'commander'
import { isMoraineError, messageOf, setReadLimits, version } from '../index.ts'
import { inCommandWords } from './command-words.ts'
import { complete } from './complete.ts'
import { READ_LIMITS, readLimitsFrom } from './read-limits.ts'
import { type OutputFormat, render, type Sink, withoutControls } from './render.ts'
import { commonOptions, type OptionSpec, type Verb, type VerbContext, type VerbOptions } from './verb.ts'
import { loadVerb, loadVerbs } from './verbs.ts'

/** Scripts tell outcomes apart by these. `interrupted` is what shells expect after Ctrl-C. */
export const exitCodes = { done: 0, failed: 1, wrongUse: 2, conflict: 3, interrupted: 130 } as const

/** What the scripts of `moraine completion` call; no verb, since nobody types it. */
const COMPLETE = '__complete'

/** What the command needs of the process around it. */
export interface Process extends VerbContext {
  readonly stdout: Sink
}

/** Runs one command line, without the names of program and script. Resolves to the exit code; nothing is thrown. */
export async function run(args: readonly string[], process: Process): Promise<number> {
  if (args[0] === COMPLETE) return runCompletion(args, process)
  let helpText = ''
  const program = programOf(await verbsFor(args), process)
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        helpText += text
      },
      writeErr: (text) => process.error(text),
    })
  }
  try {
    setReadLimits(readLimitsFrom(environment[READ_LIMITS] ?? ''))
    await program.parseAsync(args as string[], { from: 'user' })
    return exitCodes.done
  } catch (error) {
    if (isBrokenPipe(error)) return exitCodes.done
    if (!(error instanceof CommanderError)) {
      process.error(`moraine: ${withoutControls(inCommandWords(messageOf(error)))}\n`)
      return exitCodeOf(error)
    }
    if (error.exitCode !== 0) return exitCodes.wrongUse
    await process.stdout.write(helpText)
    return exitCodes.done
  }
}

/** Answers the shell's question; whatever is wrong, it has no answer. */
async function runCompletion(args: readonly string[], { stdout }: Process): Promise<number> {
  const words = args.slice(args[1] === '--' ? 2 : 1)
  const candidates = await complete(words).catch(() => [])
  const lines = candidates.map(({ text, description }) => `${withoutControls(text)}\t${description}\n`)
  await stdout.write(lines.join(''))
  return exitCodes.done
}

/** The verb that is called; all of them where it takes all to help. */
async function verbsFor(args: readonly string[]): Promise<readonly Verb[]> {
  const verb = await loadVerb(args.find((arg) => !arg.startsWith('-')) ?? '')
  return verb === undefined ? loadVerbs() : [verb]
}

function programOf(verbs: readonly Verb[], process: Process): Command {
  const program = new Command('moraine')
    .description('Apache Iceberg tables from the shell.')
    .version(version, '-V, --version')
    .showHelpAfterError('(moraine --help lists the verbs)')
    .addHelpText(
      'after',
      `
Begin with a file of yours; \`moraine <verb> --help\` has an example of each verb:
  export MORAINE_CATALOG=./lake
  moraine append shop.orders orders.csv --create
  moraine scan shop.orders --limit 10`,
    )
  for (const verb of verbs) program.addCommand(commandOf(verb, process))
  return program
}

function commandOf(verb: Verb, process: Process): Command {
  const command = new Command(verb.name).description(verb.summary)
  for (const argument of verb.arguments) command.argument(argument.name, argument.description)
  for (const option of [...verb.options, ...commonOptions]) command.addOption(optionOf(option))
  return command
    .addHelpText('after', `\nExample:\n  ${verb.example}`)
    .showHelpAfterError(`(moraine ${verb.name} --help says more)`)
    .action(async (...given: unknown[]) => {
      const values = given.slice(0, verb.arguments.length).filter((value) => typeof value === 'string')
      const options = command.opts<VerbOptions>()
      const output = await verb.run(values, options, process)
      await render(output, options.format as OutputFormat, process.stdout)
      if (output.kind === 'records' && output.failure !== undefined) throw output.failure
    })
}

function optionOf({ flags, description, repeatable, choices, default: byDefault }: OptionSpec): Option {
  const option = new Option(flags, description)
  if (choices !== undefined) option.choices(choices)
  if (byDefault !== undefined) option.default(byDefault)
  return repeatable
    ? option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
    : option
}

/** The reader has gone away (`| head`): nothing is wrong. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

function exitCodeOf(error: unknown): number {
  if (!isMoraineError(error)) return exitCodes.failed
  switch (error.code) {
    case 'INVALID_ARGUMENT':
      return exitCodes.wrongUse
    case 'COMMIT_CONFLICT':
    case 'VALIDATION_FAILED':
      return exitCodes.conflict
    case 'ABORTED':
      return exitCodes.interrupted
    default:
      return exitCodes.failed
  }
}
