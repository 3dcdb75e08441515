/** Reads the contracts' own schemas, so that names, types and words of requests are stated once. */
import * as fc from 'fast-check';
import type * as z from 'zod';
import {
  goodCount,
  goodTime,
  hostileCount,
  hostileJson,
  hostileName,
  hostileNumber,
  hostileText,
  hostileTime,
  KNOWN,
  word,
} from './values.ts';

/** What a schema says of itself, as far as it is looked at here. */
type Definition = {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
};

/** The two ends of a range that is neither empty nor longer than a year. */
const earlyTime = fc.integer({ min: 1_767_225_600_000, max: 1_772_323_200_000 });
const lateTime = fc.integer({ min: 1_772_323_200_001, max: 1_796_083_200_000 });

/** Names whose values are times, counts or page positions, whatever the schema of their text is. */
const TIME_NAME = /^(?:start_time|end_time|since|until|timestamp|from|to)$/;
const COUNT_NAME = /^(?:limit|offset|days|min_latency|max_latency)$/;

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def;
}

/** The fields of an object, looked for behind what is wrapped around it. */
export function fieldsOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const definition = definitionOf(schema);
  if (definition.shape !== undefined) return definition.shape;
  const inner = definition.innerType ?? wantedOf(definition);
  if (inner === undefined) throw new Error(`a schema of ${definition.type} has no fields`);
  return fieldsOf(inner);
}

/** Of a pipe, the side that says what callers send: a transformation's own side says nothing. */
function wantedOf({ in: first, out }: Definition): z.ZodType | undefined {
  return first !== undefined && definitionOf(first).type !== 'transform' ? first : out;
}

/** The words that an enum somewhere in a schema allows. */
function wordsOf(schema: z.ZodType): readonly string[] {
  const definition = definitionOf(schema);
  if (definition.entries !== undefined) return Object.values(definition.entries);
  const inner = definition.innerType ?? wantedOf(definition);
  return inner === undefined ? [] : wordsOf(inner);
}

/**
 * Values as a schema wants them.
 * @param isHostile whether some of them are what it does not want
 * @param name under which it stands, by which the store may know a good value
 */
export function valueOf(schema: z.ZodType, isHostile: boolean, name = ''): fc.Arbitrary<unknown> {
  const good = goodValueOf(schema, isHostile, name);
  return isHostile ? fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: hostileJson }) : good;
}

function goodValueOf(schema: z.ZodType, isHostile: boolean, name: string): fc.Arbitrary<unknown> {
  const definition = definitionOf(schema);
  const inner = definition.innerType ?? wantedOf(definition);
  switch (definition.type) {
    case 'object':
      return objectOf(schema, isHostile);
    case 'array':
      return fc.array(valueOf(definition.element ?? schema, isHostile, name), {
        maxLength: isHostile ? 5 : 2,
      });
    case 'enum':
      return fc.constantFrom(...wordsOf(schema));
    case 'nullable':
      return fc.oneof({ weight: 4, arbitrary: valueOf(inner ?? schema, isHostile, name) }, fc.constant(null));
    case 'string':
      return textOf(name, isHostile);
    case 'number':
      if (TIME_NAME.test(name)) return name === 'from' ? earlyTime : lateTime;
      return isHostile
        ? fc.oneof(fc.nat(599), hostileNumber)
        : fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 200, max: 599 }));
    case 'boolean':
      return fc.boolean();
    case 'union':
      return TIME_NAME.test(name) ? goodTime : valueOf(definition.options?.[0] ?? schema, isHostile, name);
    case 'custom':
      return fc.dictionary(word, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 });
    default:
      return inner === undefined ? fc.jsonValue() : valueOf(inner, isHostile, name);
  }
}

/** An object with what it must have, some of what it may have, and where it is hostile a field too many. */
export function objectOf(schema: z.ZodType, isHostile: boolean): fc.Arbitrary<Record<string, unknown>> {
  const fields = fieldsOf(schema);
  // A good cursor is one that an answer gave, so that sending puts it in.
  const names = Object.keys(fields).filter((name) => name !== 'unknown' && (isHostile || name !== 'cursor'));
  const required = names.filter((name) => fields[name]?.safeParse(undefined).success === false);
  const known = fc.record(
    Object.fromEntries(names.map((name) => [name, valueOf(fields[name] ?? schema, isHostile, name)])),
    { requiredKeys: required },
  );
  if (!isHostile) return known;
  return fc
    .tuple(known, fc.option(fc.tuple(hostileName, hostileJson), { freq: 3 }))
    .map(([body, more]) => (more === null ? body : { ...body, ...Object.fromEntries([more]) }));
}

function textOf(name: string, isHostile: boolean): fc.Arbitrary<unknown> {
  const known = KNOWN[name];
  const good = known === undefined ? word : fc.constantFrom(...known);
  return isHostile ? fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: hostileText }) : good;
}

/** A value of a query parameter, good by its name and its schema. */
function parameterOf(name: string, schema: z.ZodType | undefined): fc.Arbitrary<string> {
  const words = schema === undefined ? [] : wordsOf(schema);
  if (words.length > 0) return fc.constantFrom(...words);
  if (TIME_NAME.test(name)) return goodTime.map(String);
  return COUNT_NAME.test(name) ? goodCount : textOf(name, false).map(String);
}

/**
 * Query parameters of a schema, some of them repeated, in any order; where they are hostile, with values that are none
 * and names that are unknown.
 */
export function parametersOf(
  fields: Readonly<Record<string, z.ZodType>>,
  isHostile: boolean,
): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const known = Object.entries(fields)
    .filter(([name]) => name !== 'cursor')
    .map(([name, schema]) => fc.tuple(fc.constant(name), parameterOf(name, schema)));
  const bad = Object.keys(fields).map((name) =>
    fc.tuple(
      fc.constant(name),
      TIME_NAME.test(name)
        ? fc.oneof(hostileTime, hostileText)
        : COUNT_NAME.test(name)
          ? fc.oneof(hostileCount, hostileText)
          : hostileText,
    ),
  );
  const unknown = fc.tuple(hostileName, hostileText);
  if (known.length === 0) return isHostile ? fc.array(unknown, { maxLength: 2 }) : fc.constant([]);
  return isHostile
    ? fc.array(
        fc.oneof(
          { weight: 4, arbitrary: fc.oneof(...known) },
          { weight: 3, arbitrary: fc.oneof(...bad) },
          { weight: 1, arbitrary: unknown },
        ),
        { maxLength: 5 },
      )
    : fc.uniqueArray(fc.oneof(...known), { maxLength: 3, selector: ([name]) => name });
}
