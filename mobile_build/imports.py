"""Which modules a tree of sources imports, without running any of it.

Counted are imports anywhere in a module, inside functions too. Not counted: those under `if TYPE_CHECKING`, and those
in a `try` that catches ImportError, which say themselves what happens without them. `actions.NAME` counts as an import
of the module that `app.actions` loads for that name.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Imports", "imports_of", "reachable", "sources_of"]

_ACTIONS = "app.actions"


@dataclass(frozen=True)
class Imports:
    """`ours`: modules of the tree's own packages, by dotted name. `others`: top-level names of installed packages."""

    ours: frozenset[str]
    others: frozenset[str]
    optional: frozenset[str] = field(default_factory=frozenset)


def sources_of(tree: Path) -> dict[str, Path]:
    """Dotted name -> file of every module in a tree; packages by their own name."""
    found = {}
    for path in sorted(tree.rglob("*.py")):
        parts = path.relative_to(tree).with_suffix("").parts
        if all(part.isidentifier() for part in parts):
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def reachable(sources: Mapping[str, Path], entries: tuple[str, ...], packages: frozenset[str]) -> dict[str, Imports]:
    """Every module that can be reached from `entries`, with what it imports. A package's `__init__` comes with each of
    its modules. A module that is not in `sources` is left out here, and stands in its importer's `ours`."""
    homes = _homes(sources)
    found: dict[str, Imports] = {}
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in found or name not in sources:
            continue
        found[name] = imports_of(sources, name, packages, homes)
        waiting += found[name].ours
        waiting += [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
    return found


def imports_of(
    sources: Mapping[str, Path], name: str, packages: frozenset[str], homes: Mapping[str, str] | None = None
) -> Imports:
    """What one module imports. `packages`: the top-level names that are the tree's own."""
    module = ast.parse(sources[name].read_text(), filename=str(sources[name]))
    imported, optional = set(_imported(module, sources)), set(_imported(module, sources, optional=True))
    if homes and name != _ACTIONS and _ACTIONS in imported:
        imported |= {homes[used] for used in _attributes(module, "actions") if used in homes}
    ours = {one for one in imported if one.split(".")[0] in packages}
    others = {one.split(".")[0] for one in imported} - packages - set(sys.stdlib_module_names)
    return Imports(frozenset(ours), frozenset(others), frozenset(optional))


def _imported(tree: ast.AST, sources: Mapping[str, Path], *, optional: bool = False) -> Iterator[str]:
    for node in _walk(tree, optional):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError("a relative import: this repository has none")
            assert node.module is not None
            yield node.module
            if node.module == _ACTIONS:  # names are loaded when they are asked for
                continue
            yield from (name for alias in node.names if (name := f"{node.module}.{alias.name}") in sources)


def _walk(node: ast.AST, optional: bool, inside: bool = False) -> Iterator[ast.AST]:
    """All nodes that are imported for sure, or (`optional`) all those that need not be there."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Try) and any("ImportError" in ast.dump(one) for one in child.handlers if one.type):
            for part in child.body:
                if optional:
                    yield part
                    yield from _walk(part, optional, True)
            for rest in (*child.handlers, *child.orelse, *child.finalbody):
                yield from _walk(rest, optional, inside)
            continue
        if inside or not optional:
            yield child
        yield from _walk(child, optional, inside)


def _attributes(tree: ast.AST, owner: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner
    }


def _homes(sources: Mapping[str, Path]) -> dict[str, str]:
    """Name -> module, as `app.actions` has it in its table `_MODULES`."""
    if _ACTIONS not in sources:
        return {}
    for node in ast.parse(sources[_ACTIONS].read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MODULES":
            table: dict[str, str] = ast.literal_eval(node.value)
            return {name: f"{_ACTIONS}.{module}" for module, names in table.items() for name in names.split()}
    raise ValueError("app.actions has no table _MODULES")
