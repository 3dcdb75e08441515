/** The list of dialects: a new one is a folder beside these and a line here. */
import type { Surface } from '../edge/surface.ts';
import { mcpLogs } from './mcp-logs/routes.ts';
import { requests } from './requests/routes.ts';
import { serverLogs } from './server-logs/routes.ts';
import { toolExecution } from './tool-execution/routes.ts';

/** Every dialect that the Worker speaks. */
export const dialects: readonly Surface[] = [mcpLogs, requests, serverLogs, toolExecution];
