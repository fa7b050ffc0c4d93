import httpx


def test_the_page_begins_with_its_language_and_nothing_else_is_changed(server):
    page = httpx.get(server.address)
    start = page.text.partition("<head>")[2].lstrip()
    assert start.startswith('<meta name="sr-languages"') and 'src="web/language.js"' in start[:200]
    assert int(page.headers["content-length"]) == len(page.content)
    assert page.text.count("web/language.js") == 1 and page.text.rstrip().endswith("</html>")
    for path in ("config", "health", "web/job.js"):
        assert "sr-languages" not in httpx.get(f"{server.address}/{path}").text
    assert httpx.head(server.address).status_code in (200, 405)
