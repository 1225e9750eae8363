"""The lowest versions that settings.ini allows, for pip: to see whether it promises too much.

    pip install $(python tools/lowest.py)

Standard library only.
"""

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = (  # data_requirements and people_requirements name exact versions
    "requirements",
    "search_requirements",
    "request_requirements",
    "cluster_requirements",
)


def list_lowest():
    "`name==version` for each requirement that has a lowest version, torch aside: TORCH names that."
    ini = ConfigParser(delimiters=["="])
    ini.read(ROOT / "settings.ini", encoding="utf-8")
    wanted = " ".join(ini["DEFAULT"][kind] for kind in KINDS).split()
    found = dict(re.findall(r"^([\w-]+)>=([\d.]+)$", "\n".join(wanted), re.M))
    return [f"{name}=={low}" for name, low in found.items() if "torch" not in name]


if __name__ == "__main__":
    print(*list_lowest())
