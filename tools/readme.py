"""README.md from nbs/index.ipynb, without Quarto.

    python tools/readme.py                     # writes README.md and its pictures in images/

Hidden cells and nbdev directives are left out, outputs are shown below their cell, a picture as a
file in images/, and links relative to nbs/ become links relative to README.md. `_quarto.yml` names
this script to be run after rendering: nbdev_readme lets Quarto write a README.md whose links start
from nbs/; that one is taken away, and ours is written. Standard library only, for any Python.
"""

import base64
import hashlib
import json
import os
import posixpath
import re
import shutil
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by tools/readme.py from nbs/index.ipynb: edit that, then `make readme`. -->"
LEFT_OUT = {"hide", "export", "exporti", "default_exp"}


def relink(text):
    "Relative links and images in `text`, which starts from nbs/, as seen from the root."
    link = re.compile(r"(\]\()(?!\w+:|[#/])([^)\s]+)")
    return link.sub(lambda match: match[1] + posixpath.normpath("nbs/" + match[2]), text)


DRAWN = re.compile(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]*)">')  # for a desktop


def read_picture(output, alt=""):
    "`(path, bytes, alt text)` of the PNG that an output holds, named after its content; or None."
    data = output.get("data", {})
    coded = data.get("image/png", "")
    if drawn := DRAWN.search("".join(data.get("text/html", ""))):
        coded, alt = drawn[1], unescape(drawn[2])
    png = base64.b64decode(coded)
    return (f"images/{hashlib.sha256(png).hexdigest()[:12]}.png", png, alt) if png else None


def show_output(output, alt=""):
    "An output as Markdown: Markdown and HTML as they are, a picture as a link, text in a fence."
    data = output.get("data", {})
    if picture := read_picture(output, alt):
        path, _, said = picture
        return f"![{said}]({path})"
    for kind in ("text/markdown", "text/html"):
        if kind in data:
            return relink("".join(data[kind]))
    text = "".join(data.get("text/plain", output.get("text", "")))
    if output.get("name") == "stderr" or not text.strip():
        return ""
    return f"```\n{text.rstrip()}\n```"


def read_directives(source):
    "`{name: value}` of the lines `#| name: value` of a cell."
    found = re.finditer(r"^\s*#\|\s*([\w-]+):?[ \t]*(.*)$", source, re.M)
    return {match[1]: match[2] for match in found}


def show_cell(cell):
    "The pieces of Markdown that one cell gives."
    source = "".join(cell["source"]).strip()
    flags = read_directives(source)
    if flags.keys() & LEFT_OUT or flags.get("include") == "false":
        return []
    if cell["cell_type"] == "markdown":
        return [relink(source)]
    if cell["cell_type"] != "code":
        return []
    parts = []
    code = re.sub(r"^\s*#\|.*\n?", "", source, flags=re.M).strip()
    if code and flags.get("echo") != "false":
        parts.append(f"```python\n{code}\n```")
    if flags.get("output") != "false":
        alt = flags.get("fig-alt", "").strip("\"'")
        parts += [show_output(output, alt) for output in cell["outputs"]]
    return parts


def read_index():
    "The cells of nbs/index.ipynb."
    return json.loads((ROOT / "nbs/index.ipynb").read_text(encoding="utf-8"))["cells"]


def list_pictures():
    "`{path: bytes}` of every picture that README.md shows."
    shown = [cell for cell in read_index() if show_cell(cell)]
    outputs = [output for cell in shown for output in cell.get("outputs", [])]
    pictures = [picture for output in outputs if (picture := read_picture(output))]
    return {path: png for path, png, _ in pictures}


def make_readme():
    "The text that README.md should have."
    parts = [NOTE, *(part for cell in read_index() for part in show_cell(cell))]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_readme():
    "Write README.md and images/."
    images = ROOT / "images"
    images.mkdir(exist_ok=True)
    pictures = list_pictures()
    for old in images.glob("*.png"):
        if old.relative_to(ROOT).as_posix() not in pictures:
            old.unlink()
    for path, png in pictures.items():
        (ROOT / path).write_bytes(png)
    (ROOT / "README.md").write_text(make_readme(), encoding="utf-8")
    print(ROOT / "README.md")


def follow_quarto(rendered):
    "After Quarto rendered these files: write our README.md instead of its own, if it made one."
    folder = Path(os.environ["QUARTO_PROJECT_OUTPUT_DIR"])
    if "README.md" not in {Path(name).name for name in rendered.splitlines()}:
        return
    (folder / "README.md").unlink(missing_ok=True)
    shutil.rmtree(folder / "index_files", ignore_errors=True)
    write_readme()


if __name__ == "__main__":
    if "QUARTO_PROJECT_OUTPUT_DIR" in os.environ:
        follow_quarto(os.environ.get("QUARTO_PROJECT_OUTPUT_FILES", ""))
    else:
        write_readme()
