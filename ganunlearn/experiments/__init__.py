"Experiments with hooks of their own: a module for each page below nbs/experiments that has some."
