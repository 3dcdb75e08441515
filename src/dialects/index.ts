/** The list of dialects: a new one is a folder beside these and a line here. */
import type { Surface } from '../edge/surface.ts';
import { mcpLogs } from './mcp-logs/routes.ts';

/** Every dialect that the Worker speaks. */
export const dialects: readonly Surface[] = [mcpLogs];
