"""Which functions of the workflows call which, read from their source: for tests over all of them.

graph = CallGraph.of_workflows()
graph.reaches("core.workflows.team.accounts.set_role", "audit.record")
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / "core" / "workflows"


@dataclass
class Function:
    """A function: what it is called with first, the functions it names, and what it calls on the
    store, such as "audit.record"."""

    first: str
    named: set[str] = field(default_factory=set)
    on_store: set[str] = field(default_factory=set)


class CallGraph:
    """Functions of core/workflows by their dotted names; storage methods that record by theirs."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.recording = _recording_methods()

    @classmethod
    def of_workflows(cls) -> CallGraph:
        """Read every module of core/workflows."""
        graph = cls()
        for path in sorted(WORKFLOWS.rglob("*.py")):
            graph._read(path)
        return graph

    def public(self) -> list[str]:
        """Every function that takes the store first and is meant for others."""
        return [
            name
            for name, function in self.functions.items()
            if function.first == "store"
            and not name.rsplit(".", 1)[1].startswith("_")
            and ".commands." not in name
        ]

    def reaches(self, name: str, *wanted: str, without: Collection[str] = ()) -> bool:
        """Whether the function, or one that it names, calls one of `wanted` on the store, other
        than through the functions `without`."""
        seen: set[str] = set(without) - {name}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current in seen or current not in self.functions:
                continue
            seen.add(current)
            function = self.functions[current]
            if function.on_store & set(wanted):
                return True
            waiting += function.named
        return False

    def records(self, name: str) -> bool:
        """Whether the function leads to an entry in the audit log."""
        return self.reaches(name, "audit.record", *self.recording)

    def _read(self, path: Path) -> None:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = _imports(tree)
        own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        names |= {name: f"{module}.{name}" for name in own}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.functions[f"{module}.{node.name}"] = _function(node, names)


def _function(node: ast.FunctionDef, names: dict[str, str]) -> Function:
    function = Function(node.args.args[0].arg if node.args.args else "")
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in names:
            function.named.add(names[inner.id])
        if not isinstance(inner, ast.Attribute):
            continue
        dotted = ast.unparse(inner)
        head, _, rest = dotted.partition(".")
        if head in names:
            function.named.add(f"{names[head]}.{rest}")
        if head == "store":
            function.on_store.add(rest)
    return function


def _imports(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.workflows"):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _recording_methods() -> set[str]:
    """Methods of the storage that write to the audit log themselves, such as "projects.add"."""
    found: set[str] = set()
    for path in (ROOT / "storage").glob("*.py"):
        if path.stem == "audit":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                text = ast.unparse(node)
                if "_audit.record(" in text or "self._record(" in text:
                    found.add(f"{path.stem}.{node.name}")
    return found
