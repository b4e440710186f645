"""What `avkd analyze` does, a module a theme.

The first function of a command's module takes the command's options, by their names; what each
is stands in `commands/`.
"""
