"""README.md from nbs/index.ipynb, without Quarto.

    python tools/readme.py                     # writes README.md

Hidden cells and nbdev directives are left out, text outputs are shown below their cell,
and links relative to nbs/ become links relative to README.md.
"""
import json, posixpath, re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by tools/readme.py from nbs/index.ipynb: edit that, then `make readme`. -->"


def relink(text):
    "Relative links and images in `text`, which starts from nbs/, as seen from the root."
    return re.sub(r"(\]\()(?!\w+:|[#/])([^)\s]+)", lambda m: m[1] + posixpath.normpath("nbs/" + m[2]), text)


def text_of(output):
    "An output as Markdown: Markdown and HTML as they are, plain text in a fence; pictures are left to the notebook."
    data = output.get("data", {})
    for kind in ("text/markdown", "text/html"):
        if kind in data: return relink("".join(data[kind]))
    text = "".join(data.get("text/plain", output.get("text", "")))
    return f"```\n{text.rstrip()}\n```" if text.strip() and output.get("name") != "stderr" else ""


def cell_parts(cell):
    "The pieces of Markdown one cell gives."
    source = "".join(cell["source"]).strip()
    flags = {m[1]: m[2] for m in re.finditer(r"^\s*#\|\s*([\w-]+):?[ \t]*(.*)$", source, re.M)}
    if flags.keys() & {"hide", "export", "exporti", "default_exp"} or flags.get("include") == "false": return []
    if cell["cell_type"] == "markdown": return [relink(source)]
    if cell["cell_type"] != "code": return []
    code = re.sub(r"^\s*#\|.*\n?", "", source, flags=re.M).strip()
    parts = [f"```python\n{code}\n```"] if code and flags.get("echo") != "false" else []
    return parts + ([text_of(o) for o in cell["outputs"]] if flags.get("output") != "false" else [])


def readme(root=ROOT):
    "The text README.md should have."
    cells = json.loads((root / "nbs/index.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(p for p in [NOTE] + [p for c in cells for p in cell_parts(c)] if p) + "\n"


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
    print(ROOT / "README.md")
