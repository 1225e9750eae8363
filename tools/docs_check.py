"""Open every page of the site in a browser without a window, and say what is wrong with it.

    python tools/docs_check.py     # checks what `make docs-preview` made in _docs/

Screenshots go to runs/docs/. It wants a Chromium (Debian: apt-get install chromium).
Exit status 0: no fault, 1: faults, 3: no browser, nothing was checked.
"""

import asyncio
import json
import re
import shutil
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.async_api import async_playwright

from ganunlearn._modidx import d as INDEX

ROOT = Path(__file__).resolve().parent.parent
SITE, STAGED, SHOTS = ROOT / "_docs", ROOT / "_proc", ROOT / "runs/docs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LIMIT = 2e6  # bytes of a page
TALL = 10_000  # pixels of a screenshot
CONTRAST = 80  # of 255
AT_ONCE = 3  # pages open at a time

LOOK = r"""() => {  // what is on the page
  const all = (q) => [...document.querySelectorAll(q)];
  const main = document.querySelector("main");
  const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const prose = [];
  for (let node; (node = walk.nextNode());) {
    if (!node.parentElement.closest("code, pre, math, script, style")) prose.push(node.data);
  }
  const tex = /\\\(|\\\[|\\[a-z]+\{|\$[^\s$][^$\n]{0,80}[^\s$]\$/g;
  const silent = all("main img").filter((i) => !(i.alt || "").trim());
  return {
    ids: all("[id]").map((e) => e.id),
    links: all("a[href]").map((a) => a.href),
    title: document.title,
    h1: all("h1").length,
    sidebar: all("#quarto-sidebar a[href], #sidebar a[href]").map((a) => a.href),
    toc: all("#TOC a").map((a) => a.getAttribute("href")),
    broken: all("img").filter((i) => !i.naturalWidth).map((i) => i.src.slice(0, 80)),
    silent: silent.map((i) => (i.closest("[id]") || {}).id || i.src.slice(0, 40)),
    raw: prose.join("\n").match(tex) || [],
    maths: all("math, mjx-container, .katex").length,
    unread: all("math mi, math mtext, math mo").map((e) => e.textContent)
      .filter((t) => /\\/.test(t)),
    folded: all("main details.code-fold").length,
    code: all("main .cell-code").length,
  };
}"""
WIDE = """() => {  // what reaches over the edge, unless it scrolls in a box of its own
  const room = document.documentElement.clientWidth;
  const over = (e) => {
    const box = e.getBoundingClientRect();
    return box.right > room + 1 && box.width && box.height;
  };
  const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX) && !over(e);
  const boxed = (e) => {
    for (e = e.parentElement; e; e = e.parentElement) if (scrolls(e)) return true;
  };
  const tell = (e) => `<${e.localName} class="${e.className}"> ${e.textContent.trim().slice(0, 40)}`;
  const found = [...document.querySelectorAll("main *")].filter((e) => over(e) && !boxed(e));
  const width = document.documentElement.scrollWidth;
  return found.length || width <= room + 1 ? found.slice(0, 3).map(tell) : [`${width} px`];
}"""
LIGHT = """() => {  // how light things are, from 0 to 255; contrast: of text against what is behind
  const light = (c) => c.reduce((sum, v, i) => sum + v * [.299, .587, .114][i], 0);
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const back = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > .5) return light(c.slice(0, 3));
    }
    return 255;
  };
  const contrast = (q) => {
    const e = document.querySelector(q);
    return Math.abs(light(parse(getComputedStyle(e).color).slice(0, 3)) - back(e));
  };
  const parts = {
    text: "main p",
    code: "main pre code",
    "the sidebar": "#quarto-sidebar a",
    "the table of contents": "#TOC a",
    tables: "main td",
    mathematics: "main math",
  };
  const named = Object.entries(parts).map(([name, q]) => [name, contrast(q)]);
  return {
    page: back(document.body),
    figure: back(document.querySelector("main img")),
    contrast: Object.fromEntries(named),
  };
}"""


# ---- what should be there


def list_pages():
    "Every page of the site, by its address."
    pages = [page.relative_to(SITE) for page in SITE.rglob("*.html")]
    return sorted(page.as_posix() for page in pages if "site_libs" not in page.parts)


def read_staged():
    "`{address of a page: its staged notebook}`."
    books = {}
    for path in STAGED.rglob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        front = "".join(book["cells"][0]["source"])
        named = re.search(r"^output-file: (\S+)", front, re.M)
        page = path.relative_to(STAGED).with_name(named[1] if named else f"{path.stem}.html")
        books[page.as_posix()] = book
    return books


def has_maths(book):
    "Whether a notebook's prose holds an equation."
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "markdown"]
    prose = "\n".join("".join(cell["source"]) for cell in cells)
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", prose, flags=re.S)
    return bool(re.search(r"\$\$.+?\$\$|\$[^\s$][^$\n]*\$", prose, re.S))


def list_anchors(page):
    "What a page's table of contents must lead to: each public function and class of its module."
    anchors = set()
    for module, symbols in INDEX["syms"].items():
        public = getattr(import_module(module), "__all__", [])
        for name, (address, _) in symbols.items():
            there, _, anchor = address.partition("#")
            if there == page and name.removeprefix(f"{module}.") in public:
                anchors.add(f"#{anchor}")
    return anchors


# ---- what a browser sees


class Quiet(SimpleHTTPRequestHandler):
    "Serves files and says nothing of it."

    def log_message(self, *args):
        pass


async def take_picture(tab, path):
    "A screenshot of the page, of its upper part where it is very long."
    root = "document.documentElement"
    width, height = await tab.evaluate(f"() => [{root}.clientWidth, {root}.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALL)}
    await tab.screenshot(path=path, type="jpeg", quality=70, full_page=True, clip=clip)


def listen(tab, base):
    "A list that faults of the page in `tab` are written to as they happen."
    log = []

    def hear_console(message):
        if message.type in ("error", "warning"):
            log.append(f"console: {message.text[:200]}")

    def hear_request(request):
        if not request.url.startswith((base, "data:", "blob:")):
            log.append(f"a request that leaves this machine: {request.url[:120]}")

    def hear_response(response):
        if response.status >= 400:
            log.append(f"{response.status}: {response.url[:120]}")

    tab.on("console", hear_console)
    tab.on("request", hear_request)
    tab.on("response", hear_response)
    tab.on("pageerror", lambda error: log.append(f"error in a script: {str(error)[:200]}"))
    tab.on("requestfailed", lambda request: log.append(f"failed request: {request.url[:120]}"))
    return log


async def look(context, base, todo):
    "Take pages from `todo` until none is left: `(page, what a browser sees, its faults so far)`."
    tab, done = await context.new_page(), []
    log = listen(tab, base)
    while todo:
        page = todo.pop()
        log.clear()
        await tab.set_viewport_size(DESKTOP)
        await tab.goto(base + page, wait_until="load")
        seen = await tab.evaluate(LOOK)
        shot = SHOTS / page.replace("/", "-").removesuffix(".html")
        await take_picture(tab, f"{shot}-desktop.jpg")
        await tab.set_viewport_size(PHONE)
        seen["wide"] = await tab.evaluate(WIDE)
        await take_picture(tab, f"{shot}-phone.jpg")
        done.append((page, seen, [*log]))
    return done


async def try_search(browser, base, words):
    "Faults of the search: it must find the words, and lead to a page with them."
    tab = await browser.new_page(viewport=DESKTOP)
    await tab.goto(base + "index.html", wait_until="load")
    await tab.locator("input[type=search]:visible, .aa-Input:visible").first.fill(words)
    try:
        first = tab.locator("a.search-result, .aa-Item a").first
        await first.wait_for(timeout=10_000)
        await first.click()
        await tab.wait_for_load_state("load")
        text = (await tab.locator("main").inner_text()).lower()
    except Exception as error:
        return [f"search does not find '{words}': {str(error).splitlines()[0]}"]
    else:
        if all(word in text for word in words.split()) and "index.html" not in tab.url:
            return []
        return [f"search for '{words}' leads to {tab.url}, which does not speak of it"]
    finally:
        await tab.close()


async def try_menu(browser, base):
    "Faults of the menu: on a phone it must open."
    tab = await browser.new_page(viewport=PHONE)
    await tab.goto(base + "game.html", wait_until="load")
    try:
        await tab.locator(".quarto-btn-toggle:visible").first.click(timeout=5_000)
        await tab.locator("#quarto-sidebar a[href]").first.wait_for(timeout=5_000)
    except Exception as error:
        return [f"the menu does not open on a phone: {str(error).splitlines()[0]}"]
    else:
        return []
    finally:
        await tab.close()


async def try_darkness(browser, base):
    "Faults of the dark theme: who prefers dark must get it, and pictures their white paper."
    tab = await browser.new_page(viewport=DESKTOP, color_scheme="dark")
    await tab.goto(base + "game.html", wait_until="load")
    await tab.wait_for_timeout(200)
    light = await tab.evaluate(LIGHT)
    await take_picture(tab, SHOTS / "game-dark.jpg")
    await tab.close()
    faults = []
    if light["page"] >= CONTRAST:
        faults.append("no dark theme for a reader who prefers it")
    if light["figure"] != 255:
        faults.append("pictures have no white paper in the dark")
    faint = [part for part, contrast in light["contrast"].items() if contrast < CONTRAST]
    return faults + [f"in the dark, {part} can hardly be read" for part in faint]


# ---- what is wrong with it


def split_address(link):
    "`(page, anchor)` of a link within the site."
    parts = urlsplit(link)
    return unquote(parts.path)[1:] or "index.html", unquote(parts.fragment)


def judge_links(seen, base, known):
    "Faults of the links within the site."
    faults = []
    for link in dict.fromkeys(seen["links"]):
        if not link.startswith(base):
            continue
        page, anchor = split_address(link)
        if page in known:
            if anchor and anchor not in known[page]["ids"]:
                faults.append(f"broken link: {page} has no place #{anchor}")
        elif not (SITE / page).is_file():
            faults.append(f"broken link: {page}")
    return faults


def judge(page, seen, base, known, book):
    "Faults in what was seen of a page."
    listed = {split_address(link)[0] for link in seen["sidebar"] if link.startswith(base)}
    unfolded = seen["code"] - seen["folded"] if page.startswith("experiments/") else 0
    size = (SITE / page).stat().st_size
    found = {
        "not in the sidebar": sorted({*known} - listed),
        "broken image": seen["broken"],
        "image without alternative text (#| fig-alt:) in": seen["silent"],
        "mathematics left as source": seen["raw"],
        "TeX that was not understood": seen["unread"],
        "sideways scrolling on a phone": seen["wide"],
        "not in 'On this page'": sorted(list_anchors(page) - {*seen["toc"]}),
        "headings of the first level": [] if seen["h1"] == 1 else [seen["h1"]],
        "code that is not folded": [f"{unfolded} cells"] if unfolded > 0 else [],
        "larger than 2 MB": [f"{size / 1e6:.1f} MB"] if size > LIMIT else [],
    }
    faults = judge_links(seen, base, known)
    for what, things in found.items():
        if things:
            faults.append(f"{what}: {', '.join([*dict.fromkeys(map(str, things))][:6])}")
    if has_maths(book) and not seen["maths"]:
        faults.append("no mathematics, though the notebook has some")
    return faults


async def check(chromium, base):
    "`{page: faults}` of the whole site."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport=DESKTOP)
        context.set_default_timeout(90_000)  # of a busy machine
        todo = list_pages()[::-1]
        looks = await asyncio.gather(*(look(context, base, todo) for _ in range(AT_ONCE)))
        more = await try_search(browser, base, "critic")
        more += await try_search(browser, base, "weight alpha")
        more += await try_menu(browser, base)
        more += await try_darkness(browser, base)
        await browser.close()
    done = sorted((one for some in looks for one in some), key=lambda one: one[0])
    known, books = {page: seen for page, seen, _ in done}, read_staged()
    faults = {}
    for page, seen, early in done:
        faults[page] = early + judge(page, seen, base, known, books[page])
    missing = sorted({*books} - {*known})
    faults["the site"] = more + [f"{page} is staged, but was not made" for page in missing]
    return faults


def serve():
    "A server of the site on this machine alone."
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    "Check, report, and return the exit status."
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not chromium:
        print("NOT checked: there is no Chromium here (Debian: apt-get install chromium)")
        return 3
    if not (SITE / "index.html").exists():
        print("There is no site to check: make docs-preview")
        return 1
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    start, server = time.time(), serve()
    try:
        faults = asyncio.run(check(chromium, f"http://127.0.0.1:{server.server_port}/"))
    finally:
        server.shutdown()
    faults = {page: [*dict.fromkeys(found)] for page, found in faults.items()}
    for page, found in faults.items():
        if found:
            print(page, *(f"  {fault}" for fault in found), sep="\n")
    number = sum(map(len, faults.values()))
    print(f"screenshots: {SHOTS.relative_to(ROOT)}; {time.time() - start:.0f} s")
    print(f"{len(faults) - 1} pages checked, {number} faults")
    return int(number > 0)


if __name__ == "__main__":
    sys.exit(main())
