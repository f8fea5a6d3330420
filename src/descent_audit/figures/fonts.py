"""What text in figures costs, paid once in a process: reading the fonts that a PDF carries, parsing formulas."""

import contextlib
from collections.abc import Iterator
from copy import copy
from functools import lru_cache
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import textpath
from matplotlib.mathtext import MathTextParser

GLYPHS = ("cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")
"""Tables of a TrueType font that a PDF needs, which itself numbers and places all glyphs (ISO 32000-2, section 9.9). To
read the others, by which glyphs are found by character or name, is most of the time that cutting a font down takes."""


class _Glyphs(dict[str, Any]):
    """Glyphs of a font that is used again: each is copied when it is first asked for, as cutting down changes it."""

    def __init__(self, glyphs: dict[str, Any]) -> None:
        super().__init__(glyphs)
        self._own: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name not in self._own:
            self._own.add(name)
            self[name] = copy(super().__getitem__(name))
        return super().__getitem__(name)


@contextlib.contextmanager
def of_glyphs_alone() -> Iterator[None]:
    """Give Matplotlib, which cuts fonts down to the glyphs of a PDF, fonts of ``GLYPHS``; each is read once."""
    load_font = subset.load_font
    subset.load_font = lambda path, options, **how: _for_cutting(_read(path))
    try:
        yield
    finally:
        subset.load_font = load_font


_parser = lru_cache(MathTextParser)


@contextlib.contextmanager
def one_parser() -> Iterator[None]:
    """Give all renderers of Matplotlib one parser of formulas: each formula is parsed once a process and size."""
    patched: Any = textpath
    parser, patched.MathTextParser = patched.MathTextParser, _parser
    try:
        yield
    finally:
        patched.MathTextParser = parser


@lru_cache
def _read(path: str) -> TTFont:
    font = TTFont(path, recalcBBoxes=False, recalcTimestamp=False, lazy=True)
    for table in set(font.reader.keys()) - set(GLYPHS):
        del font[table]
    font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])
    for table in filter(font.has_key, GLYPHS):
        font[table]  # reads it
    return font


def _for_cutting(font: TTFont) -> TTFont:
    """Return a font of which cutting down changes nothing that the given one holds."""
    own, own.reader = copy(font), copy(font.reader)
    own.reader.tables = copy(font.reader.tables)
    own.tables = {name: copy(table) for name, table in font.tables.items()}
    own["glyf"].glyphs = _Glyphs(font["glyf"].glyphs)
    return own
