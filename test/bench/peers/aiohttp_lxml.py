"""The job with aiohttp and lxml: aiohttp_lxml.py CONCURRENCY PROCESSES URLS OUT. Several processes write OUT.1, OUT.2 and so on."""
import asyncio
import json
import multiprocessing
import sys
from urllib.parse import urljoin

import aiohttp
import lxml.html

concurrency, processes, url_file, out_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]


def overview(url, status, body):
    tree = lxml.html.fromstring(body)
    links = tree.xpath("//a/@href")
    first = lambda path: next(iter(tree.xpath(path)), None)
    text = lambda element: "" if element is None else " ".join(element.text_content().split())
    return {
        "url": url,
        "status": status,
        "title": text(first("//title")),
        "h1": text(first("//h1")),
        "description": first('//meta[@name="description"]/@content') or "",
        "links": len(links),
        "first": [urljoin(url, href.strip()) for href in links[:20]],
    }


async def crawl(urls, path, at_once):
    queue = iter(urls)
    connector = aiohttp.TCPConnector(limit=at_once)
    timeout = aiohttp.ClientTimeout(total=60)
    with open(path, "w") as out:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

            async def worker():
                for url in queue:
                    async with session.get(url) as response:
                        body = await response.read()
                        out.write(json.dumps(overview(url, response.status, body)) + "\n")

            await asyncio.gather(*(worker() for _ in range(at_once)))


def run(part):
    with open(url_file) as lines:
        urls = [line.strip() for line in lines][part::processes]
    path = out_file if processes == 1 else f"{out_file}.{part + 1}"
    asyncio.run(crawl(urls, path, -(-concurrency // processes)))


if processes == 1:
    run(0)
else:
    parts = [multiprocessing.Process(target=run, args=(part,)) for part in range(processes)]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
