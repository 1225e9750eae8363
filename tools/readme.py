"""README.md from nbs/index.ipynb, without Quarto.

    python tools/readme.py                     # writes README.md

Hidden cells and nbdev directives are left out, outputs are shown below their cell, a picture as a file in images/,
and links relative to nbs/ become links relative to README.md.
"""

import base64
import hashlib
import json
import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by tools/readme.py from nbs/index.ipynb: edit that, then `make readme`. -->"


def relink(text):
    "Relative links and images in `text`, which starts from nbs/, as seen from the root."
    return re.sub(
        r"(\]\()(?!\w+:|[#/])([^)\s]+)", lambda m: m[1] + posixpath.normpath("nbs/" + m[2]), text
    )


def picture(output):
    "`{path: bytes}` of the PNG an output holds, named after its content so that no reader sees an old one; empty without."
    png = base64.b64decode(output.get("data", {}).get("image/png", ""))
    return {f"images/{hashlib.sha256(png).hexdigest()[:12]}.png": png} if png else {}


def text_of(output, alt=""):
    "An output as Markdown: Markdown and HTML as they are, a picture as a link to its file, plain text in a fence."
    data = output.get("data", {})
    for path in picture(output):
        return f"![{alt}]({path})"
    for kind in ("text/markdown", "text/html"):
        if kind in data:
            return relink("".join(data[kind]))
    text = "".join(data.get("text/plain", output.get("text", "")))
    return f"```\n{text.rstrip()}\n```" if text.strip() and output.get("name") != "stderr" else ""


def cell_parts(cell):
    "The pieces of Markdown one cell gives."
    source = "".join(cell["source"]).strip()
    flags = {m[1]: m[2] for m in re.finditer(r"^\s*#\|\s*([\w-]+):?[ \t]*(.*)$", source, re.M)}
    if (
        flags.keys() & {"hide", "export", "exporti", "default_exp"}
        or flags.get("include") == "false"
    ):
        return []
    if cell["cell_type"] == "markdown":
        return [relink(source)]
    if cell["cell_type"] != "code":
        return []
    code = re.sub(r"^\s*#\|.*\n?", "", source, flags=re.M).strip()
    parts = [f"```python\n{code}\n```"] if code and flags.get("echo") != "false" else []
    return parts + (
        [text_of(o, flags.get("fig-alt", "").strip("\"'")) for o in cell["outputs"]]
        if flags.get("output") != "false"
        else []
    )


def index(root=ROOT):
    "The cells of nbs/index.ipynb."
    return json.loads((root / "nbs/index.ipynb").read_text(encoding="utf-8"))["cells"]


def pictures(root=ROOT):
    "`{path: bytes}` of every picture README.md shows."
    return {
        path: png
        for c in index(root)
        if cell_parts(c)
        for o in c.get("outputs", [])
        for path, png in picture(o).items()
    }


def readme(root=ROOT):
    "The text README.md should have."
    cells = index(root)
    return "\n\n".join(p for p in [NOTE] + [p for c in cells for p in cell_parts(c)] if p) + "\n"


if __name__ == "__main__":
    for old in (ROOT / "images").glob("*.png"):
        old.unlink()
    for path, png in pictures().items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_bytes(png)
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
    print(ROOT / "README.md")
