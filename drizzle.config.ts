/** How drizzle-kit turns src/store/schema.ts into the migrations that wrangler applies. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'sqlite', schema: './src/store/schema.ts', out: './drizzle' });
