"""An executed notebook as one HTML page that loads nothing from outside itself.

    python tools/page.py NOTEBOOK.ipynb        # writes NOTEBOOK.html beside it

Figures are embedded, equations become MathML, hidden cells (`#| hide`) and nbdev directives are
left out.
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
body {max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff}
body {font: 16px/1.55 system-ui, sans-serif}
h1, h2, h3 {line-height: 1.2}
a {color: #05c}
a.anchor-link {display: none}
blockquote {margin-left: 0; color: #555; font-style: italic}
pre {margin: 0; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace}
code {font: .87em ui-monospace, monospace}
.cell {margin: .8rem 0}
.input_area {background: #f6f7f9; padding: .6rem .8rem; border-radius: 4px}
.output {padding: .3rem .8rem; overflow-x: auto}
.output_stderr, .output_error {background: #fdf3f0}
.output_stderr pre {white-space: pre-wrap}
table {border-collapse: collapse; border: 0; margin: .8rem 0; font-size: 14px}
td, th {padding: .25rem .7rem; text-align: right; border: 0; border-bottom: 1px solid #ddd}
caption {text-align: left; padding-bottom: .4rem; color: #444}
img, svg {max-width: 100%; height: auto}
math {font-family: 'Latin Modern Math', 'STIX Two Math', 'Cambria Math', math}
math[display=block] {margin: .8rem 0; overflow-x: auto}
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{css}</style></head>
<body>{body}</body></html>
"""
DIRECTIVE = re.compile(r"^\s*#\|.*\n?", re.M)
HIDDEN = re.compile(r"^\s*#\|\s*(hide|include:\s*false)\s*$", re.M)
CAPTION = re.compile(r"^\s*#\|\s*fig-alt:\s*(.*?)\s*$", re.M)
LINK = re.compile(r"(\]\()(?!\w+:|[#/])([^)\s]+)")
FETCHED = re.compile(r"url\(\s*['\"]?(?!['\"]?(?:data:|#))[^)]*\)|@import[^;]*")
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
        keys = LOADS if tag in ("a", "area") else LOADS | {"href"}
        for key, value in attrs:
            value = value or ""
            if key == "style":
                self.found += FETCHED.findall(value)
            elif key in keys and value and not value.startswith(("data:", "#")):
                self.found.append(f"<{tag} {key}={value[:80]!r}>")

    def handle_endtag(self, tag):
        self.tag = None

    def handle_data(self, text):
        if self.tag == "style":
            self.found += FETCHED.findall(text)
        if self.tag == "script" and text.strip():
            self.found.append(f"<script> {text.strip()[:80]!r}")


def strip_cell(cell):
    "Drop directives and widgets of a cell; `#| fig-alt:` becomes its figure's alternative text."
    if caption := CAPTION.search(cell.source):
        cell.metadata["alt"] = caption[1].strip("\"'")
    cell.source = DIRECTIVE.sub("", cell.source)
    for output in cell.outputs:
        for kind in [*output.get("data", {})]:
            if "widget" in kind or "javascript" in kind:
                del output.data[kind]


def strip(nb):
    "Drop hidden cells, directives and widgets."
    nb.metadata.pop("widgets", None)
    nb.cells = [cell for cell in nb.cells if not HIDDEN.search(cell.source)]
    for cell in nb.cells:
        if cell.cell_type == "code":
            strip_cell(cell)
    nb.cells = [cell for cell in nb.cells if cell.source.strip() or cell.get("outputs")]


def relink(nb, folder):
    "Make links that papermill's input notebook meant lead from `folder`."
    start = Path(nb.metadata.get("papermill", {}).get("input_path") or folder / "x").parent

    def resolve(match):
        return match[1] + Path(os.path.relpath(start / match[2], folder)).as_posix()

    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(resolve, cell.source)


def find_title(nb):
    "The first heading."
    titles = (re.match(r"#\s+(.*)", cell.source) for cell in nb.cells)
    return next((title[1] for title in titles if title), "notebook")


def make_page(nb, folder):
    "The notebook `nb` as HTML for `folder`; ValueError names what it would load from outside."
    strip(nb)
    relink(nb, folder)
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
    css = CSS + HtmlFormatter(style="default").get_style_defs(".highlight")
    html = PAGE.format(title=escape(find_title(nb)), css=css, body=body)
    if found := Outside(html).found:
        raise ValueError(f"the page would load or run what is outside it: {'; '.join(found[:5])}")
    return html


def main(path):
    "Write the page beside its notebook, whole or not at all."
    try:
        html = make_page(nbformat.read(path, as_version=4), path.parent)
    except ValueError as error:
        remedy = "Take that output out of the notebook, or hide its cell with #| hide"
        sys.exit(f"{path}: {error}\n{remedy}")
    out, tmp = path.with_suffix(".html"), path.with_suffix(".html.tmp")
    tmp.write_text(html, encoding="utf-8")
    os.replace(tmp, out)
    print(f"{out}: {len(html) / 1e3:.0f} kB, loads nothing from outside itself")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
