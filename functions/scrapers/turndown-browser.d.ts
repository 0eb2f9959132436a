/** The build that takes nodes only: the other brings an HTML parser of its own along, 240 KB in a bundle. */
declare module 'turndown/lib/turndown.browser.cjs.js' {
  import TurndownService from 'turndown';
  export default TurndownService;
}
