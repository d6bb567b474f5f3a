"""Who is in the picture: masks, faces, detection."""
