"""The site, from the notebooks: with Quarto as it is published, or without it as a preview that needs nothing but PyPI.

    python tools/docs.py           # with Quarto (nbdev_docs)
    python tools/docs.py preview   # without: smalldocs

Either way nbdev stages the notebooks in _proc/ and the pages end up in _docs/. The preview loads nothing from other hosts:
mathematics becomes MathML, and themes lose the fonts they would fetch.
"""

import ast
import json
import posixpath
import re
import shutil
import sys
from html import unescape
from pathlib import Path

import nbdev.processors
import nbdev.serve
from latex2mathml.converter import convert
from nbdev.config import get_config
from nbdev.doclinks import _nbpath2html
from nbdev.quarto import nbdev_docs, refresh_quarto_yml
from nbdev.serve import proc_nbs
from smalldocs.config import load
from smalldocs.site import Site

ROOT = Path(__file__).resolve().parent.parent
NBS, STAGED, SITE = ROOT / "nbs", ROOT / "_proc", ROOT / "_docs"
FOLDED = {
    "experiments"
}  # folders of pages that are read for what they find: their code is one click away
PROSE = re.compile(
    r"^(#\| *fig-(?:alt|cap): +)(?![\"'\[])(.*?) *$", re.M
)  # a colon in it would end the YAML value
FENCED, LINKED = (
    re.compile(r"^```.*?^```", re.M | re.S),
    re.compile(r"\[(`[^`]*`)\]\([^)]*\)"),
)  # and names in code, where a link is no link
PRIVATE = re.compile(
    r"\[(`_\w+`)\]\([^)]*\)"
)  # nbdev links private names too, which have no place to lead to
LINK = re.compile(r"(\]\()([^)\s]+)(?=\))")


# ---- staging: what nbdev does to notebooks, and what both renderers need beyond it


def runs(cell):
    "Whether staging runs a cell: `show_doc`, what is exported, and cells of nothing but imports. All else has its outputs already."
    trees = cell.cell_type == "code" and cell.source and cell.parsed_()
    if not trees or cell.directives_.get("eval:") == ["false"]:
        return False
    shows = nbdev.processors._show_docs(trees) or cell.directives_.keys() & {
        "export",
        "exports",
        "exporti",
        "exec_doc",
    }
    return bool(shows) or all(isinstance(t, (ast.Import, ast.ImportFrom)) for t in trees)


def address(target, page):
    "A link of `page`, a path below nbs/, for the site: its own pages by relative paths, other files of the repository on its host."
    cfg = get_config()
    home, host, folder = (
        f"{cfg.doc_host}{cfg.doc_baseurl}/",
        f"{cfg.git_url}/blob/{cfg.branch}/",
        posixpath.dirname(page),
    )
    if target.startswith(home):  # nbdev's links from names in backticks
        name, _, anchor = target[len(home) :].partition("#")
        source = next((p.name for p in NBS.glob("*.ipynb") if _nbpath2html(p).name == name), name)
        return f"{posixpath.relpath(source, folder or '.')}#{anchor}"
    if re.match(r"\w+:|[#/]", target):
        return target
    there = posixpath.normpath(posixpath.join("nbs", folder, target))
    return target if there.startswith("nbs/") else host + there


class tidy(nbdev.processors.Processor):
    "The last step for every notebook: links that lead somewhere, alternative texts as YAML reads them, folded code, API names on show."

    def begin(self):
        self.page = Path(self.nb.path_).resolve().relative_to(NBS).as_posix()

    def relink(self, text):
        text = PRIVATE.sub(r"\1", text)
        return LINK.sub(lambda m: m[1] + address(m[2], self.page), text)

    def cell(self, cell):
        if cell.cell_type == "markdown":
            cell.source = self.relink(cell.source)
        if cell.cell_type != "code":
            return
        cell.metadata.pop(
            "execution", None
        )  # with it, Quarto boxes the outputs of `show_doc`, and their headings leave "On this page"
        for o in cell.get("outputs", []):
            data = o.get("data", {})
            if "text/markdown" in data:
                data["text/markdown"] = FENCED.sub(
                    lambda m: LINKED.sub(r"\1", m[0]), self.relink("".join(data["text/markdown"]))
                )
        cell.source = PROSE.sub(lambda m: m[1] + json.dumps(m[2], ensure_ascii=False), cell.source)
        if Path(self.page).parts[0] in FOLDED and "code-fold" not in cell.source:
            cell.source = f"#| code-fold: true\n{cell.source}"

    def end(self):
        self.nb.metadata.pop("widgets", None)


class Staged(nbdev.processors.FilterDefaults):
    "nbdev's steps, then ours."

    def base_procs(self):
        return [*super().base_procs(), tidy]


def prepare():
    "Make nbdev stage as above, from scratch."
    nbdev.processors._do_eval, nbdev.serve.FilterDefaults = runs, Staged
    shutil.rmtree(STAGED, ignore_errors=True)


# ---- rendering


def mathml(html):
    "Every equation of a page as MathML."

    def one(m):
        tex = re.sub(r"\\tag\{(.*?)\}", r"\\qquad (\1)", unescape(m[2])[2:-2])
        try:
            math = convert(tex, display="block" if m[1] == "display" else "inline")
        except Exception as e:
            raise ValueError(f"this equation cannot be converted: {tex}") from e
        math = re.sub(
            r"<mo[^>]*>(?=&#x0(?:2016|2225);)", '<mo stretchy="false">', math
        )  # a norm's bars stretch with their index otherwise
        return math if m[1] == "display" else f'<span class="math">{math}</span>'

    return re.sub(r'<span class="math (inline|display)">(.*?)</span>', one, html, flags=re.S)


# smalldocs looks for a phrase that resembles the query; people type words: sections that hold them all come first, named ones before others
FUZZY = "fuse.search(q, { limit }).map((h) => h.item)"
WORDS = f"""((words) => {{
        const name = (e) => `${{e.title}} ${{e.section}}`.toLowerCase(), named = (e) => words.filter((w) => name(e).includes(w)).length;
        const whole = index.filter((e) => words.every((w) => (name(e) + e.text.toLowerCase()).includes(w))).sort((a, b) => named(b) - named(a));
        return [...new Set([...whole, ...{FUZZY}])].slice(0, limit);
      }})(q.toLowerCase().split(/\\s+/))"""


class Preview(Site):
    "smalldocs' site with the page names of Quarto's, loading nothing from other hosts."

    def read(self, src):
        page = super().read(src)
        page.out = src.with_name(page.front.get("output-file", page.out.name))
        return page

    def render_page(self, page):
        super().render_page(page)
        try:
            page.html = mathml(page.html)
        except ValueError as e:
            raise ValueError(f"{page.src}: {e}") from e
        page.env["math"] = False  # or the page would load KaTeX from a network

    def copy_assets(self, nav):
        super().copy_assets(nav)
        script = self.out / "site_libs/smalldocs.js"
        assert FUZZY in (text := script.read_text(encoding="utf-8")), (
            "smalldocs searches in another way now: look at WORDS"
        )
        script.write_text(text.replace(FUZZY, WORDS), encoding="utf-8")
        for css in (self.out / "site_libs").rglob("*.css"):
            css.write_text(
                re.sub(r"@import url\([^)]*\);?", "", css.read_text(encoding="utf-8")),
                encoding="utf-8",
            )


def preview():
    "Render without Quarto."
    prepare()
    refresh_quarto_yml()
    proc_nbs(n_workers=0)
    shutil.rmtree(SITE, ignore_errors=True)
    site = Preview(load(STAGED), quiet=True)
    site.out = SITE
    number = site.build()
    expected = re.compile(
        r"output-file is not read|format commonmark is not built|html\.grid is ignored"
    )
    for warning in site.warnings:
        expected.search(warning) or print(f"note: {warning}")
    return f"{number} pages: {SITE / 'index.html'}"


def quarto():
    "Render with Quarto."
    if not shutil.which("quarto"):
        sys.exit(
            "Quarto is not installed: https://quarto.org/docs/get-started; the same site without it: make docs-preview"
        )
    prepare()
    (ROOT / "README.md").touch()  # or nbdev would write another one
    nbdev_docs(n_workers=0)
    return str(SITE / "index.html")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["preview"]):
        sys.exit(__doc__)
    print(preview() if sys.argv[1:] else quarto())
