"""Pieces of the page; every text that comes from outside is escaped here."""

from collections.abc import Iterable
from html import escape


def section(name: str, title: str, *parts: str) -> str:
    """Return a section of the page, or nothing when it would be empty."""
    inside = "\n".join(filter(None, parts))
    return f'<section id="{name}"><h2>{escape(title)}</h2>\n{inside}\n</section>' if inside else ""


def paragraph(text: str, style: str = "") -> str:
    """Return a paragraph, or nothing for no text."""
    styled = f' class="{style}"' if style else ""
    return f"<p{styled}>{escape(text)}</p>" if text else ""


def items(texts: Iterable[str]) -> str:
    """Return a list of lines, or nothing for none."""
    lines = "\n".join(f"<li>{escape(one)}</li>" for one in texts)
    return f"<ul>{lines}</ul>" if lines else ""


def figure(svg: str, caption: str) -> str:
    """Return a picture, already an SVG element, over its caption."""
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def details(summary: str, inside: str) -> str:
    """Return what is shown on demand, or nothing when it would be empty."""
    return f"<details><summary>{escape(summary)}</summary>\n{inside}</details>" if inside else ""
