"""The two cartoon people of the shipped picture."""

# As --boxes takes them.
BOXES = ("64,56,300,400", "340,50,576,400")
