/** What a container runtime or Kubernetes writes in front of a line: its envelope, and what lies in it. */
import { timeOfText } from './line-time.ts';

/** A line with its envelope taken off; a line without one has no timestamp. */
export type Envelope = {
  /** Epoch milliseconds. */
  readonly timestamp: number | null;
  readonly stream: 'stdout' | 'stderr' | null;
  /** Whether the runtime cut the line here, so that the next one of this stream continues it. */
  readonly isPartial: boolean;
  /** What the program wrote, white space at its start included. */
  readonly content: string;
};

/** `2016-10-06T00:17:09.669794202Z stdout F message`; further tags follow the flag after colons. */
const CRI = /^(\S{19,40}) (stdout|stderr) ([FP])(?::\S{0,100})?(?: |$)/;

/** `kubectl logs --timestamps`: nanoseconds and one space; up to two zeros at the end may have been dropped. */
const KUBERNETES = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7,9}(?:Z|[+-]\d{2}:\d{2}))(?: |$)/;

/** The most characters that lines are joined to: at three bytes each, an entry stays within the limit of one event. */
export const JOINED_CHARACTERS_MAX = 256 * 1024;

/** Takes a line without its CR out of its envelope. */
export function openEnvelope(line: string): Envelope {
  const cri = CRI.exec(line);
  const match = cri ?? KUBERNETES.exec(line);
  const timestamp = match?.[1] === undefined ? null : timeOfText(match[1]);
  if (match === null || timestamp === null)
    return { timestamp: null, stream: null, isPartial: false, content: line };
  return {
    timestamp,
    stream: cri === null ? null : cri[2] === 'stderr' ? 'stderr' : 'stdout',
    isPartial: cri?.[3] === 'P',
    content: line.slice(match[0].length),
  };
}

/**
 * Joins the parts of each stream to the full line that ends them. The whole has the time and the place of its first
 * part. A part whose end is missing stands as it is, and one that grows beyond `JOINED_CHARACTERS_MAX` is cut there.
 */
export function joinPartials(envelopes: readonly Envelope[]): readonly Envelope[] {
  const slots: { first: Envelope; parts: string[]; characters: number }[] = [];
  const open = new Map<Envelope['stream'], (typeof slots)[number]>();
  for (const envelope of envelopes) {
    const { stream, isPartial, content } = envelope;
    const earlier = stream === null ? undefined : open.get(stream);
    let slot = earlier;
    if (slot === undefined || slot.characters + content.length > JOINED_CHARACTERS_MAX) {
      slot = { first: envelope, parts: [], characters: 0 };
      slots.push(slot);
    }
    slot.parts.push(content);
    slot.characters += content.length;
    if (isPartial) open.set(stream, slot);
    else if (earlier !== undefined) open.delete(stream);
  }
  return slots.map(({ first: { timestamp, stream }, parts }) => ({
    timestamp,
    stream,
    isPartial: false,
    content: parts.join(''),
  }));
}
