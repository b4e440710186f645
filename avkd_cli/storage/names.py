"""Names of classes and people as a run keeps them: keyed digests, which match but cannot be read.

A digest is `~KEY:DIGEST`, in hexadecimal. KEY is a function of the run's fingerprint, so that
runs cannot be joined by it, and stands in each digest, so that those of several runs may lie in
one list. Whoever holds a run can ask it of a name, as matching must; a list of people cannot be
read off it. Plain names, as avkd 0.1 and --keep-names write them, match as they are.

Reference: M.-J. Saarinen, J.-P. Aumasson, RFC 7693 (BLAKE2b, keyed).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

PLAIN, DIGESTS = "plain", "digests"
"""What a run says of the names in it."""
_DIGEST = re.compile(r"~([0-9a-f]{12}):[0-9a-f]{24}")
_KEY_BYTES, _BYTES = 6, 12  # two of a billion people share 96 bits once in ten billion runs


def key_of(fingerprint: str) -> str:
    """Return the key of a run."""
    return hashlib.blake2b(
        fingerprint.encode(), digest_size=_KEY_BYTES, person=b"avkd.names"
    ).hexdigest()


def digest_of(name: str, key: str) -> str:
    """Return what stands for a name under a key."""
    found = hashlib.blake2b(name.encode(), digest_size=_BYTES, key=key.encode())
    return f"~{key}:{found.hexdigest()}"


def is_digest(entry: str) -> bool:
    """Return whether an entry is a digest, not a name."""
    return _DIGEST.fullmatch(entry) is not None


def digests(names: Iterable[str], fingerprint: str) -> list[str]:
    """Return the digest of each name under a run's key; what is a digest already stays."""
    key = key_of(fingerprint)
    return [one if is_digest(one) else digest_of(one, key) for one in names]


def matches(entries: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return the name of each entry that is one of some names, or a digest of one."""
    entries, names = set(entries), set(names)
    found = {one: one for one in entries & names}
    for key in {one[1:13] for one in entries if is_digest(one)}:
        for name in names:
            if (digest := digest_of(name, key)) in entries:
                found[digest] = name
    return found


def known(entries: Iterable[str], names: Iterable[str]) -> set[str]:
    """Return those names that are among the entries, plain or as digests; "" is nobody's."""
    return set(matches(entries, names).values()) - {""}


def resolved(entries: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return entries with the name in place of each digest of one of some names."""
    entries = list(entries)
    found = matches(entries, names)
    return [found.get(one, one) for one in entries]


def together(names: Iterable[str], entries: Iterable[str]) -> list[str]:
    """Return names, and entries that are of none of them, sorted."""
    names = set(names)
    return sorted(names | set(resolved(entries, names)))


def hidden(record: Mapping[str, Any], fingerprint: str) -> dict[str, Any]:
    """Return run.json or model.json with a digest in place of every name.

    Args:
        record: `persons`, `classes` (avkd 0.1) and the `classes` of `heads`, where it has them.
    """
    found = dict(record)
    for field in ("persons", "classes"):
        if isinstance(found.get(field), list):
            found[field] = digests(found[field], fingerprint)
    if isinstance(found.get("heads"), dict):
        found["heads"] = {
            name: {**head, "classes": digests(head["classes"], fingerprint)}
            for name, head in found["heads"].items()
        }
    if isinstance(found.get("persons"), list):
        found["persons"].sort()  # nobody's place among the names is told
    return found
