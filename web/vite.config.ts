import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const proxy = {
  '/api': { target: process.env.RONDO_URL ?? 'http://127.0.0.1:7300', changeOrigin: true },
};

// `npm run dev --workspace web` proxies to a running server; the build is served by that server itself.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2024',
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    // What each chunk needs: the first load is measured from it.
    manifest: 'manifest.json',
  },
  server: { proxy },
  preview: { proxy },
});
