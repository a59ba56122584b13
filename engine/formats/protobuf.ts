// The format is built on engine/formats/registry/registry.ts.
export {};
