/** The Worker: its fetch handler and the Durable Object class. */
import { createApp } from './app.ts';

export { Ingest } from './ingest/ingest.ts';

export default createApp();
