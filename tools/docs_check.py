"""Open every page of the site in a browser without a window, and say what is wrong with it.

    python tools/docs_check.py     # checks what `make docs-preview` made in _docs/; screenshots go to runs/docs/

It wants a Chromium (Debian: apt-get install chromium). Exit status 0: no fault, 1: faults, 3: no browser, nothing was checked.
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
DESKTOP, PHONE = dict(width=1280, height=900), dict(width=390, height=844)
LIMIT = 2e6  # bytes of a page
AT_ONCE = 3  # pages open at a time

LOOK = r"""() => {
  const all = (q) => [...document.querySelectorAll(q)];
  const prose = [], walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) if (!n.parentElement.closest("code, pre, math, script, style")) prose.push(n.data);
  return {
    ids: all("[id]").map((e) => e.id), links: all("a[href]").map((a) => a.href), title: document.title, h1: all("h1").length,
    sidebar: all("#quarto-sidebar a[href], #sidebar a[href]").map((a) => a.href), toc: all("#TOC a").map((a) => a.getAttribute("href")),
    broken: all("img").filter((i) => !i.naturalWidth).map((i) => i.src.slice(0, 80)),
    silent: all("main img").filter((i) => !(i.alt || "").trim()).map((i) => (i.closest("[id]") || {}).id || i.src.slice(0, 40)),
    raw: prose.join("\n").match(/\\\(|\\\[|\\[a-z]+\{|\$[^\s$][^$\n]{0,80}[^\s$]\$/g) || [],
    maths: all("math, mjx-container, .katex").length,
    unread: all("math mi, math mtext, math mo").map((e) => e.textContent).filter((t) => /\\/.test(t)),
    folded: all("main details.code-fold").length, code: all("main .cell-code").length,
  }
}"""
WIDE = """() => {  // what reaches over the edge, unless it scrolls in a box of its own
  const room = document.documentElement.clientWidth, over = (e) => { const r = e.getBoundingClientRect(); return r.right > room + 1 && r.width && r.height; };
  const boxed = (e) => { for (e = e.parentElement; e; e = e.parentElement) if (/auto|scroll/.test(getComputedStyle(e).overflowX) && !over(e)) return true; };
  const found = [...document.querySelectorAll("main *")].filter((e) => over(e) && !boxed(e)).map((e) => `<${e.localName} class="${e.className}"> ${e.textContent.trim().slice(0, 40)}`);
  return found.length || document.documentElement.scrollWidth <= room + 1 ? found.slice(0, 3) : [`${document.documentElement.scrollWidth} px`];
}"""


LIGHT = """() => {  // how light things are, from 0 to 255; contrast: of text against what lies behind it
  const light = (c) => c.reduce((s, v, i) => s + v * [.299, .587, .114][i], 0), parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const back = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > .5) return light(c.slice(0, 3)); } return 255; };
  const contrast = (q) => { const e = document.querySelector(q); return Math.abs(light(parse(getComputedStyle(e).color).slice(0, 3)) - back(e)); };
  const parts = {text: "main p", code: "main pre code", "the sidebar": "#quarto-sidebar a", "the table of contents": "#TOC a", tables: "main td", mathematics: "main math"};
  return {page: back(document.body), figure: back(document.querySelector("main img")), contrast: Object.fromEntries(Object.entries(parts).map(([k, q]) => [k, contrast(q)]))};
}"""


def pages():
    "Every page of the site, by its address."
    return sorted(
        p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "site_libs" not in p.parts
    )


def staged():
    "`{address of a page: its staged notebook}`."
    books = {p: json.loads(p.read_text(encoding="utf-8")) for p in STAGED.rglob("*.ipynb")}
    named = {
        p: re.search(r"^output-file: (\S+)", "".join(b["cells"][0]["source"]), re.M)
        for p, b in books.items()
    }
    return {
        p.relative_to(STAGED).with_name(named[p][1] if named[p] else p.stem + ".html").as_posix(): b
        for p, b in books.items()
    }


def has_maths(book):
    "Whether a notebook's prose holds an equation."
    prose = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "markdown")
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", prose, flags=re.S)
    return bool(re.search(r"\$\$.+?\$\$|\$[^\s$][^$\n]*\$", prose, re.S))


def names_of(page):
    "Anchors that a library page must have in its table of contents: one for each public function and class."
    links = [(name, to) for syms in INDEX["syms"].values() for name, (to, _) in syms.items()]
    public = {m: set(getattr(import_module(m), "__all__", [])) for m in INDEX["syms"]}
    top = [
        (name.rpartition("."), to) for name, to in links if name.rpartition(".")[0] in INDEX["syms"]
    ]
    return {
        "#" + to.partition("#")[2]
        for (module, _, name), to in top
        if name in public[module] and to.partition("#")[0] == page
    }


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


async def picture(tab, path):
    "A screenshot of the page, of its first 10,000 pixels where it is longer."
    size = await tab.evaluate(
        "() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]"
    )
    await tab.screenshot(
        path=path,
        type="jpeg",
        quality=70,
        full_page=True,
        clip=dict(x=0, y=0, width=size[0], height=min(size[1], 10_000)),
    )


def listen(tab, base):
    "A list that faults of the page in `tab` are written to as they happen."
    log = []
    tab.on(
        "console",
        lambda m: m.type in ("error", "warning") and log.append(f"console: {m.text[:200]}"),
    )
    tab.on("pageerror", lambda e: log.append(f"error in a script: {str(e)[:200]}"))
    tab.on("requestfailed", lambda r: log.append(f"failed request: {r.url[:120]}"))
    tab.on(
        "request",
        lambda r: (
            r.url.startswith((base, "data:", "blob:"))
            or log.append(f"a request that leaves this machine: {r.url[:120]}")
        ),
    )
    tab.on("response", lambda r: r.status >= 400 and log.append(f"{r.status}: {r.url[:120]}"))
    return log


async def look(context, base, todo):
    "Take pages from `todo` until none is left: what a browser sees on each, its faults so far, and two screenshots."
    tab, done = await context.new_page(), []
    log = listen(tab, base)
    while todo:
        page = todo.pop()
        log.clear()
        await tab.set_viewport_size(DESKTOP)
        await tab.goto(base + page, wait_until="load")
        seen, shot = await tab.evaluate(LOOK), SHOTS / page.replace("/", "-").removesuffix(".html")
        await picture(tab, f"{shot}-desktop.jpg")
        await tab.set_viewport_size(PHONE)
        seen["wide"] = await tab.evaluate(WIDE)
        await picture(tab, f"{shot}-phone.jpg")
        done.append((page, seen, [*log]))
    return done


async def search(browser, base, word):
    "Faults of the search: it must find `word`, and lead to a page with it."
    tab = await browser.new_page(viewport=DESKTOP)
    await tab.goto(base + "index.html", wait_until="load")
    await tab.locator("input[type=search]:visible, .aa-Input:visible").first.fill(word)
    try:
        first = tab.locator("a.search-result, .aa-Item a").first
        await first.wait_for(timeout=10_000)
        await first.click()
        await tab.wait_for_load_state("load")
        text = await tab.locator("main").inner_text()
        return (
            []
            if all(w in text.lower() for w in word.split()) and "index.html" not in tab.url
            else [f"search for '{word}' leads to {tab.url}, which does not speak of it"]
        )
    except Exception as e:
        return [f"search does not find '{word}': {str(e).splitlines()[0]}"]
    finally:
        await tab.close()


async def menu(browser, base):
    "Faults of the menu: on a phone it must open."
    tab = await browser.new_page(viewport=PHONE)
    await tab.goto(base + "game.html", wait_until="load")
    try:
        await tab.locator(".quarto-btn-toggle:visible").first.click(timeout=5_000)
        await tab.locator("#quarto-sidebar a[href]").first.wait_for(timeout=5_000)
        return []
    except Exception as e:
        return [f"the menu does not open on a phone: {str(e).splitlines()[0]}"]
    finally:
        await tab.close()


async def darkness(browser, base):
    "Faults of the dark theme: a reader who prefers dark must get it, and pictures their white paper."
    tab = await browser.new_page(viewport=DESKTOP, color_scheme="dark")
    await tab.goto(base + "game.html", wait_until="load")
    await tab.wait_for_timeout(200)
    light = await tab.evaluate(LIGHT)
    await picture(tab, SHOTS / "game-dark.jpg")
    await tab.close()
    faults = [] if light["page"] < 80 else ["no dark theme for a reader who prefers it"]
    if light["figure"] != 255:
        faults.append("pictures have no white paper in the dark")
    return faults + [
        f"in the dark, {part} can hardly be read"
        for part, contrast in light["contrast"].items()
        if contrast < 80
    ]


def judge(page, seen, base, known, books):
    "Faults in what was seen of a page."
    faults, book = [], books[page]

    def say(what, things):
        return things and faults.append(
            f"{what}: {', '.join(map(str, list(dict.fromkeys(things))[:6]))}"
        )

    for link in dict.fromkeys(seen["links"]):
        if not link.startswith(base):
            continue
        path, anchor = (
            unquote(urlsplit(link).path)[1:] or "index.html",
            unquote(urlsplit(link).fragment),
        )
        if path in known:
            anchor and anchor not in known[path]["ids"] and faults.append(
                f"broken link: {path} has no place #{anchor}"
            )
        elif not (SITE / path).is_file():
            faults.append(f"broken link: {path}")
    here = {unquote(urlsplit(s).path)[1:] for s in seen["sidebar"] if s.startswith(base)}
    say("not in the sidebar", sorted(set(known) - here))
    say("broken image", seen["broken"])
    say("image without alternative text (#| fig-alt:) in", seen["silent"])
    say("mathematics left as source", seen["raw"])
    say("TeX that was not understood", seen["unread"])
    say(
        "no mathematics, though the notebook has some",
        ["rendered none"] if has_maths(book) and not seen["maths"] else [],
    )
    say("sideways scrolling on a phone", seen["wide"])
    say("not in 'On this page'", sorted(names_of(page) - set(seen["toc"])))
    say("headings of the first level", [] if seen["h1"] == 1 else [seen["h1"]])
    say(
        "code that is not folded",
        [f"{seen['code'] - seen['folded']} cells"]
        if page.startswith("experiments/") and seen["folded"] < seen["code"]
        else [],
    )
    say(
        "larger than 2 MB",
        [f"{size / 1e6:.1f} MB"] if (size := (SITE / page).stat().st_size) > LIMIT else [],
    )
    return faults


async def check(chromium, base):
    "`{page: faults}` of the whole site."
    async with async_playwright() as p:
        browser = await p.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context, todo = await browser.new_context(viewport=DESKTOP), pages()[::-1]
        context.set_default_timeout(90_000)  # of a busy machine
        done = sum(await asyncio.gather(*(look(context, base, todo) for _ in range(AT_ONCE))), [])
        more = (
            await search(browser, base, "critic")
            + await search(browser, base, "weight alpha")
            + await menu(browser, base)
            + await darkness(browser, base)
        )
        await browser.close()
    done.sort(key=lambda d: d[0])
    known, books = {page: seen for page, seen, _ in done}, staged()
    faults = {page: early + judge(page, seen, base, known, books) for page, seen, early in done}
    missing = [f"{page} is staged, but was not made" for page in sorted(set(books) - set(known))]
    return {**faults, "the site": more + missing}


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
    start, server = (
        time.time(),
        ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)),
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        faults = asyncio.run(check(chromium, f"http://127.0.0.1:{server.server_port}/"))
    finally:
        server.shutdown()
    for page, found in faults.items():
        if found:
            print(page, *(f"  {f}" for f in dict.fromkeys(found)), sep="\n")
    number = sum(len(dict.fromkeys(f)) for f in faults.values())
    print(f"screenshots: {SHOTS.relative_to(ROOT)}; {time.time() - start:.0f} s")
    print(f"{len(faults) - 1} pages checked, {number} faults")
    return int(number > 0)


if __name__ == "__main__":
    sys.exit(main())
