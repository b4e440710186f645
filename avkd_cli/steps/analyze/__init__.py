"""What `avkd analyze` does, a module a command.

The function that is called as its command takes the options of it, by their names; what each is
stands in `commands/`.
"""
