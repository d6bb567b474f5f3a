"""A film: planned in clips, made clip by clip, its seams and colours corrected."""
