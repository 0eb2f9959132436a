import { createHash } from 'node:crypto';
import { startWeb, type Page, type Web } from '../helpers/web.ts';

/** A video of the replica. */
export interface Clip {
  readonly id: number;
  readonly title: string;
  readonly author: string;
  readonly path: string;
  /** Path of the file; absent where the video was taken down. */
  readonly file?: string;
}

const CATEGORIES = 2;
const CLIPS_PER_CATEGORY = 8;
const TITLES = ['Ferry turns in fog', 'Baker at 4 a.m.', 'Kite over the quarry', 'The last tram', 'Otters “in” town', 'How bells are cast'];

/** The whole stock, the same on every run. One clip stands in both categories; one has lost its file. */
export const clips: readonly Clip[] = Array.from({ length: CATEGORIES * CLIPS_PER_CATEGORY - 1 }, (_, i) => {
  const id = 1_740_000 + i * 37;
  return {
    id,
    title: `${TITLES[i % TITLES.length]} (${i + 1})`,
    author: `channel ${1 + (i % 4)}`,
    path: `/video_${id}`,
    ...(i !== 5 && { file: `/mp4/short/2024030${1 + (i % 9)}/cont-${id}-${15_000_000 + i}-hd.mp4` }),
  };
});

/** Bytes of a video: of different lengths, and nothing that is text. */
export function clipBytes(clip: Clip): Buffer {
  const block = createHash('sha512').update(String(clip.id)).digest();
  return Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42', 'latin1'), ...Array.from({ length: 500 + (clip.id % 977) }, () => block)]);
}

/**
 * A video site as many are built: lists of links, a page for each clip, and the file's address nowhere but inside of a script.
 */
export function startClipsSite(): Promise<Web> {
  const pages = new Map<string, Page>();
  for (let category = 1; category <= CATEGORIES; category++) pages.set(`/category_${category}`, listPage(category));
  for (const clip of clips) {
    pages.set(clip.path, (request, response) => {
      response.setHeader('content-type', 'text/html; charset=UTF-8');
      response.end(clipPage(clip, `http://${request.headers.host}`));
    });
    if (clip.file !== undefined) {
      pages.set(clip.file, (_, response) => {
        const bytes = clipBytes(clip);
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes.length });
        response.end(bytes);
      });
    }
  }
  return startWeb((path) => pages.get(path));
}

function listPage(category: number): string {
  const first = (category - 1) * (CLIPS_PER_CATEGORY - 1);
  const shown = clips.slice(first, first + CLIPS_PER_CATEGORY);
  return `<!DOCTYPE html><html><head><meta charset="utf-8"><title>Category ${category}</title></head><body>
<div class="category-top"><ul><li><a href="video_1">Promotion, outside of the list</a></li></ul></div>
<div id="listvideoList" class="category-list-box"><ul id="categoryList" class="category-list clearfix">
${shown
  .map(
    (clip) => `<li class="categoryem">
 <div class="vervideo-bd">
  <a href="${clip.path.slice(1)}" class="vervideo-lilink actplay">
   <div class="vervideo-img"><div class="verimg-view"><div class="img" style="background-image: url(/cover/${clip.id}.jpg);"></div></div><div class="cm-duration">01:0${clip.id % 10}</div></div>
   <div class="vervideo-title">${escape(clip.title)}</div>
  </a>
  <div class="actcont"><a class="column" href="author_${clip.author.slice(-1)}">${clip.author}</a></div>
 </div>
</li>`,
  )
  .join('\n')}
</ul></div>
<script>var page = { category: ${category}, next: "category_loading.jsp?reqType=5&categoryId=${category}&start=12" };</script></body></html>`;
}

function clipPage(clip: Clip, origin: string): string {
  const address = clip.file === undefined ? '' : `srcUrl="${origin}${clip.file}",vdoUrl=srcUrl,`;
  return `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${escape(clip.title)}</title>
<script src="/js/player.js"></script>
<script>var contId="${clip.id}",liveStatusUrl="liveStatus.jsp",playSta=""; </script></head><body>
<div class="details-box"><h1 class="video-tt">${escape(clip.title)}</h1>
<div class="details-content-describe"><div class="date">2024-03-05 1${clip.id % 10}:30</div><div class="thiscat"><a>${clip.author}</a></div></div></div>
<script type="text/javascript">
 var contId="${clip.id}",liveStatusUrl="liveStatus.jsp",liveSta="",playSta="1",autoPlay=!1,isLiving=!1,isVrVideo=!1,hdflvUrl="",sdflvUrl="",hdUrl="",sdUrl="",ldUrl="",${address}skinRes="//www.example/domain/skin",videoCDN="//video.example";
</script>
</body></html>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
