"""The size that the demo's film has, of its picture and its model."""

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.picture import read_picture
from multitalk_core.method.wan import MINIATURE, nearest_bucket

DEMO_HEIGHT, DEMO_WIDTH = nearest_bucket(*read_picture(EMBEDDED / "picture.png").shape[:2], MINIATURE)
