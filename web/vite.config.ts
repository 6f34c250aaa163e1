import { defineConfig } from "vite";

// Relative addresses: the page works under any path, such as a portal's.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/neurocine/annotation/static",
    emptyOutDir: true,
    sourcemap: false,
    modulePreload: false,
    rollupOptions: {
      output: { entryFileNames: "annotate.js", assetFileNames: "annotate[extname]" },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
