-- Posting lists: one contentless FTS5 table for each kind, rowid = seq, one token for each dimension of a row.
CREATE VIRTUAL TABLE tool_call_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE request_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE server_log_postings USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='unicode61');
--> statement-breakpoint
-- Texts: the trigrams of what a search looks through; which rows really hold the needle is decided on the row.
CREATE VIRTUAL TABLE tool_call_texts USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram');
--> statement-breakpoint
CREATE VIRTUAL TABLE request_texts USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram');
--> statement-breakpoint
CREATE VIRTUAL TABLE server_log_texts USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram');
