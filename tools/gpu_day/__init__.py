"""The day a GPU is there: what is checked and timed on it, and the page that shows it.

command            options, and the parts in order
measuring_run      the items of one part, saved one by one as JSON, within a number of minutes
model_size         shapes of Wan2.1-14B at 480p and 720p, and tiny ones
scene              random queries, keys, persons and voices of those shapes
random_scenes      the same of random shapes
timing             medians, spread and peak memory
plain_wan          Wan2.1's DiT in plain torch, with the places of the two hooks
bound_voices       this project's voices at those places
kernel_check       every kernel against float64, on poisoned memory
ceilings, kernel_bench, config_sweep, whole_model, kernel_profile, comfyui_model      what is timed
two_cards, divided_pass    one pass divided between two cards, in two processes
costs, cards       floors and predictions, computed from operations and bytes
speed_page         the tables of docs/speed.md
"""
