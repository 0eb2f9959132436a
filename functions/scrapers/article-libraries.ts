// Loaded with the first article. Nothing of ours is imported here that others use: in a bundle, all that can be loaded late is put into
// functions of its own, which the engine reads twice.
export { Readability } from '@mozilla/readability';
export { toMarkdown } from './markdown.ts';
