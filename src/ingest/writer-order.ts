/** The writer's order: a number for each batch to D1, so that one that arrives late is known as overtaken. */

/** Numbers over the storage of one object; the output gate holds a batch back until its number is durable. */
export class WriterOrder {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      'CREATE TABLE IF NOT EXISTS writer_order (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL)',
    );
    sql.exec('INSERT OR IGNORE INTO writer_order VALUES (1, 0)');
  }

  /** The next number: higher than any that was ever given, in this life or an earlier one; it costs one written row. */
  next(): number {
    return this.#sql
      .exec<{ number: number }>('UPDATE writer_order SET number = number + 1 RETURNING number')
      .one().number;
  }
}
