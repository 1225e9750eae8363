"""Open every page of the site in a browser without a window, and say what is wrong with it.

    python tools/docs_check.py           # what `make docs` or `make docs-preview` made in _docs/
    python tools/docs_check.py PAGE ...  # these pages alone, for example: game.html

Every page is seen four times, on a desktop and a phone, light and dark; screenshots go to runs/docs/.
It wants a Chromium (Debian: apt-get install chromium).
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

from finish import find_outside
from playwright.async_api import async_playwright

from ganunlearn._modidx import d as INDEX

ROOT = Path(__file__).resolve().parent.parent
SITE, STAGED, SHOTS = ROOT / "_docs", ROOT / "_proc", ROOT / "runs/docs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LIMIT = 2e6  # bytes of a page
TALL, TALL_DARK = 10_000, 3_000  # pixels of a screenshot
DESKTOP_FIGURE, PHONE_FIGURE = 0.75, 0.6  # of a figure's size: less is hard to read
DARK = 80  # of 255: how light a dark page may be
TABS = 40  # how often Tab is pressed
AT_ONCE = 3  # pages open at a time

LOOK = r"""() => {  // what is on the page
  const all = (q) => [...document.querySelectorAll(q)];
  const main = document.querySelector("main");
  const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const prose = [], words = new Set();
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement;
    if (e.closest("code, pre, math, script, style")) continue;
    prose.push(node.data);
    if (!e.closest("section p, main > p") || e.closest("header, figure, .cell")) continue;
    for (const word of node.data.toLowerCase().match(/[a-z]{5,}/g) || []) words.add(word);
  }
  const tex = /\\\(|\\\[|\\[a-z]+\{|\$[^\s$][^$\n]{0,80}[^\s$]\$/g;
  const silent = all("main img").filter((i) => !(i.alt || "").trim());
  return {
    ids: all("[id]").map((e) => e.id),
    links: all("a[href]").map((a) => a.href),
    title: document.title,
    h1: all("h1").length,
    sidebar: all("#quarto-sidebar a[href], #sidebar a[href]").map((a) => a.href),
    toc: all("#TOC a").map((a) => a.hash),
    broken: all("img").filter((i) => !i.naturalWidth).map((i) => i.src.slice(0, 80)),
    silent: silent.map((i) => (i.closest("[id]") || {}).id || i.src.slice(0, 40)),
    raw: prose.join("\n").match(tex) || [],
    starred: prose.join("\n").match(/(?<!\S)\*\*\S+/g) || [],
    words: [...words],
    escaped: all("main :not(pre) > code").map((e) => e.textContent)
      .filter((t) => / \\\| /.test(t)),
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
LIGHT = """() => {  // how light things are, from 0 to 255
  const light = (c) => c.reduce((sum, v, i) => sum + v * [.299, .587, .114][i], 0);
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const back = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > .5) return light(c.slice(0, 3));
    }
    return 255;
  };
  return { page: back(document.body), figure: back(document.querySelector("main img")) };
}"""
READ = r"""() => {  // text that is hard to read: its contrast after WCAG 2 (AA), its size; figures too
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  const parse = (colour) => {  // [red, green, blue, opacity] of anything that CSS calls a colour
    if (!colours.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      colours.set(colour, [r, g, b, a / 255]);
    }
    return colours.get(colour);
  };
  const lay = (top, below, a) => top.slice(0, 3).map((v, i) => v * a + below[i] * (1 - a));
  const back = (e) => {  // what is behind a text
    const layers = [];
    for (; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((below, colour) => lay(colour, below, colour[3]), [255, 255, 255]);
  };
  const faded = (e) => (e ? +getComputedStyle(e).opacity * faded(e.parentElement) : 1);
  const luminance = (c) => c.slice(0, 3)
    .map((v) => (v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + .05) / (low + .05);
  };
  const named = (e) => e.localName + [...e.classList].slice(0, 2).map((c) => `.${c}`).join("");
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Map(), small = new Map();
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement;
    const text = node.data.trim();
    if (!text || e.closest("script, style, noscript, title, .visually-hidden")) continue;
    if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(e);
    const size = parseFloat(style.fontSize);
    const place = `${named(e)} '${text.slice(0, 24)}'`;
    if (size < 10.95 && !e.closest("math")) small.set(named(e), `${place} ${size.toFixed(1)} px`);
    const behind = back(e);
    const colour = parse(style.color);
    const ratio = contrast(lay(colour, behind, colour[3] * faded(e)), behind);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const key = `${style.color} ${behind}`;
    if (ratio < (large ? 3 : 4.5) && !faint.has(key)) {
      faint.set(key, [ratio, `${place} ${ratio.toFixed(1)}:1`]);
    }
  }
  const shrunk = [...document.querySelectorAll("main figure img, main .cell-output img")]
    .map((i) => [i, i.clientWidth / (+i.getAttribute("width") || i.naturalWidth)])
    .filter(([i, part]) => i.clientWidth && part < FIGURE)
    .map(([i, part]) => `${Math.round(100 * part)} % of ${i.naturalWidth} px`);
  return {
    faint: [...faint.values()].sort((a, b) => a[0] - b[0]).map((one) => one[1]),
    small: [...small.values()],
    shrunk,
  };
}"""
SHAPE = r"""() => {  // headings, names and order of what can be reached by keyboard, what begins the page
  const all = (q) => [...document.querySelectorAll(q)];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const headings = all("main :is(h1, h2, h3, h4, h5, h6)").filter(seen);
  const levels = headings.map((e) => +e.localName[1]);
  const jumps = headings.filter((e, i) => levels[i] > (i ? levels[i - 1] : 0) + 1)
    .map((e) => `${e.localName} '${e.textContent.trim().slice(0, 40)}'`);
  const reached = all("a[href], button, input, select, textarea, summary, [tabindex]").filter(seen);
  const name = (e) => [
    e.textContent, e.getAttribute("aria-label"), e.title, e.placeholder,
    e.getAttribute("aria-labelledby"), (e.querySelector("img, svg") || {}).alt,
    (e.querySelector("[aria-label]") || e).getAttribute("aria-label"),
    e.labels && e.labels[0] && e.labels[0].textContent,
  ].some((text) => (text || "").trim());
  const tell = (e) => e.outerHTML.slice(0, 70);
  const main = document.querySelector("main");
  const toggle = document.querySelector("main details.code-fold");
  const before = document.createRange();
  if (toggle) {
    const head = document.querySelector("#title-block-header");
    if (head) before.setStartAfter(head); else before.setStart(main, 0);
    before.setEndBefore(toggle);
  }
  return {
    jumps,
    ordered: reached.filter((e) => e.tabIndex > 0).map(tell),
    nameless: reached.filter((e) => e.tabIndex >= 0 && !name(e)).map(tell),
    bare: toggle && !before.toString().trim() ? [toggle.textContent.trim().slice(0, 40)] : [],
    unlinked: all("main :is(p, li, td)").map((e) => {
      const copy = e.cloneNode(true);
      copy.querySelectorAll("pre, code").forEach((part) => part.remove());
      return copy.textContent.match(/\]\([^)\s]*[.#][^)\s]*\)/);
    }).filter((found) => found).map((found) => found[0]),
    formats: all(".quarto-alternate-formats, .quarto-other-formats").map((e) => e.textContent),
    turns: all(".page-navigation a[href], .nav-page a[href]").length,
    edit: all("a.toc-action").map((a) => a.href).filter((href) => !/issues/.test(href)),
    card: all("meta[property='og:image']").map((e) => e.content),
  };
}"""
FOCUS = """() => {  // where the keyboard is: in the document's order? in sight? marked?
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  const last = window.lastFocus;
  window.lastFocus = e;
  const back = last && last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING;
  return {
    what: e.outerHTML.slice(0, 70),
    back: Boolean(back),
    hidden: box.bottom <= 0 || box.top >= innerHeight || !box.width || !box.height,
    unmarked: style.outlineStyle === "none" && style.boxShadow === "none",
    main: Boolean(e.closest("main")),
  };
}"""
BROKEN = """<!DOCTYPE html><html lang="en"><head><title>x</title></head>
<body style="background: #fff"><main><div id="title-block-header"><h1>Title</h1></div>
<details class="code-fold"><summary>Code</summary></details>
<p style="color: #999">faint</p><p style="font-size: 9px">small</p><h4>a jump</h4>
<a href="#x" tabindex="3">ordered</a><a href="#y"></a><div style="width: 3000px">wide</div>
<p>[not a link](page.html)</p>
<figure><img alt="x" width="900" style="width: 200px; height: 9px" src="data:image/svg+xml,
<svg xmlns='http://www.w3.org/2000/svg'/>"></figure></main></body></html>"""


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


async def take_picture(tab, path, tall=TALL):
    "A screenshot of the page, of its upper part where it is very long."
    root = "document.documentElement"
    width, height = await tab.evaluate(f"() => [{root}.clientWidth, {root}.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, tall)}
    await tab.screenshot(path=path, type="jpeg", quality=70, full_page=True, clip=clip)


async def read(tab, part):
    "What is hard to read on the page; figures may be drawn at this part of their size."
    return await tab.evaluate(READ.replace("FIGURE", str(part)))


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
        await tab.goto("about:blank")
        log.clear()
        await tab.emulate_media(color_scheme="light")
        await tab.set_viewport_size(DESKTOP)
        await tab.goto(base + page, wait_until="load")
        seen = await tab.evaluate(LOOK) | await tab.evaluate(SHAPE)
        seen["read"] = {"": await read(tab, DESKTOP_FIGURE)}
        shot = SHOTS / page.replace("/", "-").removesuffix(".html")
        await take_picture(tab, f"{shot}-desktop.jpg")
        await tab.set_viewport_size(PHONE)
        seen["wide"] = await tab.evaluate(WIDE)
        seen["read"][" on a phone"] = await read(tab, PHONE_FIGURE)
        await take_picture(tab, f"{shot}-phone.jpg")
        await tab.goto("about:blank")  # or what the old page still loads would count as failed
        await tab.emulate_media(color_scheme="dark")
        await tab.goto(base + page, wait_until="load")
        await take_picture(tab, f"{shot}-phone-dark.jpg", TALL_DARK)
        await tab.set_viewport_size(DESKTOP)
        seen["read"][" in the dark"] = await read(tab, DESKTOP_FIGURE)
        await take_picture(tab, f"{shot}-desktop-dark.jpg", TALL_DARK)
        done.append((page, seen, [*log]))
    return done


async def try_faults(browser):
    "Faults of this check: it must see those of a page that has them all."
    tab = await browser.new_page(viewport=PHONE)
    await tab.set_content(BROKEN)
    seen, hard = await tab.evaluate(SHAPE), await read(tab, PHONE_FIGURE)
    found = {
        "contrast": hard["faint"],
        "small text": hard["small"],
        "figures": hard["shrunk"],
        "headings": seen["jumps"],
        "the order of the keyboard": seen["ordered"],
        "links without a name": seen["nameless"],
        "code that begins a page": seen["bare"],
        "links that stayed Markdown": seen["unlinked"],
        "sideways scrolling": await tab.evaluate(WIDE),
        "other hosts": find_outside('<script src="https://cdn.example.org/x.js"></script>'),
    }
    await tab.close()
    return [f"this check is blind to {what}" for what, seen in found.items() if len(seen) != 1]


async def try_keyboard(browser, base, page):
    "Faults of moving through a page by Tab: forwards, always in sight; the first skips the menu."
    faults = []
    tab = await browser.new_page(viewport=DESKTOP, reduced_motion="reduce")  # it scrolls at once
    await tab.goto(base + page, wait_until="load")
    stops = []
    for number in range(TABS):
        await tab.keyboard.press("Tab" if number != 1 else "Enter")
        stops.append(await tab.evaluate(FOCUS))
    await tab.close()
    if not any(stop and stop["main"] for stop in stops[:4]):
        faults.append(f"{page}, the first stop of the keyboard does not skip the menu")
    stops = [stop for stop in stops if stop]
    for stop in stops:
        for what in ("back", "hidden", "unmarked"):
            if stop[what]:
                faults.append(f"{page}, the keyboard's focus is {what} at {stop['what']}")
    return faults


ASKED = {  # what readers type, and where they should arrive first
    "how much does it cost": "index.html#what-does-it-cost",
    "delete a customer": "index.html#delete-a-customer",
    "is it gone": "index.html#is-it-gone",
    "my own model": "howto/own_model.html",
}


async def try_search(browser, base, words, address=""):
    "Faults of the search: it must find the words, and lead to this address or to a page with them."
    tab = await browser.new_page(viewport=DESKTOP)
    start = base + "cite.html"
    await tab.goto(start, wait_until="load")
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
        speaks = all(word in text for word in words.split()) and not tab.url.startswith(start)
        if address in tab.url and (address or speaks):
            return []
        return [
            f"search for '{words}' leads to {tab.url}, not {address or 'where one reads of it'}"
        ]
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


async def try_controls(browser, base, page="experiments/play.html"):
    "Faults of the page to play with: Tab reaches each control, and its keys change the sentence."
    faults = []
    tab = await browser.new_page(viewport=PHONE, reduced_motion="reduce")
    await tab.goto(base + page, wait_until="load")
    try:
        await tab.focus("#play-alpha", timeout=5_000)
        for name, key in (("alpha", "ArrowRight"), ("rounds", "ArrowRight"), ("attack", "m")):
            stop = await tab.evaluate(FOCUS)
            if not stop or f'"play-{name}"' not in stop["what"] or stop["hidden"]:
                faults.append(f"{page}: Tab does not lead to {name}")
            elif stop["unmarked"]:
                faults.append(f"{page}: nothing shows that the keyboard is at {name}")
            before = await tab.inner_text("#play-sentence")
            await tab.keyboard.press(key)
            if await tab.inner_text("#play-sentence") == before:
                faults.append(f"{page}: moving {name} changes nothing")
            await tab.keyboard.press("Tab")
    except Exception as error:
        faults.append(f"{page}: {str(error).splitlines()[0]}")
    await tab.close()
    return faults


async def try_darkness(browser, base):
    "Faults of the dark theme: who prefers dark must get it, and pictures their white paper."
    tab = await browser.new_page(viewport=DESKTOP, color_scheme="dark")
    await tab.goto(base + "game.html", wait_until="load")
    await tab.wait_for_timeout(200)
    light = await tab.evaluate(LIGHT)
    await tab.close()
    faults = []
    if light["page"] >= DARK:
        faults.append("no dark theme for a reader who prefers it")
    if light["figure"] != 255:
        faults.append("pictures have no white paper in the dark")
    return faults


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


def judge_edit(links):
    "Whether a page's links to edit it name one file, which is there."
    paths = {re.split(r"/(?:edit|blob)/[^/]+/", link)[-1] for link in links}
    return len(paths) == 1 and (ROOT / paths.pop()).is_file()


def judge_card(links):
    "Faults of a page's picture: there is one, and the site has it."
    if len(links) != 1 or not links[0].startswith("https://"):
        return [link[:60] for link in links] or ["none"]
    path = urlsplit(links[0]).path.lstrip("/").partition("/")[2]  # below the address of the site
    return [] if (SITE / path).is_file() else links


def judge_files(known):
    "Faults of the site's other files: style sheets, and the map for search engines."
    faults = []
    for path in SITE.rglob("*.css"):
        if outside := find_outside(path.read_text(encoding="utf-8")):
            faults.append(f"{path.name} loads from other hosts: {outside[:3]}")
    path = SITE / "sitemap.xml"
    listed = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [page for page in known if f"/{page}<" not in listed]
    if missing:
        faults.append(f"not in sitemap.xml: {missing[:6]}")
    return faults


def judge_index(known):
    "Faults of the search's index: it has the words of the pages' paragraphs."
    path, texts = SITE / "search.json", {}
    for entry in json.loads(path.read_text(encoding="utf-8")) if path.exists() else []:
        page = entry["href"].partition("#")[0]
        texts[page] = texts.get(page, "") + entry["text"].lower()
    faults = []
    for page, seen in known.items():
        missing = [word for word in seen["words"] if word not in texts.get(page, "")]
        if missing:
            faults.append(f"the index of the search has other words for {page}: {missing[:6]}")
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
        "emphasis left as stars": seen["starred"],
        "code with a backslash before a bar": seen["escaped"],
        "TeX that was not understood": seen["unread"],
        "sideways scrolling on a phone": seen["wide"],
        "not in 'On this page'": sorted(list_anchors(page) - {*seen["toc"]}),
        "headings of the first level": [] if seen["h1"] == 1 else [seen["h1"]],
        "code that is not folded": [f"{unfolded} cells"] if unfolded > 0 else [],
        "headings that leave out a level": seen["jumps"],
        "places that the keyboard reaches out of order": seen["ordered"],
        "links and buttons without a name": seen["nameless"],
        "code before anything is said": seen["bare"],
        "a link that stayed Markdown": seen["unlinked"],
        "offered besides": seen["formats"],
        "no way to the next page": [] if seen["turns"] else [page],
        "no way to edit it": [] if judge_edit(seen["edit"]) else seen["edit"] or ["no link"],
        "no picture for who shares it": judge_card(seen["card"]),
        "loaded from other hosts": find_outside((SITE / page).read_text(encoding="utf-8")),
        "larger than 2 MB": [f"{size / 1e6:.1f} MB"] if size > LIMIT else [],
    }
    for mode, hard in seen["read"].items():
        found[f"too faint{mode}"] = hard["faint"]
        found[f"text below 11 px{mode}"] = hard["small"]
        found[f"figures drawn too small{mode}"] = hard["shrunk"]
    faults = judge_links(seen, base, known)
    for what, things in found.items():
        if things:
            faults.append(f"{what}: {', '.join([*dict.fromkeys(map(str, things))][:6])}")
    if has_maths(book) and not seen["maths"]:
        faults.append("no mathematics, though the notebook has some")
    return faults


async def check(chromium, base, pages):
    "`{page: faults}` of these pages, and of the site."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport=DESKTOP)
        context.set_default_timeout(90_000)  # of a busy machine
        todo = pages[::-1]
        looks = await asyncio.gather(*(look(context, base, todo) for _ in range(AT_ONCE)))
        more = await try_search(browser, base, "critic")
        more += await try_search(browser, base, "weight alpha")
        for words, address in ASKED.items():
            more += await try_search(browser, base, words, address)
        more += await try_faults(browser)
        for page in ("index.html", "game.html", "experiments/rivals.html"):
            more += await try_keyboard(browser, base, page)
        more += await try_menu(browser, base)
        more += await try_controls(browser, base)
        more += await try_darkness(browser, base)
        await browser.close()
    done = sorted((one for some in looks for one in some), key=lambda one: one[0])
    known, books = {page: seen for page, seen, _ in done}, read_staged()
    faults = {}
    for page, seen, early in done:
        faults[page] = early + judge(page, seen, base, known, books[page])
    missing = sorted({*books} - {*list_pages()})
    more += judge_files(known) + judge_index(known)
    faults["the site"] = more + [f"{page} is staged, but was not made" for page in missing]
    return faults


def serve():
    "A server of the site on this machine alone."
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main(pages):
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
        faults = asyncio.run(
            check(chromium, f"http://127.0.0.1:{server.server_port}/", pages or list_pages())
        )
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
    sys.exit(main(sys.argv[1:]))
