"""docs/architecture.md shows the rooms as they are, and they stand one above the other."""

from test_borders import ALLOWED

from tools.rooms import BEGIN, END, PAGE, arrows, drawn, reduced


def test_the_page_shows_the_rooms_as_they_are():
    _, _, rest = PAGE.read_text().partition(BEGIN)
    drawing, _, _ = rest.partition(END)
    assert drawing.strip() == drawn(arrows()), "run `python tools/rooms.py --write`"
    assert "no circle, no arrow up" in drawing


def test_allowed_imports_point_down():
    """The borders are listed from the ground up: a room may import only rooms listed above it."""
    below = set()
    for room, allowed in ALLOWED.items():
        assert allowed - {room} <= below, room
        below.add(room)


def test_the_graph_leaves_out_only_what_a_longer_path_implies():
    found, shown = arrows(), reduced(arrows())

    def reached(room):
        return shown[room].union(*map(reached, shown[room]))

    assert all(imports <= reached(room) for room, imports in found.items())
    assert sum(map(len, shown.values())) < sum(map(len, found.values())) / 2
