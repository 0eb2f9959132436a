"""The job with Scrapy: scrapy_overview.py CONCURRENCY URLS OUT. Tuned: no robots.txt, cookies, telnet or log."""
import sys

import scrapy
from scrapy.crawler import CrawlerProcess

concurrency, url_file, out_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class OverviewSpider(scrapy.Spider):
    name = "overview"

    def start_requests(self):
        with open(url_file) as lines:
            for line in lines:
                yield scrapy.Request(line.strip(), dont_filter=True)

    def parse(self, response):
        links = response.css("a[href]::attr(href)").getall()
        yield {
            "url": response.url,
            "status": response.status,
            "title": " ".join(" ".join(response.xpath("(//title)[1]//text()").getall()).split()),
            "h1": " ".join("".join(response.xpath("(//h1)[1]//text()").getall()).split()),
            "description": response.css('meta[name="description"]::attr(content)').get(""),
            "links": len(links),
            "first": [response.urljoin(href.strip()) for href in links[:20]],
        }


process = CrawlerProcess(
    {
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        # Each response starts as many tasks, and gives one item.
        "CONCURRENT_ITEMS": 1,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "DOWNLOAD_TIMEOUT": 60,
        "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
        "FEEDS": {out_file: {"format": "jsonlines", "encoding": "utf8"}},
    }
)
process.crawl(OverviewSpider)
process.start()
