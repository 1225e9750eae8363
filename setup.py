"Packaging: everything is read from settings.ini."

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
ini = ConfigParser(delimiters=["="])
ini.read(root / "settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]
readme = root / "README.md"
repo = cfg["git_url"]


def read_description():
    "README.md with links that lead somewhere from another site, too: pictures raw, files as pages."
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    raw = repo.replace("//github.com/", "//raw.githubusercontent.com/")
    text = re.sub(r"(!\[[^\]]*\]\()(?!\w+:|[#/])", rf"\1{raw}/{cfg['branch']}/", text)
    return re.sub(r"((?<!!)\[[^\]]*\]\()(?!\w+:|[#/])", rf"\1{repo}/blob/{cfg['branch']}/", text)


setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    license="Apache-2.0",
    author=cfg["author"],
    author_email=cfg["author_email"],
    keywords=cfg["keywords"],
    url=repo,
    project_urls={
        "Documentation": f"{cfg['doc_host']}{cfg['doc_baseurl']}",
        "Source": repo,
        "Issues": f"{repo}/issues",
        "Changelog": f"{repo}/blob/{cfg['branch']}/CHANGELOG.md",
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Security",
        "Typing :: Typed",
    ],
    long_description=read_description(),
    long_description_content_type="text/markdown",
    packages=find_packages(include=["ganunlearn", "ganunlearn.*"]),
    package_data={"ganunlearn": ["py.typed"]},
    python_requires=f">={cfg['min_python']}",
    zip_safe=False,
    install_requires=cfg["requirements"].split(),
    extras_require={
        extra: cfg[f"{extra}_requirements"].split()
        for extra in ("data", "people", "dev", "cluster", "search", "request")
    },
    entry_points={
        "nbdev": ["ganunlearn=ganunlearn._modidx:d"],
        "console_scripts": cfg["console_scripts"].split(),
        "ganunlearn.experiments": ["ganunlearn=ganunlearn.experiments"],
    },
)
