-- The terms of the posting lists, which are the values of every dimension: a view of what is there, so no write pays for it.
CREATE VIRTUAL TABLE tool_call_terms USING fts5vocab('tool_call_postings', 'row');
--> statement-breakpoint
CREATE VIRTUAL TABLE request_terms USING fts5vocab('request_postings', 'row');
--> statement-breakpoint
CREATE VIRTUAL TABLE server_log_terms USING fts5vocab('server_log_postings', 'row');
