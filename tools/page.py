"""An executed notebook as one HTML page that loads nothing from outside itself.

    python tools/page.py NOTEBOOK.ipynb        # writes NOTEBOOK.html beside it

Figures are embedded, equations become MathML, hidden cells (`#| hide`) and nbdev directives are left out.
"""

import os
import re
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from pygments.formatters import HtmlFormatter

CSS = """
body {max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; font: 16px/1.55 system-ui, sans-serif}
h1, h2, h3 {line-height: 1.2} a {color: #05c} a.anchor-link {display: none} blockquote {margin-left: 0; color: #555; font-style: italic}
pre {margin: 0; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace} .input_area {background: #f6f7f9; padding: .6rem .8rem; border-radius: 4px}
code {font: .87em ui-monospace, monospace} .cell {margin: .8rem 0}
.output {padding: .3rem .8rem; overflow-x: auto} .output_stderr, .output_error {background: #fdf3f0}
.output_stderr pre {white-space: pre-wrap}
table {border-collapse: collapse; border: 0; margin: .8rem 0; font-size: 14px}
td, th {padding: .25rem .7rem; text-align: right; border: 0; border-bottom: 1px solid #ddd}
caption {text-align: left; padding-bottom: .4rem; color: #444} img, svg {max-width: 100%; height: auto}
math {font-family: 'Latin Modern Math', 'STIX Two Math', 'Cambria Math', math} math[display=block] {margin: .8rem 0; overflow-x: auto}
"""
DIRECTIVE = re.compile(r"^\s*#\|.*\n?", re.M)
LOADS = {"src", "srcset", "data", "poster", "background", "xlink:href"}


class Outside(HTMLParser):
    "Collects in `.found` whatever a browser would fetch for this page; plain links are fine."

    def __init__(self, html):
        super().__init__()
        self.found, self.tag = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if tag in ("iframe", "object", "embed"):
            self.found.append(f"<{tag}>")
        keys = LOADS | (set() if tag in ("a", "area") else {"href"})
        self.found += [
            f"<{tag} {k}={v[:80]!r}>"
            for k, v in attrs
            if k in keys and v and not v.startswith(("data:", "#"))
        ]
        self.found += [s for k, v in attrs if k == "style" for s in styled(v or "")]

    def handle_endtag(self, tag):
        self.tag = None

    def handle_data(self, text):
        if self.tag == "style":
            self.found += styled(text)
        if self.tag == "script" and text.strip():
            self.found.append(f"<script> {text.strip()[:80]!r}")


def styled(css):
    "The addresses a style sheet would fetch."
    return re.findall(r"url\(\s*['\"]?(?!['\"]?(?:data:|#))[^)]*\)|@import[^;]*", css)


def prepare(nb):
    "Drop hidden cells, directives and widgets; a figure's `#| fig-alt:` becomes its alternative text."
    nb.cells = [
        c
        for c in nb.cells
        if not re.search(r"^\s*#\|\s*(hide|include:\s*false)\s*$", c.source, re.M)
    ]
    nb.metadata.pop("widgets", None)
    for c in nb.cells:
        if c.cell_type != "code":
            continue
        alt = re.search(r"^\s*#\|\s*fig-alt:\s*(.*?)\s*$", c.source, re.M)
        if alt:
            c.metadata["alt"] = alt[1].strip("\"'")
        c.source = DIRECTIVE.sub("", c.source)
        for o in c.outputs:
            [o.data.pop(k) for k in list(o.get("data", {})) if "widget" in k or "javascript" in k]
    nb.cells = [c for c in nb.cells if c.source.strip() or c.get("outputs")]
    return nb


def relink(nb, folder):
    "Make links that papermill's input notebook meant lead from `folder`."
    start = Path(nb.metadata.get("papermill", {}).get("input_path") or folder / "x").parent

    def to(m):
        return m[1] + Path(os.path.relpath(start / m[2], folder)).as_posix()

    for c in nb.cells:
        if c.cell_type == "markdown":
            c.source = re.sub(r"(\]\()(?!\w+:|[#/])([^)\s]+)", to, c.source)


def page(nb, folder):
    "The notebook `nb` as HTML for `folder`; ValueError names what it would load from outside."
    relink(prepare(nb), folder)
    IPythonRenderer.inline_math = lambda _, tex: convert(tex)
    IPythonRenderer.block_math = lambda _, tex: convert(tex, display="block")
    exporter = HTMLExporter(
        template_name="basic",
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        preprocessors=[CoalesceStreamsPreprocessor(enabled=True)],
    )
    body, _ = exporter.from_notebook_node(nb, {"metadata": {"path": str(folder)}})
    title = next((m[1] for c in nb.cells if (m := re.match(r"#\s+(.*)", c.source))), "notebook")
    css = CSS + HtmlFormatter(style="default").get_style_defs(".highlight")
    html = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head>\n<body>{body}</body></html>\n"
    )
    if found := Outside(html).found:
        raise ValueError(
            "the page would load or run things from outside itself: " + "; ".join(found[:5])
        )
    return html


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = Path(sys.argv[1])
    out, tmp = path.with_suffix(".html"), path.with_suffix(".html.tmp")
    try:
        html = page(nbformat.read(path, as_version=4), path.parent)
    except ValueError as e:
        sys.exit(
            f"{path}: {e}\nTake that output out of the notebook, or hide its cell with #| hide"
        )
    tmp.write_text(html, encoding="utf-8")
    os.replace(tmp, out)
    print(f"{out}: {len(html) / 1e3:.0f} kB, loads nothing from outside itself")
