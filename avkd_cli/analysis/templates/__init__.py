"""The pages and the card, as templates of jinja2; what ends in .html escapes all that it is given.

`parts.html` has the pieces of a page, among them the table; `base.html` is what pages share.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """Return where templates are found; they may only name what they are given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # takes 0.1 s

    return Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def rendered(name: str, **given: object) -> str:
    """Return a template with what it is given in its places."""
    return environment().get_template(name).render(given)
