"""One file a verb; the file's name is the verb, its function of that name the command, the docstring its help."""
