"""placeholder."""


def write(files): ...
