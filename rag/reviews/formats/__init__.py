"""Bytes of a file → raw rows: one module a format, and one foreign library a module.

`detect` tells the format by content, `readers` loads the module that reads it, `limits` holds what bounds them all.
Every module of a format offers `read(opened)`: rows as they come, with `Rejected` and `Note` between them.
"""
