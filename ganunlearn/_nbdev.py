"""What nbdev does to this project's notebooks beyond its own steps; settings.ini names both.

nbdev stages notebooks in _proc/ before a site is made of them, with Quarto or without. `Tidy`
(`procs`) comes last: links that lead somewhere, alternative texts as YAML reads them, folded code,
and no toggle of code that shows nothing before what a page says.
`Renderer` shows signatures whose quoted types are imported for type checkers alone.
"""

import inspect
import json
import posixpath
import re
from pathlib import Path

from nbdev.config import get_config
from nbdev.doclinks import _nbpath2html
from nbdev.processors import Processor
from nbdev.showdoc import BasicMarkdownRenderer

FOLDED = {"experiments"}  # folders of pages read for what they find: their code is one click away
LINK = re.compile(r"(\]\()([^)\s]+)(?=\))")
PRIVATE = re.compile(r"\[(`_\w+`)\]\([^)]*\)")  # nbdev links private names, which have no place
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
NAMED = re.compile(r"\[(`[^`]*`)\]\([^)]*\)")  # a link around a name in backticks
SILENT = re.compile(r"^#\| code-fold: true\n(?!#\|)")  # folded, and no directive besides
TAG = re.compile(r"\\tag\{(.*?)\}")  # the number of an equation: MathML has none
ROW = re.compile(r"^\|.*`.*\\\|.*$", re.M)  # of a table, with code and a bar that is no edge
CODE = re.compile(r"`([^`]+)`")
CAPTION = re.compile(r"^(#\| *fig-(?:alt|cap): +)(?![\"'\[])(.*?) *$", re.M)  # not quoted yet


def find_page(html: str) -> str:
    "The notebook of a page of the library: nbdev leaves out the number, `game.html` is 08_game."
    pages = get_config().nbs_path.glob("*.ipynb")
    return next((page.name for page in pages if _nbpath2html(page).name == html), html)


def resolve_link(
    target: str,
    page: str,  # a path below nbs/
) -> str:
    "A link of `page`, for the site: its pages by relative paths, other files on their host."
    config = get_config()
    home = f"{config.doc_host}{config.doc_baseurl}/"
    folder = posixpath.dirname(page)
    if target.startswith(home):  # from nbdev, for names in backticks
        name, _, anchor = target.removeprefix(home).partition("#")
        return f"{posixpath.relpath(find_page(name), folder or '.')}#{anchor}"
    if re.match(r"\w+:|[#/]", target):
        return target
    path = posixpath.normpath(posixpath.join("nbs", folder, target))
    if path.startswith("nbs/"):
        return target
    return f"{config.git_url}/blob/{config.branch}/{path}"


def quote_caption(match: re.Match) -> str:
    "A caption in quotes: a colon in one without would end the YAML value."
    return match[1] + json.dumps(match[2], ensure_ascii=False)


def write_bar(match: re.Match) -> str:
    "Code for a table. GitHub wants a backslash before a bar in it, which Quarto would show."
    if "\\|" not in match[1]:
        return match[0]
    text = match[1].replace("\\|", "|")
    return f"<code>{''.join(c if c.isalnum() or c == ' ' else f'&#{ord(c)};' for c in text)}</code>"


def write_bars(match: re.Match) -> str:
    "A row of a table, whose code may have bars."
    return CODE.sub(write_bar, match[0])


def is_code(cell) -> bool:
    "Whether a cell has code that its page shows."
    return cell.cell_type == "code" and not re.search(r"^#\| echo: false", cell.source, re.M)


def is_silent(cell) -> bool:
    "Whether a cell is folded code, like any other, and shows nothing."
    return is_code(cell) and not cell.get("outputs") and bool(SILENT.match(cell.source))


def place_silent(cells: list) -> list:
    "A page's cells, and those of its beginning that show nothing before its first heading."
    headings = (i for i, cell in enumerate(cells) if re.match(r"##\s", cell.source))
    end = next(headings, len(cells))
    first, rest = cells[:1], cells[1:end]  # the title, the beginning
    says = [cell for cell in rest if not is_silent(cell)]
    return [*first, *says, *filter(is_silent, rest), *cells[end:]]


def join_silent(cells: list) -> list:
    "A page's cells, and folded code that shows nothing with the code that it prepares: one toggle."
    joined: list = []
    for cell in cells:
        before = joined[-1] if joined else None
        folded = is_code(cell) and cell.source.startswith("#| code-fold: true\n")
        if folded and before is not None and is_silent(before):
            code = joined.pop().source.split("\n", 1)[1].rstrip()
            directives = re.match(r"(#\|.*\n)*", cell.source)
            end = directives.end() if directives else 0
            cell.source = f"{cell.source[:end]}{code}\n\n{cell.source[end:]}"
        joined.append(cell)
    return joined


class Tidy(Processor):
    "The last step for every notebook."

    def begin(self) -> None:
        "Called before the first cell."
        nbs = get_config().nbs_path.resolve()
        self.page = Path(self.nb.path_).resolve().relative_to(nbs).as_posix()

    def folds(self) -> bool:
        "Whether this page is read for what it finds."
        return Path(self.page).parts[0] in FOLDED

    def relink(self, text: str) -> str:
        "Markdown whose links lead somewhere."
        text = ROW.sub(write_bars, PRIVATE.sub(r"\1", text))
        return LINK.sub(lambda match: match[1] + resolve_link(match[2], self.page), text)

    def tidy_output(self, output: dict) -> None:
        "Links in an output's prose lead somewhere; names in its code are no links."
        data = output.get("data", {})
        if "text/markdown" in data:
            text = self.relink("".join(data["text/markdown"]))
            text = FENCED.sub(lambda match: NAMED.sub(r"\1", match[0]), text)
            data["text/markdown"] = text

    def cell(self, cell) -> None:
        "Called for every cell."
        if cell.cell_type == "markdown":
            cell.source = TAG.sub(r"\\qquad (\1)", self.relink(cell.source))
        if cell.cell_type != "code":
            return
        # With it, Quarto boxes the outputs of `show_doc`: headings leave "On this page"
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            self.tidy_output(output)
        cell.source = CAPTION.sub(quote_caption, cell.source)
        if not self.folds():
            return
        cell.source = cell.source.replace("#| code-fold: show\n", "#| code-fold: true\n")
        if "code-fold" not in cell.source:
            cell.source = f"#| code-fold: true\n{cell.source}"

    def end(self) -> None:
        "Called after the last cell."
        self.nb.metadata.pop("widgets", None)
        if self.folds():
            self.nb.cells = join_silent(place_silent(self.nb.cells))


class Quoted:
    "A type that cannot be looked up at run time: shown as it is written."

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def keep_quoted(function: object) -> None:
    "Let a function keep those quoted annotations whose names are not there at run time."
    names = getattr(function, "__globals__", {})
    annotations = getattr(function, "__annotations__", {})
    for parameter, annotation in annotations.items():
        if isinstance(annotation, str):
            try:
                eval(annotation, names)
            except NameError:
                annotations[parameter] = Quoted(annotation)


class Renderer(BasicMarkdownRenderer):
    "The renderer of `show_doc`, for types whose modules are imported later too (pandas)."

    def __init__(self, sym, **kwargs):
        function = sym.__init__ if inspect.isclass(sym) else sym
        function = getattr(function, "fget", None) or function
        keep_quoted(inspect.unwrap(function))
        super().__init__(sym, **kwargs)
