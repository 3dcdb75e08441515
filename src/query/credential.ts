/** Who asks: a proven credential with its scopes and bounds. */
import type { Bounds } from './bounds.ts';

/** What a credential may do; `admin` implies the others. */
export const SCOPES = ['read', 'ingest', 'metrics', 'admin'] as const;

/** One thing that a credential may do. */
export type Scope = (typeof SCOPES)[number];

/** A credential after its proof; it never holds the secret. */
export type Credential = {
  /** Tells credentials apart: a key's id, `admin`, or the issuer and subject of a JWT. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly bounds: Bounds;
  /** Whether it is a gateway's virtual key, which some surfaces may refuse. */
  readonly isVirtualKey: boolean;
  /** Whether arguments, results and messages that it posts are left out. */
  readonly isMetadataOnly: boolean;
};

/** Whether a credential may do what a scope stands for. */
export function hasScope(credential: Credential, scope: Scope): boolean {
  return credential.scopes.includes(scope) || credential.scopes.includes('admin');
}

/** Whether a credential may see events of a workspace. */
export function maySeeWorkspace(credential: Credential, workspaceId: string): boolean {
  return (
    credential.bounds.workspace_ids === undefined || credential.bounds.workspace_ids.includes(workspaceId)
  );
}
