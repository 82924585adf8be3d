import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.TRACKWAY_URL ?? "http://127.0.0.1:7241";

/** The server admits only its own pages: to it, the dev server's requests must look like theirs. */
const proxy = { target: server, changeOrigin: true, headers: { origin: new URL(server).origin } };

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../crates/server/assets",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1", proxy: { "/api": proxy, "/v1": proxy } },
});
