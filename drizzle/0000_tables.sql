CREATE TABLE `counters` (
	`kind` text NOT NULL,
	`dimension` text NOT NULL,
	`value` text NOT NULL,
	`span` integer NOT NULL,
	`start` integer NOT NULL,
	`total` integer NOT NULL,
	`success` integer NOT NULL,
	`error` integer NOT NULL,
	`success_latency_count` integer NOT NULL,
	`success_latency_sum` real NOT NULL,
	`success_cost` real NOT NULL,
	`error_latency_count` integer NOT NULL,
	`error_latency_sum` real NOT NULL,
	`error_cost` real NOT NULL,
	PRIMARY KEY(`kind`, `dimension`, `value`, `span`, `start`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ended_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`project_id` text,
	`workspace_ids` text,
	`virtual_key_id` text,
	`virtual_key_name` text,
	`metadata_only` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_hash` ON `keys` (`hash`);--> statement-breakpoint
CREATE INDEX `keys_virtual_key` ON `keys` (`virtual_key_id`);--> statement-breakpoint
CREATE TABLE `requests` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`project_id` text NOT NULL,
	`owner` text NOT NULL,
	`created_at` integer NOT NULL,
	`status_rank` integer NOT NULL,
	`settled` integer NOT NULL,
	`flush_token` integer NOT NULL,
	`revision` integer NOT NULL,
	`previous` text,
	`status` integer NOT NULL,
	`workspace_id` text,
	`virtual_key_id` text,
	`user_id` text,
	`session_id` text,
	`trace_id` text,
	`model` text NOT NULL,
	`provider` text NOT NULL,
	`latency_ms` real,
	`input_tokens` integer,
	`output_tokens` integer,
	`cost` real,
	`error` text,
	`metadata` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `requests_identity` ON `requests` (`id`,`project_id`,`owner`);--> statement-breakpoint
CREATE TABLE `server_logs` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`project_id` text NOT NULL,
	`owner` text NOT NULL,
	`created_at` integer NOT NULL,
	`status_rank` integer NOT NULL,
	`settled` integer NOT NULL,
	`flush_token` integer NOT NULL,
	`revision` integer NOT NULL,
	`previous` text,
	`workspace_id` text NOT NULL,
	`virtual_key_id` text,
	`server_id` text NOT NULL,
	`level` text NOT NULL,
	`pod_name` text,
	`container_name` text,
	`trace_id` text,
	`message` text NOT NULL,
	`metadata` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `server_logs_identity` ON `server_logs` (`id`,`project_id`,`owner`);--> statement-breakpoint
CREATE TABLE `tool_calls` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`project_id` text NOT NULL,
	`owner` text NOT NULL,
	`created_at` integer NOT NULL,
	`status_rank` integer NOT NULL,
	`settled` integer NOT NULL,
	`flush_token` integer NOT NULL,
	`revision` integer NOT NULL,
	`previous` text,
	`status` text NOT NULL,
	`workspace_id` text,
	`virtual_key_id` text,
	`virtual_key_name` text,
	`tool_name` text NOT NULL,
	`server_label` text,
	`llm_request_id` text,
	`request_id` text,
	`trace_id` text,
	`session_id` text,
	`sandbox_id` text,
	`user_id` text,
	`connected_account_id` text,
	`auth_config_id` text,
	`latency_ms` real,
	`cost` real,
	`level` text,
	`message` text,
	`parent` text,
	`source` text,
	`metadata` text,
	`error` text,
	`arguments` text,
	`result` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `tool_calls_identity` ON `tool_calls` (`id`,`project_id`,`owner`);