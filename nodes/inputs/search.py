"""What artists type to find the main nodes; helper nodes go without, so that they come last."""

TASKS = ["dub", "dubbing", "portrait", "avatar", "two people", "podcast", "interview", "lip sync"]
# The page shows a node whose alias is exactly what was typed before one whose alias goes on.
TASKS_OF_ONE_CLIP = [f"{task} in one clip" for task in TASKS]
