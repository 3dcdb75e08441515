/** Raw lines of one source, as they came: parts joined, continuations folded, each entry taken apart. */
import { isContinuation, leavesTracebackOpen } from './line-continuation.ts';
import { JOINED_CHARACTERS_MAX, joinPartials, openEnvelope, type Envelope } from './line-envelope.ts';
import { readEnvelope, withoutCarriageReturn } from './line.ts';
import type { ParsedLine } from './parsed-line.ts';

/** How lines are read. */
export type LinesOptions = {
  /** Epoch milliseconds at which they arrived. */
  readonly receivedAt: number;
  /** Whether continuation lines become part of the entry before them. */
  readonly fold: boolean;
};

/** An entry that may still grow, within its stream. */
type OpenEntry = {
  readonly first: ParsedLine;
  readonly texts: string[];
  characters: number;
  inTraceback: boolean;
};

/**
 * Takes the lines of one pod and container apart, in their order (contracts/server-logs.md, "The line parser").
 * - Blank lines are dropped, and the parts into which a container's runtime cut a line are joined.
 * - With `fold`, a continuation is put behind the entry before it in its stream, after a line feed and without its
 *   envelope; its time is dropped. With nothing before it, it stands alone.
 * - An entry that would grow beyond `JOINED_CHARACTERS_MAX` goes on in a further entry of the same time and level.
 * @param lines without their line feeds
 */
export function parseLines(lines: readonly string[], options: LinesOptions): readonly ParsedLine[] {
  const envelopes = lines
    .filter((line) => !isBlank(line))
    .map((line) => openEnvelope(withoutCarriageReturn(line)));
  const whole = joinPartials(envelopes).filter(({ content }) => !isBlank(content));
  return options.fold
    ? folded(whole, options.receivedAt)
    : whole.map((envelope) => readEnvelope(envelope, options.receivedAt));
}

function folded(envelopes: readonly Envelope[], receivedAt: number): readonly ParsedLine[] {
  const entries: OpenEntry[] = [];
  const latest = new Map<Envelope['stream'], OpenEntry>();
  for (const envelope of envelopes) {
    const open = latest.get(envelope.stream);
    const inTraceback = open?.inTraceback ?? false;
    const isMore = open !== undefined && isContinuation(envelope, inTraceback);
    let entry = open;
    if (
      entry === undefined ||
      !isMore ||
      entry.characters + envelope.content.length > JOINED_CHARACTERS_MAX
    ) {
      const first =
        isMore && entry !== undefined ? furtherOf(entry.first, envelope) : readEnvelope(envelope, receivedAt);
      entry = { first, texts: [first.message], characters: first.message.length, inTraceback };
      entries.push(entry);
      latest.set(envelope.stream, entry);
    } else {
      entry.texts.push(envelope.content);
      entry.characters += envelope.content.length + 1;
    }
    entry.inTraceback = leavesTracebackOpen(envelope, isMore && inTraceback);
  }
  return entries.map(closed);
}

function closed({ first, texts }: OpenEntry): ParsedLine {
  return { ...first, message: texts.join('\n') };
}

function furtherOf({ timestamp, level }: ParsedLine, { content }: Envelope): ParsedLine {
  return { timestamp, level, message: content };
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
