"""A plant for a million minutes of film a day, on paper: what it takes, and where it breaks first.

inputs             every figure that is measured, counted, published or assumed, with its source
measuring          how the measured ones were found
driver_trial       how the driver's were found, with Ray
film_minute        GPU seconds and bytes of a minute of film, by stage
plant              GPUs, driver, store and failures, and the plant of the plan
shared_link        the store's bandwidth, divided among those that use it
outcome            what comes of a simulated plant
simulation         the plant at work, on SimPy
scenarios          what happens to the plant, and how far it grows
scale_plot         docs/scale.png
scale_page         the tables of docs/scale.md
"""
