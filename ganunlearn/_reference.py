"""The pages of the reference, written from the modules; `nbs/reference` and its overview call it.

Signatures, defaults, docstrings and comments on parameters are read from the code, so that the
reference cannot disagree with it. It is for those who build the site: it needs nbdev.
"""

import ast
import inspect
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple

from fastcore.docments import docments
from IPython.display import Markdown, display
from nbdev.config import get_config

import ganunlearn

PAGES = {  # a page below nbs/reference -> the modules on it, in reading order
    "core": ["core"],
    "data": ["sources", "records", "splits"],
    "models": ["models", "checkpoint", "training"],
    "loss": ["views", "loss"],
    "game": ["distances", "door", "rounds", "additions"],
    "play": ["playing", "game"],
    "match": ["look", "match"],
    "methods": ["methods", "rivals"],
    "attacks": ["attacks"],
    "audit": ["auditing"],
    "relearning": ["relearning", "report"],
    "scenario": ["scenario", "store"],
    "runs": ["experiment"],
    "verifying": ["verifying"],
    "results": ["results"],
    "sweeps": ["sweep", "search"],
    "requests": ["request", "certificate"],
    "serving": ["shop", "cases", "evidence", "checking", "serving"],
    "cli": ["cli"],
    "experiments": [
        *("experiments.ablation", "experiments.audit", "experiments.break_even"),
        *("experiments.comparison", "experiments.overfitting", "experiments.relearning"),
        *("experiments.requests", "experiments.rivals", "experiments.sort"),
        "experiments.timing",
    ],
    "zoo": ["experiments.zoo"],
    "visits": ["experiments.zoo"],
}
SPLITS = {  # a module too long for one page -> the name that its second page begins with
    "experiments.zoo": "Entry",
}
NOTHING = inspect.Parameter.empty
METHOD_KINDS = FunctionType, property, classmethod, staticmethod
EXPORTED = re.compile(r"^#\| *exports?\b", re.M)
SHORT = 44  # characters of a signature's parameters in a list


# ---- what is public


def list_modules() -> list[ModuleType]:
    "Every module that a notebook exports, in the order of the notebooks."
    found = []
    for info in pkgutil.walk_packages(ganunlearn.__path__, "ganunlearn."):
        if "._" in info.name:
            continue
        module = import_module(info.name)
        if "__all__" in vars(module):  # former addresses, which only forward, have none
            found.append(module)
    return sorted(found, key=find_notebook)


def find_notebook(module: ModuleType) -> str:
    "The notebook that a module comes from, as a path below nbs/."
    found = re.search(r"File to edit: [./]+nbs/(\S+\.ipynb)", inspect.getsource(module))
    assert found, f"{module.__name__} does not say which notebook it comes from"
    return found[1]


def is_code(o: object) -> bool:
    "A function or a class, and not a type that was given a name."
    if not callable(o) or not hasattr(o, "__name__"):
        return False
    return inspect.isclass(o) or inspect.isroutine(o) or inspect.isfunction(inspect.unwrap(o))


class Public(NamedTuple):
    "What a module makes public, by name."

    code: dict[str, Any]  # its functions and classes
    constants: dict[str, Any]
    borrowed: dict[str, Any]  # what other modules define


def list_public(module: ModuleType) -> Public:
    "What a module makes public."
    public = Public({}, {}, {})
    own = find_places(find_notebook(module))
    for name in module.__all__:
        o = getattr(module, name)
        if name not in own:
            public.borrowed[name] = o
        elif is_code(o):
            public.code[name] = o
        else:
            public.constants[name] = o
    return public


def find_home(name: str, o: object) -> str:
    "The short name of the module that defines what others make public too."
    for module in list_modules():
        if getattr(module, name, None) is o and name in find_places(find_notebook(module)):
            return shorten(module)
    raise LookupError(f"no module defines {name}")


# ---- what the code says


@cache
def read_comments(o: Any) -> Mapping[str, str]:
    "The comment on each parameter; a dataclass has those of the classes it extends, too."
    found: dict[str, str] = {}
    for source in list_sources(o):
        found |= {name: text for name, text in docments(source).items() if text}
    if not inspect.isclass(o) and "return" not in found:
        last = find_last_comment(o)  # docments takes it for that of a parameter
        found = {"return" if text == last else name: text for name, text in found.items()}
        found |= read_star_comments(o)
    return MappingProxyType(read_options(o) | read_struct_comments(o) | found)


def read_struct_comments(o: Any) -> dict[str, str]:
    "Those of the fields of a `msgspec.Struct`, which docments does not look into."
    if not hasattr(o, "__struct_fields__"):
        return {}
    return dict(re.findall(r"^    (\w+): [^#\n]*# (.*)$", inspect.getsource(o), re.M))


def list_sources(o: Any) -> list[Any]:
    "Where the parameters of a class or function are written down."
    if not inspect.isclass(o):
        return [inspect.unwrap(o)]
    return [c for c in inspect.getmro(o) if is_dataclass(c)][::-1] or [o]


def find_last_comment(function: Any) -> str | None:
    "The comment on the line that ends the signature: it is about what the function returns."
    source = inspect.getsource(inspect.unwrap(function))
    last = re.search(r"\)(?: *->[^#\n]*)?:[ \t]+# (.*)$", source, re.M)
    return last[1].strip() if last else None


def read_star_comments(function: Any) -> dict[str, str]:
    "Those of `*names` and `**names`, which docments leaves out: beside them, or above."
    source = inspect.getsource(inspect.unwrap(function))
    above = re.findall(r"^ +# (.*)\n +\*+(\w+)", source, re.M)
    beside = re.findall(r"^ +\*+(\w+)[^#\n]*# (.*)$", source, re.M)
    return {name: text for text, name in above} | dict(beside)


def read_options(o: Any) -> dict[str, str]:
    "The help of each option of the command line."
    types = getattr(o, "__annotations__", {})
    said = {name: getattr(kind, "__metadata__", [None])[0] for name, kind in types.items()}
    return {name: about.help for name, about in said.items() if hasattr(about, "help")}


def read_signature(o: Any) -> inspect.Signature | None:
    "The parameters, without `self`; None for what has no signature."
    try:
        signature = inspect.signature(o)
    except ValueError:
        return None
    named = [p for p in signature.parameters.values() if p.name != "self"]
    return signature.replace(parameters=named)


def list_parameters(o: Any) -> list[inspect.Parameter]:
    "The parameters that a user fills in."
    signature = read_signature(o)
    named = signature.parameters.values() if signature else []
    return [p for p in named if p.name not in ("args", "kwargs")]


def list_unexplained(o: Any) -> list[str]:
    "Parameters without a comment."
    notes = read_comments(o)
    return [p.name for p in list_parameters(o) if p.name not in notes]


def read_docstring(o: Any) -> list[str]:
    "The paragraphs of a docstring, each in one line."
    text = free_names(inspect.cleandoc(o.__doc__ or ""), o)
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def free_names(text: str, o: Any) -> str:
    "A text whose names of parameters and of methods do not become links to something else."
    parameters = {p.name for p in list_parameters(o)} if callable(o) else set()

    def free(match: re.Match) -> str:
        "As code that nbdev does not link."
        is_method = re.fullmatch(r"[A-Z]\w*\.\w+", match[1])
        return f"<code>{match[1]}</code>" if is_method or match[1] in parameters else match[0]

    return re.sub(r"`([\w.]+)`", free, text)


def write_summary(o: Any) -> str:
    "The first paragraph of a docstring, in one line."
    return read_docstring(o)[0]


# ---- where things are explained


class Place(NamedTuple):
    "Where a notebook explains something."

    heading: str
    anchor: str


def slug(heading: str) -> str:
    "The anchor that Pandoc gives to a heading."
    text = re.sub(r"\]\([^)]*\)|[^\w\s.-]", "", heading.lower())
    return re.sub(r"\s+", "-", re.sub(r"^[^a-z]+", "", text.strip()))


def number_anchor(
    text: str,
    used: Counter,  # how often each anchor is on the page so far; counted on
) -> str:
    "The anchor of a page's next heading: a second one of the same name gets a number."
    anchor = slug(text)
    used[anchor] += 1
    return anchor if used[anchor] == 1 else f"{anchor}-{used[anchor] - 1}"


def list_names(tree: ast.Module) -> Iterable[tuple[str, bool]]:
    "`(name, whether it is a constant)` of what a cell defines."
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, False
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, True
        elif isinstance(node, ast.Assign):
            names = [n for target in node.targets for n in ast.walk(target)]
            yield from ((n.id, True) for n in names if isinstance(n, ast.Name))


def read_cells(page: str) -> list[dict[str, Any]]:
    "The cells of a notebook below nbs/."
    path = get_config().nbs_path / page
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@cache
def find_places(page: str) -> Mapping[str, Place]:
    "By name: the heading under which a notebook defines it, and the anchor of its entry there."
    heading, anchor = "", ""
    used: Counter[str] = Counter()
    places: dict[str, Place] = {}
    for cell in read_cells(page):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"^```.*?^```", "", source, flags=re.M | re.S)
            for level, text in re.findall(r"^(#+) +(.+?) *$", prose, re.M):
                heading = text
                anchor = "" if level == "#" else number_anchor(text, used)
        elif EXPORTED.search(source):
            for name, is_constant in list_names(ast.parse(source)):
                if name[0] == "_":
                    continue
                own = anchor if is_constant else number_anchor(name, used)
                places.setdefault(name, Place(heading, own))
    return places


def link_explanation(name: str, module: ModuleType) -> str:
    "A link from a page of the reference to where a name is explained."
    page = find_notebook(module)
    place = find_places(page)[name]
    target = f"../{page}" + (f"#{place.anchor}" if place.anchor else "")
    title = find_title(page)
    text = title if place.heading == title else f"{title}: {place.heading}"
    return f"[{re.sub(r'[`*]', '', text)}]({target})"


@cache
def find_title(page: str) -> str:
    "The title of a notebook."
    return "".join(read_cells(page)[0]["source"]).splitlines()[0].removeprefix("# ").strip()


def shorten(module: ModuleType) -> str:
    "`experiments.zoo` for `ganunlearn.experiments.zoo`."
    return module.__name__.partition(".")[2]


def list_pages(module: str) -> list[str]:
    "The pages of the reference that have a module, by its short name: one or two."
    return [page for page, modules in PAGES.items() if module in modules]


def is_later(name: str, module: ModuleType) -> bool:
    "Whether a name stands on the second page of its module."
    if shorten(module) not in SPLITS:
        return False
    order = [*find_places(find_notebook(module))]
    return order.index(name) >= order.index(SPLITS[shorten(module)])


def find_page(module: ModuleType, name: str) -> str:
    "The page of the reference that has a name."
    pages = list_pages(shorten(module))
    return pages[-1] if is_later(name, module) else pages[0]


def list_shown(page: str, module: ModuleType) -> Public:
    "What a module makes public, the part that stands on a page of the reference."
    found = list_public(module)
    code, constants = (
        {name: o for name, o in some.items() if find_page(module, name) == page}
        for some in (found.code, found.constants)
    )
    is_last = page == list_pages(shorten(module))[-1]
    return Public(code, constants, found.borrowed if is_last else {})


def list_page(page: str) -> list[ModuleType]:
    "The modules of a page of the reference."
    return [import_module(f"ganunlearn.{name}") for name in PAGES[page]]


@cache
def find_anchors(page: str) -> Mapping[tuple[str, str], str]:
    "By module and name: the anchor of an entry on a page of the reference."
    used: Counter[str] = Counter()
    anchors = {}
    for module in list_page(page):
        short = shorten(module)
        anchors[short, ""] = number_anchor(module.__name__, used)
        shown = list_shown(page, module)
        for name in shown.code:
            anchors[short, name] = number_anchor(name, used)
        for name in shown.constants:
            anchors[short, name] = f"{short}.{name}"
    return anchors


def link_entry(
    name: str,
    module: str,  # its short name
    folder: str = "reference/",  # empty on a page of the reference
) -> str:
    "A link to an entry of the reference."
    page = find_page(import_module(f"ganunlearn.{module}"), name)
    anchor = find_anchors(page)[module, name]
    return f"[<code>{name}</code>]({folder}{page}.ipynb#{anchor})"


# ---- Markdown


def write_type(t: Any) -> str:
    "A type as people write it."
    if t is None or t is NOTHING:
        return ""
    if hasattr(t, "__metadata__"):
        t = t.__origin__  # an option of the command line
    if isinstance(t, str):
        text = t
    elif inspect.isclass(t) and not hasattr(t, "__args__"):
        text = t.__name__
    else:
        text = str(t)
    return re.sub(r"\b(?:\w+\.)+(?=\w)|^<\w+ '|'>$", "", text)


def write_value(value: Any, width: int = 60) -> str:
    "A value in one short line."
    if value is NOTHING:
        return ""
    if hasattr(value, "__args__"):
        return write_type(value)  # a type that has a name
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    text = value.__name__ if callable(value) and hasattr(value, "__name__") else repr(value)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"<(?:\w+\.)*(\w+) object at \w+>", r"\1", text)  # no address: the class
    text = re.sub(r"<(\w+) (?:\w+\.)*([\w<>]+).*?>", r"\2", text)  # <function f at 0x…>: f
    return text if len(text) <= width else text[: width - 1] + "…"


def write_cell(text: object) -> str:
    "Text that may stand in a table."
    return str(text).replace("|", "\\|").replace("\n", " ")


def write_code(text: object) -> str:
    "The same, as code."
    return f"`{write_cell(text)}`" if text else ""


def write_table(head: list[str], rows: list[list[str]]) -> str:
    "A table in Markdown."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def list_arguments(signature: inspect.Signature) -> list[str]:
    "The parameters of a signature, defaults included, without types."
    arguments = []
    for p in signature.parameters.values():
        bare = str(p.replace(annotation=NOTHING))
        short = f"{p.name}={write_value(p.default, 24)}"
        arguments.append(bare if p.default is NOTHING else short)
    return arguments


def write_returned(o: Any, signature: inspect.Signature) -> str:
    "The type that a function returns, after its arrow."
    returned = "" if inspect.isclass(o) else write_type(signature.return_annotation)
    return f" -> {returned}" if returned else ""


def write_call(name: str, o: Any) -> str:
    "A signature: types are left to the table."
    signature = read_signature(o)
    if signature is None:
        return name
    return f"{name}({', '.join(list_arguments(signature))}){write_returned(o, signature)}"


def write_short(o: Any) -> str:
    "What follows the name in a list of signatures: the first parameters, and what is returned."
    signature = read_signature(o)
    if signature is None or is_error(o):
        return ""
    shown: list[str] = []
    arguments = list_arguments(signature)
    for argument in arguments:
        if len(", ".join([*shown, argument])) > SHORT:
            break
        shown.append(argument)
    if len(shown) < len(arguments):
        shown.append("…")
    returned = write_returned(o, signature).replace("->", "→")  # it must not be broken in two
    return write_code(f"({', '.join(shown)}){returned}")


def is_error(o: Any) -> bool:
    "Whether it is an exception."
    return inspect.isclass(o) and issubclass(o, Exception)


def write_signatures(page: str, module: ModuleType) -> str:
    "The list of a module's functions and classes, one a line."
    short = shorten(module)
    anchors = find_anchors(page)
    rows = []
    for name, o in list_shown(page, module).code.items():
        link = f"[<code>{name}</code>](#{anchors[short, name]})"
        rows.append([f"{link}{write_short(o)}", write_cell(write_summary(o))])
    title = f"**[{module.__name__}](#{anchors[short, '']})**"
    table = write_table(["signature", "what it does"], rows)
    return f"{title}\n\n{write_box('signatures', table)}"


def write_box(kind: str, *parts: str) -> str:
    "Markdown in a box that the style sheet knows."
    text = "\n\n".join(part for part in parts if part)
    return f'<div class="{kind}">\n\n{text}\n\n</div>'


def write_parameters(o: Any) -> str:
    "The table of parameters, and of what is returned where that has a comment; or nothing."
    signature = read_signature(o)
    if signature is None:
        return ""
    notes = read_comments(o)
    rows = []
    for p in list_parameters(o):
        kind, default = write_code(write_type(p.annotation)), write_code(write_value(p.default))
        declared = f"<code>{p.name}</code>" + (f": {kind}" if kind else "")
        declared += f" = {default}" if default else ""
        rows.append([declared, write_cell(free_names(notes.get(p.name, ""), o))])
    if "return" in notes:
        returned = write_type(signature.return_annotation)
        kind = f": {write_code(returned)}" if returned else ""
        rows.append([f"*returns*{kind}", write_cell(notes["return"])])
    return write_table(["parameter", "meaning"], rows) if rows else ""


def write_methods(o: Any) -> str:
    "The public methods that a class defines, one a line."
    if not inspect.isclass(o):
        return ""
    lines = []
    for name, method in vars(o).items():
        if name[0] == "_" or not isinstance(method, METHOD_KINDS):
            continue
        is_value = isinstance(method, property)
        call = name if is_value else write_call(name, getattr(o, name))
        lines.append(f"- `.{call}` {write_summary(method)}")
    return "\n".join(lines)


def write_entry(name: str, o: Any, module: ModuleType) -> str:
    "The entry of one function or class: signature, docstring, parameters and methods."
    call = "" if is_error(o) else f"```python\n{write_call(name, o)}\n```"
    said = "\n\n".join(read_docstring(o))
    about = f"{said} Explained in {link_explanation(name, module)}."
    box = write_box("entry", call, about, write_parameters(o), write_methods(o))
    return f"### {name}\n\n{box}"


def write_constants(page: str, module: ModuleType) -> str:
    "The table of a module's constants."
    rows = []
    for name, o in list_shown(page, module).constants.items():
        code = f'<code id="{find_anchors(page)[shorten(module), name]}">{name}</code>'
        rows.append([code, write_code(write_value(o, 100)), link_explanation(name, module)])
    if not rows:
        return ""
    return "Constants:\n\n" + write_table(["name", "value", "explained in"], rows)


def write_borrowed(page: str, module: ModuleType) -> str:
    "The table of what a module makes public and another defines."
    rows = []
    for name, o in list_shown(page, module).borrowed.items():
        rows.append([f"<code>{name}</code>", link_entry(name, find_home(name, o), folder="")])
    if not rows:
        return ""
    return "Defined elsewhere:\n\n" + write_table(["name", "its entry"], rows)


def write_section(page: str, module: ModuleType) -> str:
    "One module on a page: every entry, its constants, and what it has from other modules."
    book = find_notebook(module)
    about = f"{write_summary(module)} Its notebook is [{find_title(book)}](../{book})."
    others = [other for other in list_pages(shorten(module)) if other != page]
    if others:
        title = find_title(f"reference/{others[0]}.ipynb").removeprefix("Reference: ")
        about += f" Its other names are in [{title}]({others[0]}.ipynb)."
    parts = [f"## {module.__name__}", about]
    shown = list_shown(page, module)
    parts += [write_entry(name, o, module) for name, o in shown.code.items()]
    tables = write_constants(page, module), write_borrowed(page, module)
    if any(tables):
        parts.append(write_box("entry", *tables))
    return "\n\n".join(parts)


# ---- pages


def show_page(page: str) -> None:
    "Display a page of the reference: the list of all signatures, then the modules."
    modules = list_page(page)
    signatures = [write_signatures(page, module) for module in modules]
    display(Markdown("\n\n".join(signatures)))
    for module in modules:
        display(Markdown(write_section(page, module)))


def write_first() -> str:
    "The table of what can be imported from the package itself, what most users need first."
    rows = []
    for name, home in ganunlearn._HOMES.items():
        o = getattr(import_module(f"ganunlearn.{home}"), name)
        about = write_summary(o) if is_code(o) else f"By name: {', '.join(map(write_code, o))}."
        rows.append([link_entry(name, home), write_cell(about)])
    return write_box("signatures", write_table(["name", "what it is"], rows))


def write_overview() -> str:
    "The table of all modules with the names of each."
    rows = []
    for page in PAGES:
        for module in list_page(page):
            short = shorten(module)
            shown = list_shown(page, module)
            names = [*shown.code, *shown.constants]
            links = ", ".join(link_entry(name, short) for name in names)
            anchor = find_anchors(page)[short, ""]
            title = f"[<code>{short}</code>](reference/{page}.ipynb#{anchor})"
            about = write_summary(module) if page == list_pages(short)[0] else "The rest of it."
            rows.append([f"{title} {write_cell(about)}", links])
    return write_box("signatures", write_table(["module", "its public names"], rows))


# ---- whether the pages are whole


def list_entries(text: str) -> list[str]:
    "The headings of entries, the parameters and the constants in the Markdown of a page."
    return re.findall(r"^(?:### \w+|\| <code[^>]*>\w+)", text, re.M)


def list_lost(module: ModuleType) -> list[str]:
    "Public names of a module that none of its pages has."
    sections = [write_section(page, module) for page in list_pages(shorten(module))]
    entries = list_entries("\n".join(sections))
    names = {re.split(r"\W+", entry)[-1] for entry in entries}
    return [name for name in module.__all__ if name not in names]


def is_current(page: str) -> bool:
    "Whether the saved outputs of a page have the entries and parameters of its modules."
    cells = read_cells(f"reference/{page}.ipynb")
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    saved = "\n".join("".join(output["data"]["text/markdown"]) for output in outputs)
    written = "\n".join(write_section(page, module) for module in list_page(page))
    return list_entries(saved) == list_entries(written)
