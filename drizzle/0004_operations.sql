-- The audit log. A row is written once: triggers refuse every change, and an insert that would replace one.
CREATE TABLE `audit` (
	`number` integer PRIMARY KEY AUTOINCREMENT,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`detail` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TRIGGER `audit_not_changed` BEFORE UPDATE ON `audit` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_not_removed` BEFORE DELETE ON `audit` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_not_replaced` BEFORE INSERT ON `audit` WHEN EXISTS (SELECT 1 FROM `audit` WHERE `number` = NEW.`number`) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
-- Retention: what was set by kind and project, whose run it is, and the archive objects whose rows are still in D1.
CREATE TABLE `retention` (
	`kind` text NOT NULL,
	`project_id` text NOT NULL,
	`payload_days` integer,
	`row_days` integer,
	PRIMARY KEY(`kind`, `project_id`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `retention_runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`until` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `archive_pending` (
	`name` text PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `archived_revision` integer;
--> statement-breakpoint
ALTER TABLE `requests` ADD `archived_revision` integer;
--> statement-breakpoint
ALTER TABLE `server_logs` ADD `archived_revision` integer;
--> statement-breakpoint
-- The objects in R2 that hold what is too large for a row, found by their name when the others are swept up.
ALTER TABLE `tool_calls` ADD `arguments_object` text;
--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `result_object` text;
--> statement-breakpoint
CREATE INDEX `tool_calls_arguments_object` ON `tool_calls` (`arguments_object`) WHERE `arguments_object` IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `tool_calls_result_object` ON `tool_calls` (`result_object`) WHERE `result_object` IS NOT NULL;
--> statement-breakpoint
CREATE TABLE `sweeps` (
	`name` text PRIMARY KEY NOT NULL,
	`place` text NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- The order of the one writer: a batch that comes after a later one has been overtaken, and changes nothing.
CREATE TABLE `writer_order` (
	`one` integer PRIMARY KEY NOT NULL CHECK (`one` = 1),
	`number` integer NOT NULL
) STRICT;
--> statement-breakpoint
INSERT INTO `writer_order` VALUES (1, 0);
--> statement-breakpoint
CREATE TRIGGER `writer_order_rises` BEFORE UPDATE ON `writer_order` WHEN NEW.`number` < OLD.`number` BEGIN SELECT RAISE(ABORT, 'overtaken by a later batch'); END;
