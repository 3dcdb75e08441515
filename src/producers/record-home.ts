/** The home of a shipped record: which server of which workspace wrote it, in which pod and container. */
import { isUuid } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import { at, objectAt, textAt, without } from './json-field.ts';
import type { Delivery } from './producer.ts';

/** Null where nothing says it; `rest` is the record without what was taken out of it. */
export type Home = {
  readonly workspace_id: string | null;
  readonly server_id: string | null;
  readonly pod_name: string | null;
  readonly container_name: string | null;
  readonly project_id: string | null;
  readonly trace_id: string | null;
  readonly rest: JsonObject;
};

const OWN_NAMES = ['workspace_id', 'server_id', 'project_id', 'trace_id'];

type Path = readonly [string] | readonly [string, string] | readonly [string, string, string];

/** The names of Fluent Bit, Vector, Filebeat and the usual Loki labels, in this order. */
const POD_PATHS: readonly Path[] = [
  ['kubernetes', 'pod_name'],
  ['kubernetes', 'pod', 'name'],
  ['pod_name'],
  ['pod'],
  ['k8s_pod_name'],
  ['k8s.pod.name'],
];
const CONTAINER_PATHS: readonly Path[] = [
  ['kubernetes', 'container_name'],
  ['kubernetes', 'container', 'name'],
  ['container_name'],
  ['container'],
  ['k8s_container_name'],
  ['k8s.container.name'],
];
const NAMESPACE_PATHS: readonly Path[] = [
  ['kubernetes', 'namespace_name'],
  ['kubernetes', 'pod_namespace'],
  ['kubernetes', 'namespace'],
  ['namespace'],
  ['k8s_namespace_name'],
];
const LABELS = ['labels', 'pod_labels'];
const WORKSPACE_LABEL = /(?:^|\/)workspace[-_.]id$/;
const APP_LABELS = ['app', 'app.kubernetes.io/name', 'app_kubernetes_io_name'];

/** What names a program outside Kubernetes: Loki's labels, winston's `service`, ECS. */
const PROGRAM_PATHS: readonly Path[] = [
  ['app'],
  ['service_name'],
  ['service'],
  ['service', 'name'],
  ['service.name'],
];

/**
 * Finds a record's home (contracts/producers.md). What the record says under our own name comes first, then the URL's
 * `?workspace_id=` and `?server_id=`, then Kubernetes: a label or the namespace is a workspace only if it is a UUID;
 * the label `app`, else the container's name, is the server.
 * @param programs further names under which this shipper's records have the program
 */
export function homeOf(fields: JsonObject, programs: readonly string[], delivery: Delivery): Home {
  const pod = firstOf(fields, POD_PATHS);
  const container = firstOf(fields, CONTAINER_PATHS);
  const workspace = textAt(fields, 'workspace_id') ?? null;
  const told = workspace !== null && isUuid(workspace) ? workspace : null;
  return {
    workspace_id: told ?? delivery.parameter('workspace_id') ?? guessedWorkspace(fields) ?? workspace,
    server_id:
      textAt(fields, 'server_id') ??
      delivery.parameter('server_id') ??
      guessedServer(fields, container?.value ?? null, programs),
    pod_name: pod?.value ?? null,
    container_name: container?.value ?? null,
    project_id: textAt(fields, 'project_id') ?? null,
    trace_id: textAt(fields, 'trace_id') ?? null,
    rest: withoutTaken(fields, [pod?.path, container?.path]),
  };
}

function guessedWorkspace(fields: JsonObject): string | null {
  const labels = LABELS.flatMap((name) => Object.entries(objectAt(fields, 'kubernetes', name)))
    .filter(([name]) => WORKSPACE_LABEL.test(name))
    .map(([, value]) => value);
  const namespaces = NAMESPACE_PATHS.map((path) => at(fields, ...path));
  return [...labels, ...namespaces].filter((value) => typeof value === 'string').find(isUuid) ?? null;
}

function guessedServer(
  fields: JsonObject,
  container: string | null,
  programs: readonly string[],
): string | null {
  const paths = LABELS.flatMap((labels) => APP_LABELS.map((app): Path => ['kubernetes', labels, app]));
  const names = [...PROGRAM_PATHS, ...programs.map((name): Path => [name])];
  return firstOf(fields, paths)?.value ?? container ?? firstOf(fields, names)?.value ?? null;
}

function firstOf(
  fields: JsonObject,
  paths: readonly Path[],
): { readonly value: string; readonly path: Path } | null {
  for (const path of paths) {
    const value = at(fields, ...path);
    if (typeof value === 'string' && value !== '') return { value, path };
  }
  return null;
}

/** Of nested values only those one level down are taken out, which is where Fluent Bit and Vector have them. */
function withoutTaken(fields: JsonObject, paths: readonly (Path | undefined)[]): JsonObject {
  const taken = paths.filter((path) => path !== undefined);
  const tops = taken.filter((path) => path.length === 1).map(([name]) => name);
  const nested = taken.filter((path) => path.length === 2).map(([, name]) => name ?? '');
  const own = OWN_NAMES.filter((name) => textAt(fields, name) !== undefined);
  const rest = without(fields, ...own, ...tops);
  return nested.length === 0
    ? rest
    : { ...rest, kubernetes: without(objectAt(fields, 'kubernetes'), ...nested) };
}
