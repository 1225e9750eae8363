"""The site without Quarto, as a preview that needs nothing but PyPI: _docs/index.html.

    python tools/docs.py

nbdev stages the notebooks in _proc/, as `nbdev_docs` does for Quarto, and smalldocs makes pages of
them. They load nothing from other hosts: mathematics becomes MathML, and themes lose the fonts that
they would fetch.
"""

import re
import shutil
from html import unescape
from pathlib import Path

from finish import WORDS, finish
from latex2mathml.converter import convert
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs.config import load
from smalldocs.site import Site

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_docs"
EQUATION = re.compile(r'<span class="math (inline|display)">(.*?)</span>', re.S)
TEX = re.compile(r"[\\_^{]")  # what no word has: a single letter is a word, too
BARS = re.compile(r"<mo[^>]*>(?=&#x0(?:2016|2225);)")  # of a norm
EXPECTED = re.compile(  # warnings of smalldocs about what only Quarto does
    r"output-file is not read|format commonmark is not built|html\.grid is ignored"
    r"|html-math-method|respect-user-color-scheme|compiles no Sass|unknown key language"
)

TAGS = "a|b|br|code|dd|details|div|dl|dt|em|i|img|kbd|li|ol|p|small|span|strong|su[bp]|summary|t[dhr]|ul"
ATTRIBUTE = r"""\s+[a-z][\w:-]*(?:=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?"""
LESS = re.compile(rf"<(?!/?(?:{TAGS})(?:{ATTRIBUTE})*\s*/?>)")  # a sign in a text, and no tag

FUZZY = "fuse.search(q, { limit }).map((h) => h.item)"  # how smalldocs searches: for a phrase


def convert_equation(match):
    "One equation as MathML."
    kind, tex = match[1], unescape(match[2])[2:-2]
    try:
        math = convert(tex, display="block" if kind == "display" else "inline")
    except Exception as error:
        raise ValueError(f"this equation cannot be converted: {tex}") from error
    math = BARS.sub('<mo stretchy="false">', math)  # they would grow with their index
    return math if kind == "display" else f'<span class="math">{math}</span>'


def free_text(text, equations):
    "A text for the index: without the TeX of these equations."
    shown = {" ".join(tex.split()) for tex in equations if TEX.search(tex)}
    for tex in sorted(shown, key=len, reverse=True):
        text = text.replace(tex, "")
    return text


class Preview(Site):
    "smalldocs' site with the page names of Quarto's, loading nothing from other hosts."

    def read(self, src):
        page = super().read(src)
        page.out = src.with_name(page.front.get("output-file", page.out.name))
        return page

    def render_page(self, page):
        super().render_page(page)
        equations = [unescape(found[2])[2:-2] for found in EQUATION.finditer(page.html)]
        for section in page.env.get("search", []):
            section["text"] = free_text(section["text"], equations)
        try:
            page.html = EQUATION.sub(convert_equation, page.html)
        except ValueError as error:
            raise ValueError(f"{page.src}: {error}") from error
        page.env["math"] = False  # or the page would load KaTeX from a network

    def write_search(self):
        for page in self.pages.values():
            for section in page.env.get("search", []):  # or all up to the next > would be left out
                section["text"] = LESS.sub("&lt;", section["text"])
        super().write_search()

    def copy_assets(self, nav):
        super().copy_assets(nav)
        libraries = self.out / "site_libs"
        script = libraries / "smalldocs.js"
        text = script.read_text(encoding="utf-8")
        assert FUZZY in text, "smalldocs searches in another way now: look at FUZZY"
        ours = f"{WORDS}(q, index, {FUZZY}, limit)"
        script.write_text(text.replace(FUZZY, ours), encoding="utf-8")


def main():
    "Stage, render, and say where the site is."
    refresh_quarto_yml()
    staged = proc_nbs(force=True)
    shutil.rmtree(SITE, ignore_errors=True)
    site = Preview(load(staged), quiet=True)
    site.out = SITE
    number = site.build()
    finish(SITE)
    for warning in site.warnings:
        if not EXPECTED.search(warning):
            print(f"note: {warning}")
    print(f"{number} pages: {SITE / 'index.html'}")


if __name__ == "__main__":
    main()
