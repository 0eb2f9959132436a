import { defineScraper } from '../scraper/define-scraper.ts';

/**
 * An example in three steps: lists of clips, a page for each, and the video file, whose address stands nowhere but in a script.
 * Put the site that you mean into `start`.
 */
export default defineScraper({
  name: 'clips',
  start: 'https://clips.example/category_{1..9}',
  pages: {
    list: { follow: { '#listvideoList ul li a.vervideo-lilink': 'clip' } },
    clip: {
      extract: {
        title: { selector: 'h1', required: true },
        channel: '.thiscat a',
        published: { selector: '.date', as: 'date' },
        video: { selector: 'script', match: /srcUrl="([^"]+)",vdoUrl/, as: 'file' },
      },
    },
  },
});
