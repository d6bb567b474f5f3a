"""Pictures and videos as users have them: orientation, colour, time; the MP4 writer."""
