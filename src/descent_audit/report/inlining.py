"""What a page refers to, put into the page itself, so that one file is all there is."""

import re
from pathlib import Path
from urllib.parse import quote

from descent_audit.records.storage import read_text

STYLE = re.compile(r'<link rel="stylesheet" href="([^":]+)" ?/?>')
SCRIPT = re.compile(r'<script type="module" src="([^":]+)"></script>')
PICTURE = re.compile(r'src="([^":]+\.svg)"')
SIZE = re.compile(r'<svg[^>]* viewBox="0 0 (\S+) (\S+)"')
UNSEEN = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
COORDINATES = re.compile(r' (d|x|y)="([^"]*)"')
FRACTION = re.compile(r"-?\d+\.\d+")
UNQUOTED = " ='/:;,()!*+"
"""What may stand in the address of a picture as it is, besides letters, digits and ``-_.~``."""


def inlined(page: str, folder: Path) -> str:
    """Return a page with its style sheets, its modules and its pictures inside.

    Sheets and modules are files of ``folder``; pictures are found where their addresses say. They are put in here and
    not by Pandoc, whose memory grows with several times their size. Raises ``StorageError`` for a file that cannot be
    read.
    """
    page = STYLE.sub(lambda match: f"<style>\n{read_text(folder / match[1])}</style>", page)
    page = SCRIPT.sub(lambda match: f'<script type="module">\n{read_text(folder / match[1])}</script>', page)
    return PICTURE.sub(lambda match: _picture(read_text(Path(match[1]))), page)


def data_address(drawing: str) -> str:
    """Return an SVG drawing as an address that holds it, quoted for an HTML attribute."""
    return "data:image/svg+xml," + quote(compact(drawing).replace('"', "'"), safe=UNQUOTED)


def compact(drawing: str) -> str:
    """Return an SVG drawing without what nobody sees, with coordinates to a hundredth of their unit."""
    shown = UNSEEN.sub("", drawing)
    rounded = COORDINATES.sub(lambda match: f' {match[1]}="{FRACTION.sub(_hundredths, match[2])}"', shown)
    return " ".join(rounded.split()).replace("> <", "><")


def _picture(drawing: str) -> str:
    """Return the attributes of a picture: its size too, so that nothing moves when it appears."""
    size = SIZE.search(drawing)
    shape = f' width="{round(float(size[1]))}" height="{round(float(size[2]))}"' if size else ""
    return f'src="{data_address(drawing)}"{shape}'


def _hundredths(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
