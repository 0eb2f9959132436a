import { encodeText } from '../fetch/encoder.ts';
import { startWeb, type Web } from '../helpers/web.ts';

/** A complaint of the replica. */
export interface Complaint {
  readonly number: number;
  readonly kind: string;
  readonly title: string;
  readonly place: string;
  readonly status: string;
  readonly author: string;
  readonly date: string;
}

export const LIST_PAGES = 100;
export const STEP = 30;

const KINDS = ['咨询', '建议', '投诉', '求助'];
// 镕, 喆 and 堃 are in GBK and not in GB 2312: a reader that believes the label loses them.
const PLACES = ['东城街道', '南城街道', '喆林村', '堃泰花园', '镕辉工业园'];
const TOPICS = ['夜间施工噪音扰民', '路灯不亮', '小区停水三天', '公交车站没有遮雨棚', '垃圾无人清运', '学校门口交通混乱'];
const STATUSES = ['已回复', '处理中', '待处理'];

/** All complaints, the same on every run: 30 a page. */
export const complaints: readonly Complaint[] = Array.from({ length: LIST_PAGES * STEP }, (_, i) => ({
  number: 190_000 - i,
  kind: KINDS[i % KINDS.length] ?? '',
  title: `${PLACES[i % PLACES.length]}${TOPICS[i % TOPICS.length]}${i % 7 === 0 ? '<急>' : ''}（${i + 1}）`,
  place: PLACES[(i * 3) % PLACES.length] ?? '',
  status: STATUSES[i % STATUSES.length] ?? '',
  author: i % 11 === 0 ? '匿名' : `网友${1000 + (i % 500)}`,
  date: `2016-0${1 + (i % 9)}-${String(1 + (i % 28)).padStart(2, '0')} ${String(8 + (i % 12)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}:00`,
}));

/**
 * A complaints board of the old kind: layout by tables inside of tables, unquoted attributes, tags left open, bytes in GBK. The header
 * calls them UTF-8, the page itself GB 2312; both are wrong.
 */
export function startComplaintsSite(): Promise<Web> {
  return startWeb((path) => {
    const url = new URL(path, 'http://board');
    const page = Number(url.searchParams.get('page') ?? -1);
    if (url.pathname !== '/index.php/question/questionType' || !Number.isInteger(page / STEP) || page < 0 || page >= complaints.length)
      return undefined;
    return (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(encodeText(listPage(page), 'GBK'));
    };
  });
}

function listPage(start: number): string {
  const rows = complaints.slice(start, start + STEP);
  return `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312" />
<title>阳光热线问政平台</title></head>
<body topmargin=0><div class="topmenu"><a href="/" class=news14>首页</a></div>
<div class="greyframe"><table width="98%" border="0" align="center" cellpadding="0" cellspacing="0">
<tr><td height="30"><table width=100%><tr><td class=title>编号<td>标题<td>状态<td>网友<td>时间</table></td></tr>
<tr><td><table width="98%" border="0" cellpadding="0" cellspacing="1" bgcolor="#FBFEFF">
${rows
  .map(
    (one) => `<tr>
<td width="53" height="33" align="center">${one.number}</td>
<td><a href="/index.php/question/questionType?type=${KINDS.indexOf(one.kind) + 1}" class=red14>[${one.kind}]</a>
<a href="/html/question/201603/${one.number}.shtml" title="${escape(one.title)}" class="news14" target="_blank">${escape(one.title)}</a>
<a href="/index.php/question/report?keyword=${one.number}" class=t12h>[${one.place}]</a><td align=center><span class=qgrn>${one.status}</span>
<td align=center class=t12h>${one.author}<td align="center" class="t12wh">${one.date}</td>
</tr>`,
  )
  .join('\n')}
</table></td></tr></table>
<div class="pagination"><a href="?type=4&page=${start + STEP}">&gt;</a> 共${complaints.length}条记录</div></div>
</body></html>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
