/** The contract of server-logs: its parameters, its limits and pydantic's words for faults (contracts/server-logs.md). */
import * as z from 'zod';
import type { Limits } from '../../edge/limits.ts';
import { LEVELS, type Level } from '../../event/event.ts';
import { storableText } from '../../event/text.ts';
import { parseTime, type Rounding } from '../../event/time.ts';

/** How much a credential may read: the document's own numbers. */
export const LIMITS: Limits = { perMinute: 100, concurrent: 10 };

/** Lines of a page by default, and at most: the document's numbers. */
export const LIMIT_DEFAULT = 10;
export const LIMIT_MAX = 1000;

/** Workspaces that one answer lists, those of the most events: ten times what a key can be bound to. */
export const WORKSPACES_MAX = 1000;

/** An integer as pydantic reads it from a text: blanks around it, `1_000` and `10.0` included. */
const INTEGER = /^\s*([+-]?\d+(?:_\d+)*)(?:\.0+)?\s*$/;

/** A date, or a date and a time, whose seconds may be absent. An unescaped `+` of an offset arrives as a space. */
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[Tt _](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[ +-]\d\d:?\d\d)?)?$/;

/** Seconds or milliseconds since 1970. */
const EPOCH = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** Above it a number is milliseconds, up to it seconds: pydantic's own watershed, 2603-10-11 in seconds. */
const EPOCH_SECONDS_MAX = 20_000_000_000;

/** The years 0 to 9999 in epoch milliseconds: what pydantic takes as a number. */
const EPOCH_MIN = -62_167_219_200_000;
const EPOCH_MAX = 253_402_300_799_999;

/** `15m`, `1h`, `2 days ago`; nine digits are more than all of time in any unit that matters. */
const AGO = /^(\d{1,9}) ?(s|m|h|d|w|secs?|mins?|hrs?|seconds?|minutes?|hours?|days?|weeks?)(?: ago)?$/;

/** Milliseconds of a unit by its first letter. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** What a date must be, step by step, and what pydantic says where it is not. */
const DATE_STEPS: readonly (readonly [RegExp, string])[] = [
  [/^.{10}/s, 'input is too short'],
  [/^\d{4}/, 'invalid character in year'],
  [/^.{4}-/, 'invalid date separator, expected `-`'],
  [/^.{5}\d\d/, 'invalid character in month'],
  [/^.{7}-/, 'invalid date separator, expected `-`'],
  [/^.{8}\d\d/, 'invalid character in day'],
  [/^.{5}(?:0[1-9]|1[0-2])/, 'month value is outside expected range of 1-12'],
];

const LEVELS_EXPECTED = LEVELS.map((level) => `'${level}'`)
  .join(', ')
  .replace(/, (?='[a-z]+'$)/, ' or ');

/** What is wrong with one parameter, in pydantic's words. */
export type Fault = {
  readonly type: string;
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, string | number>>;
};

/** A point in time: fixed, or so many milliseconds before the walk began. */
export type Moment = { readonly at: number } | { readonly ago: number };

/**
 * A parameter that `read` makes a value or a fault of.
 * The issue carries the fault and the raw text in its `params`, as `{ fault, input }`.
 */
function parameter<T>(read: (text: string) => { value: T } | { fault: Fault }): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const result = read(text);
    if ('value' in result) return result.value;
    context.addIssue({
      code: 'custom',
      message: result.fault.msg,
      params: { fault: result.fault, input: text },
    });
    return z.NEVER;
  });
}

const limit = parameter((text) => {
  const digits = INTEGER.exec(text)?.[1];
  const value = Number(digits?.replaceAll('_', ''));
  if (value >= 1 && value <= LIMIT_MAX) return { value };
  if (value < 1) return fault('greater_than_equal', 'Input should be greater than or equal to 1', { ge: 1 });
  if (value > LIMIT_MAX) {
    const msg = `Input should be less than or equal to ${LIMIT_MAX}`;
    return fault('less_than_equal', msg, { le: LIMIT_MAX });
  }
  return fault('int_parsing', 'Input should be a valid integer, unable to parse string as an integer');
});

const level = parameter<Level>((text) => {
  const value = LEVELS.find((known) => known === text);
  if (value !== undefined) return { value };
  return fault('enum', `Input should be ${LEVELS_EXPECTED}`, { expected: LEVELS_EXPECTED });
});

/** Our own texts and pod names: compared as they are stored, and absent when empty. */
const text = z.string().transform((value) => (value === '' ? null : storableText(value)));

/** A time; `rounding` says which whole millisecond stands for a finer fraction. */
function moment(rounding: Rounding): z.ZodType<Moment, string> {
  return parameter<Moment>((given) => {
    const [, amount, unit = ''] = AGO.exec(given) ?? [];
    if (amount !== undefined) return { value: { ago: Number(amount) * (UNITS[unit.charAt(0)] ?? 0) } };
    const time = EPOCH.test(given) ? epochTime(Number(given), rounding) : dateTime(given, rounding);
    if (typeof time === 'number') return { value: { at: time } };
    const msg = `Input should be a valid datetime or date, ${time}`;
    return fault('datetime_from_date_parsing', msg, { error: time });
  });
}

/** Epoch milliseconds, or why there are none. */
function epochTime(given: number, rounding: Rounding): number | string {
  const milliseconds = Math.abs(given) > EPOCH_SECONDS_MAX ? given : given * 1000;
  if (milliseconds > EPOCH_MAX) return 'dates after 9999 are not supported as unix timestamps';
  if (milliseconds < EPOCH_MIN) return 'dates before 0000 are not supported as unix timestamps';
  // Through microseconds: 2158377722.812 * 1000 is a little off, and rounding would skip that millisecond.
  const exact = Math.round(milliseconds * 1000) / 1000;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/** Epoch milliseconds of ISO 8601, UTC where it names no zone, or why there are none. */
function dateTime(given: string, rounding: Rounding): number | string {
  const match = DATE_TIME.exec(given);
  if (match === null) return dateFault(given);
  const [, date = '', minutes = '00:00', seconds = '00', fraction = '0', zone = 'Z'] = match;
  const canonical = `${date}T${minutes}:${seconds}.${fraction.slice(0, 9)}${zone.replace(' ', '+')}`;
  return parseTime(canonical, rounding)?.milliseconds ?? dateFault(given);
}

function dateFault(given: string): string {
  const failed = DATE_STEPS.find(([step]) => !step.test(given));
  if (failed !== undefined) return failed[1];
  return parseTime(`${given.slice(0, 10)}T00:00:00Z`) === null
    ? 'day value is outside expected range'
    : 'unexpected extra characters at the end of the input';
}

function fault(type: string, msg: string, ctx?: Fault['ctx']): { fault: Fault } {
  return { fault: { type, msg, ...(ctx === undefined ? {} : { ctx }) } };
}

/** The parameters of the logs, in the order in which faults are told. */
export const LogParameters = z.object({
  limit: limit.optional(),
  since: moment('up').optional(),
  until: moment('down').optional(),
  level: level.optional(),
  pod_name: text.optional(),
  container_name: text.optional(),
  q: text.optional(),
  cursor: text.optional(),
});

/** Those parameters, read. */
export type LogParameters = z.infer<typeof LogParameters>;
