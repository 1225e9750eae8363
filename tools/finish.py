"""What a renderer leaves to be done on a site: nothing from other hosts, the keyboard, the search.

    python tools/finish.py FOLDER              # `_quarto.yml` has Quarto run it, with no FOLDER

A page with a table asks for RequireJS and jQuery, which no page here uses; a theme's style sheet
asks for fonts; the picture for who shares a page may be a picture within its text; the index of the
search holds the TeX of equations. Who uses the keyboard passes the whole menu first. And the search
looks for a phrase that resembles the query, while people type words. Standard library only.
"""

import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

IMPORTED = re.compile(r"@import (?:url\([^)]*\)|\"[^\"]*\"|'[^']*');?")
WIDGETS = re.compile(
    r"<script[^>]*\bsrc=\"https?://[^\"]*/(?:require(?:js)?|jquery)[@.\w/-]*\.js\"[^>]*></script>\s*"
    r"|<script[^>]*>define\('jquery',[^<]*</script>\s*"
)
LOADS = re.compile(  # what a browser fetches by itself; `a` and `link rel="canonical"` it does not
    r"<(?:script|img|iframe|source|audio|video|embed|object|input)\b[^>]*?"
    r"\b(?:src|srcset|data|poster)=[\"']((?:https?:)?//[^\"']*)"
    r"|<link\b(?=[^>]*\brel=[\"'](?:stylesheet|icon|preload|prefetch|preconnect|modulepreload))"
    r"[^>]*?\bhref=[\"']((?:https?:)?//[^\"']*)",
    re.I,
)
FETCHED = re.compile(r"(?:url\(\s*[\"']?|@import\s*[\"'])((?:https?:)?//[^\"')]*)")
CARD = re.compile(  # a picture within the page, or one that is taken to lie beside it
    r"(<meta (?:property=\"og|name=\"twitter):image\" content=\")"
    r"[^\"]*(?:data:image[^\"]*|/card\.png)(?=\")"
)
HOME = re.compile(r"<loc>(https://.*?/)index\.html</loc>")
MATH = re.compile(  # an equation that has no box yet
    r"(?<!<span class=\"math\">)(?<!<span class=\"math display\">)"
    r"<math\b[^>]*\bdisplay=\"(inline|block)\".*?</math>",
    re.S,
)
BOUND = re.compile(  # an equation within text, and the punctuation that must not begin a line
    r"(?<!<span class=\"bound\">)(<span class=\"math\"><math\b(?:(?!</math>).)*</math></span>"
    r"[.,;:!?)’”]+)",
    re.S,
)
BODY = re.compile(r"(<body[^>]*>)(?!<a class=\"skip\")")
SKIP = '<a class="skip" href="#quarto-document-content">Skip to the text</a>'
TEX = re.compile(r"<annotation[^>]*encoding=\"application/x-tex\"[^>]*>(.*?)</annotation>", re.S)
BRACKETS = str.maketrans({"<": "&lt;", ">": "&gt;"})  # as the index has them
MARKED = re.compile("\x02[^\x03]*\x03")  # TeX, as `PageText` marks it
LINES = re.compile(f"^(?:[^\n\x02]*{MARKED.pattern})+[^\n\x02]*$", re.M)  # those with TeX in them

# Sections that hold every word of the query come first, and among these the ones that are named so,
# and those that help; the changelog and the reference last; then what resembles the phrase.
COMMON = "a an and are be can do does for how i if in is it its many me much my of on one or so the this to was what when where which who why will with you"  # noqa: E501
WORDS = """((query, entries, similar, limit) => {
  const common = new Set(COMMON.split(" "));
  const typed = query.toLowerCase().replace(/[?!.,;:]+/g, " ").split(/\\s+/).filter(Boolean);
  const telling = typed.filter((w) => !common.has(w));
  const words = telling.length ? telling : typed;
  const name = (e) => `${e.title} ${e.section || ""}`.toLowerCase();
  const holds = (e, w) => (name(e) + " " + e.text.toLowerCase()).includes(w);
  const begins = (e, w) => name(e).split(/[^\\w]+/).some((own) => own.startsWith(w));
  const under = (e, pages) => new RegExp(`^([.]/)?(${pages})[./]`).test(e.href);
  const helps = (e) => under(e, "index|howto") ? 5 : under(e, "changelog|reference") ? -5 : 0;
  const named = (e) => 10 * words.filter((w) => begins(e, w)).length +
    typed.filter((w) => begins(e, w)).length + helps(e);
  const whole = entries.filter((e) => words.every((w) => holds(e, w)));
  const rank = new Map(whole.map((e) => [e, named(e)]));
  whole.sort((a, b) => rank.get(b) - rank.get(a));
  return [...new Set([...whole, ...similar])].slice(0, limit);
})""".replace("COMMON", json.dumps(COMMON))
QUARTOS = "await index.search(query, fuseOptions);"
NARROWS = "now - then > kFuseMaxWait"  # a slow search: the next one asks only what this one found
OURS = f"""{WORDS}(
    query, index._docs, index.search(query, fuseOptions).map((r) => r.item), fuseOptions.limit
  ).map((item) => ({{ item }}));"""


def find_outside(text):
    "Addresses on other hosts that a page or a style sheet would load from."
    found = [first or second for first, second in LOADS.findall(text)]
    styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.S) if "<style" in text else [text]
    return found + [address for style in styles for address in FETCHED.findall(style)]


def list_files(site, ending):
    "The files of a site whose names end so."
    return sorted(path for path in Path(site).rglob(f"*{ending}") if path.is_file())


def free_styles(site):
    "Style sheets fetch no fonts."
    for path in list_files(site, ".css"):
        text = path.read_text(encoding="utf-8")
        freed = IMPORTED.sub(lambda match: match[0] if "//" not in match[0] else "", text)
        if freed != text:
            path.write_text(freed, encoding="utf-8")


def box_equation(match):
    "An equation in a box, which scrolls where a screen is narrow."
    kind = "math" if match[1] == "inline" else "math display"
    return f'<span class="{kind}">{match[0]}</span>'


class PageText(HTMLParser):
    "The text of a page as Quarto's index has it, with marks around the TeX of equations."

    def __init__(self, page):
        super().__init__()
        self.parts, self.silent = [], 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("script", "style")
        if tag == "annotation":
            self.parts.append("\x02")

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style")
        if tag == "annotation":
            self.parts.append("\x03")

    def handle_data(self, data):
        if not self.silent:
            self.parts.append(data)


def list_lines(page):
    "`[(lines of the index, the same without the TeX of their equations), ...]` of a page."
    lines = set(LINES.findall("".join(PageText(page).parts)))
    both = [(line.replace("\x02", "").replace("\x03", ""), MARKED.sub("", line)) for line in lines]
    return [tuple(line.strip().translate(BRACKETS) for line in pair) for pair in both]


def free_pages(site):
    "Pages ask for no widgets; of each, the lines of the index that have the TeX of equations."
    lines, home = {}, HOME.search((Path(site) / "sitemap.xml").read_text(encoding="utf-8"))
    card = rf"\g<1>{home[1]}card.png"  # Quarto takes a page's first picture, even within its text
    for path in list_files(site, ".html"):
        text = path.read_text(encoding="utf-8")
        if "<annotation" in text:
            lines[path.relative_to(site).as_posix()] = list_lines(text)
        freed = CARD.sub(card, TEX.sub("", WIDGETS.sub("", text)))
        freed = BOUND.sub(r'<span class="bound">\1</span>', MATH.sub(box_equation, freed))
        freed = BODY.sub(rf"\g<1>{SKIP}", freed)
        if freed != text:
            path.write_text(freed, encoding="utf-8")
    return lines


def free_lines(text, lines):
    "A text of the index with other lines: whole ones, since TeX may be a letter that words have."
    for old, new in lines:
        text = re.sub(rf"(?m)^(\s*){re.escape(old)}(?=\s*$)", lambda m, new=new: m[1] + new, text)
    return text


def free_index(site, lines):
    "The index of the search without the TeX of equations."
    path = Path(site) / "search.json"
    if not path.exists():
        return
    entries = json.loads(path.read_text(encoding="utf-8"))
    for entry in entries:
        page = entry["href"].partition("#")[0]
        entry["text"] = free_lines(entry["text"], lines.get(page, []))
    path.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")


def search_words(site):
    "Let Quarto's search look for words."
    for path in list_files(site, "quarto-search.js"):
        text = path.read_text(encoding="utf-8")
        if OURS in text:
            continue
        if QUARTOS not in text or NARROWS not in text:
            sys.exit(f"{path.name} searches in another way now: look at QUARTOS in tools/finish.py")
        text = text.replace(QUARTOS, OURS).replace(NARROWS, "false")  # "how much" is not all words
        path.write_text(text, encoding="utf-8")


def finish(site):
    "All of it, for the site in a folder."
    free_styles(site)
    free_index(site, free_pages(site))
    search_words(site)


if __name__ == "__main__":
    named = sys.argv[1:] or [os.environ.get("QUARTO_PROJECT_OUTPUT_DIR")]
    if "SMALLDOCS" not in os.environ:  # the preview calls `finish` itself, when all is written
        if not named[0]:
            sys.exit(__doc__)
        finish(Path(named[0]))
