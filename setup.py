"Packaging: everything is read from settings.ini."

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
ini = ConfigParser(delimiters=["="])
ini.read(root / "settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]
readme = root / "README.md"

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    license="Apache-2.0",
    author=cfg["author"],
    author_email=cfg["author_email"],
    keywords=cfg["keywords"],
    url=cfg["git_url"],
    long_description=readme.read_text(encoding="utf-8") if readme.exists() else "",
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
