-- Posting lists: one contentless FTS5 table for each kind, rowid = seq, one token for each dimension of a row.
CREATE VIRTUAL TABLE tool_call_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE request_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE server_log_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
