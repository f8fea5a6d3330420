import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descent_audit.records.storage import StorageError
from descent_audit.report.inlining import compact, data_address, inlined

DRAWING = """<?xml version="1.0"?>
<!-- seen by nobody -->
<svg xmlns="http://www.w3.org/2000/svg" width="10pt" viewBox="0 0 10.4 20">
 <metadata>who drew it</metadata>
 <g transform="scale(0.015625)">
  <path d="M 1.23456 -2.5
L 3.0000001 4" style="fill: #ffffff"/>
 </g>
</svg>
"""


def test_page_holds_what_it_referred_to(tmp_path):
    (tmp_path / "a.css").write_text("p { color: red; }")
    (tmp_path / "b.mjs").write_text("const a = '\\d';")
    picture = tmp_path / "c.svg"
    picture.write_text(DRAWING)
    page = inlined(
        '<link rel="stylesheet" href="a.css"><script type="module" src="b.mjs"></script>'
        f'<img src="{picture}" alt="c"><img src="data:image/svg+xml,x.svg">',
        tmp_path,
    )
    assert "<style>\np { color: red; }</style>" in page
    assert "const a = '\\d';</script>" in page
    assert str(tmp_path) not in page
    assert 'width="10" height="20" alt="c"' in page
    assert 'src="data:image/svg+xml,x.svg"' in page


def test_missing_picture_is_one_line(tmp_path):
    with pytest.raises(StorageError, match=r"none\.svg: cannot be read"):
        inlined(f'<img src="{tmp_path}/none.svg">', tmp_path)


def test_address_stays_within_its_attribute_and_gives_the_drawing_back():
    address = data_address(DRAWING)
    assert not re.search(r"[\"<>#\n]", address)
    root = ElementTree.fromstring(unquote(address.split(",", 1)[1]))
    assert root.find(".//{*}path").attrib == {"d": "M 1.23 -2.5 L 3 4", "style": "fill: #ffffff"}
    assert root.find("{*}g").attrib == {"transform": "scale(0.015625)"}
    assert root.find("{*}metadata") is None


@given(st.lists(st.floats(-1e4, 1e4).filter(lambda x: "e" not in str(x)), min_size=1))
def test_coordinates_move_by_less_than_a_hundredth(numbers):
    text = compact(f'<path d="{" ".join(map(str, numbers))}"/>')
    found = [float(one) for one in re.search(r'd="(.*)"', text)[1].split()]
    assert all(abs(after - before) <= 0.005001 for before, after in zip(numbers, found, strict=True))
