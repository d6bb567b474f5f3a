"""What artists type to find the main nodes; helper nodes go without, so that they come last."""

TASKS = ["dub", "dubbing", "portrait", "avatar", "two people", "podcast", "interview", "lip sync"]
