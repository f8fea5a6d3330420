"""Colours and shapes that are told apart, and a theme in which nothing of a user's settings is left."""

import os
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from test_claims import run

from descent_audit.figures import roles, theme
from descent_audit.records.made import write_made
from descent_audit.records.storage import write_text
from descent_audit.stages.recipes import configured

NAMES = ("adam_bias_profile", "heavy_ball_stability_region")
HOSTILE = """
font.family: serif
font.size: 30
lines.color: red
lines.linewidth: 9
axes.prop_cycle: cycler("color", ["red"])
axes.facecolor: yellow
axes.grid: True
axes.unicode_minus: False
savefig.bbox: tight
savefig.facecolor: red
savefig.dpi: 10
scatter.edgecolors: red
patch.force_edgecolor: True
path.sketch: 1, 100, 2
svg.fonttype: none
svg.hashsalt: other
xtick.direction: in
legend.fontsize: 3
image.cmap: jet
figure.constrained_layout.use: True
pdf.compression: 0
"""


def test_roles_are_told_apart_without_colour():
    shapes = [roles.shape(role, 0) for role in (*roles.MARKS, *roles.LINES)]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("colours", [theme.PALETTE, theme.ON_A_MAP, theme.CATEGORIES])
def test_colours_are_told_apart_in_grey_and_under_red_green_blindness(colours):
    matrix = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    seen = [matrix @ np.array(to_rgb(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.1


def test_categories_grow_darker():
    grey = [np.dot([0.299, 0.587, 0.114], to_rgb(colour)) for colour in theme.CATEGORIES]
    assert min(-np.diff(grey)) > 0.1


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return what a process draws in a folder, with a file of settings at each place where one is looked for."""
    results = tmp_path_factory.mktemp("results")
    for name in NAMES:
        recipe = configured("smoke", [name]).simulations[name]
        write_made(results, recipe, {f"curves/{name}.csv": run(name)[1]})

    def files(place=None):
        home = tmp_path_factory.mktemp("home")
        environment = {key: value for key, value in os.environ.items() if key != "MATPLOTLIBRC"}
        environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        folder = home / "elsewhere"
        folder.mkdir()
        paths = {
            "folder": folder / "matplotlibrc",
            "home": home / "config" / "matplotlib" / "matplotlibrc",
            "variable": home / "named",
        }
        if place:
            write_text(paths[place], HOSTILE)
            environment |= {"MATPLOTLIBRC": str(paths[place])} if place == "variable" else {}
        command = [sys.executable, "-m", "descent_audit.figures.draw", "--scale", "smoke", "--results", str(results)]
        options = ["--claims", ",".join(NAMES), "--formats", "svg,pdf,png"]
        subprocess.run([*command, *options], cwd=folder, env=environment, check=True)
        paths = [*results.glob("kept/figures/*"), *results.glob("figures/*")]
        made = {path.relative_to(results): path.read_bytes() for path in paths}
        for path in paths:
            path.unlink()
        return made

    return files


@pytest.mark.parametrize("place", ["folder", "home", "variable"])
def test_settings_of_a_user_change_no_byte_of_a_drawing_nor_of_what_is_kept(drawn, place):
    plain, hostile = drawn(), drawn(place)
    assert len(plain) == 2 * 3 * len(NAMES)
    assert hostile == plain


def test_hostile_settings_would_be_seen(tmp_path):
    write_text(tmp_path / "matplotlibrc", HOSTILE)
    code = "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "9.0"
