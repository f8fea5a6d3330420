"""Small changes of a module's text, each a fault that a verdict should notice.

Generated are exchanged operators and comparisons, dropped factors, terms and signs, doubled and shifted constants,
exchanged functions and branches. Left alone are docstrings, annotations, decorators, f-strings, errors with the guards
that raise them, and the arguments of a ``Curve`` and of its intervals, which no verdict hears.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider

OPERATORS = {
    cst.Add: "-", cst.Subtract: "+", cst.Multiply: "/", cst.Divide: "*", cst.FloorDivide: "/", cst.Modulo: "*",
    cst.Power: "*", cst.BitAnd: "|", cst.BitOr: "&", cst.LeftShift: ">>", cst.RightShift: "<<",
    cst.AddAssign: "-=", cst.SubtractAssign: "+=", cst.MultiplyAssign: "/=", cst.DivideAssign: "*=",
    cst.BitOrAssign: "&=", cst.BitAndAssign: "|=", cst.And: "or", cst.Or: "and",
}  # fmt: skip
COMPARISONS = {
    cst.LessThan: ("<=", ">="), cst.LessThanEqual: ("<", ">"), cst.GreaterThan: (">=", "<="),
    cst.GreaterThanEqual: (">", "<"), cst.Equal: ("!=",), cst.NotEqual: ("==",), cst.Is: ("is not",),
    cst.IsNot: ("is",), cst.In: ("not in",), cst.NotIn: ("in",),
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "argmin": "argmax", "argmax": "argmin",
    "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "floor": "ceil", "ceil": "floor", "any": "all",
    "all": "any", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "log1p": "log", "expm1": "exp", "sum": "mean", "mean": "sum", "less": "greater", "greater": "less",
}  # fmt: skip
CONSTANTS = {"True": "False", "False": "True"}
UNWRAPPED = ("abs", "sqrt", "log", "exp")
LEFT_TERMS = (cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.Power)
RIGHT_TERMS = (cst.Add, cst.Multiply)
SILENT = (cst.Annotation, cst.Decorator, cst.FormattedString, cst.Raise, cst.Import, cst.ImportFrom)
SCOPES = (cst.FunctionDef, cst.ClassDef)
STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement, cst.MatchCase)


@dataclass(frozen=True)
class Mutation:
    """One fault: ``old`` at byte ``start`` of ``file`` becomes ``new``. ``lines`` are those of its statement."""

    name: str
    file: str
    start: int
    old: str
    new: str
    lines: tuple[int, int]
    why: str = ""

    def apply(self, text: str) -> str:
        """Return the text with the fault in it. Raises ``ValueError`` where the old text is not there."""
        content, old = text.encode(), self.old.encode()
        if content[self.start : self.start + len(old)] != old:
            raise ValueError(f"{self.name}: found other text in {self.file}, allowed: {self.old!r}")
        return (content[: self.start] + self.new.encode() + content[self.start + len(old) :]).decode()


def generated(file: str, text: str) -> list[Mutation]:
    """Return all faults of a module, in the order of its text; their names outlive edits of other statements."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    visitor = _Visitor(wrapper.module, text.encode())
    wrapper.visit(visitor)
    found, count = [], Counter[str]()
    for start, old, new, owner, statement, lines in sorted(set(visitor.found)):
        name = f"{file}:{owner or 'module'}:{hashlib.sha256(repr((statement, old, new)).encode()).hexdigest()[:8]}"
        count[name] += 1
        found.append(Mutation(name + f".{count[name]}" * (count[name] > 1), file, start, old, new, lines))
    return found


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (ByteSpanPositionProvider, PositionProvider)

    def __init__(self, module: cst.Module, content: bytes) -> None:
        super().__init__()
        self.module, self.content = module, content
        self.scopes: list[str] = []
        self.statements: list[cst.CSTNode] = []
        self.found: list[tuple[int, str, str, str, str, tuple[int, int]]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, SILENT) or _is_guard(node) or _is_curve(node):
            return False
        if isinstance(node, SCOPES):
            self.scopes.append(node.name.value)
        if isinstance(node, STATEMENTS):
            self.statements.append(node)
        for part, new in self.edits(node):
            self.note(part, new)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self.scopes and isinstance(original_node, SCOPES):
            self.scopes.pop()
        if self.statements and self.statements[-1] is original_node:
            self.statements.pop()

    def note(self, part: cst.CSTNode, new: str) -> None:
        """Note that a node's text, without the blanks around an operator, is to become another."""
        first, last = self.span(part)
        old = self.content[first:last].decode()
        start = first + len(old) - len(old.lstrip())
        head, lines = self.head()
        self.found.append((start, old.strip(), new, ".".join(self.scopes), head, lines))

    def head(self) -> tuple[str, tuple[int, int]]:
        """Return the text of the innermost statement, of a compound one up to its body, and its lines."""
        statement = self.statements[-1]
        (first, last), place = self.span(statement), self.get_metadata(PositionProvider, statement)
        if isinstance(statement, cst.SimpleStatementLine):
            return self.content[first:last].decode(), (place.start.line, place.end.line)
        body = statement.cases[0] if isinstance(statement, cst.Match) else statement.body.body[0]  # type: ignore[attr-defined]
        below = self.get_metadata(PositionProvider, body).start.line - 1
        return self.content[first : self.span(body)[0]].decode(), (place.start.line, max(below, place.start.line))

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the bytes of a node, from and to."""
        span = self.get_metadata(ByteSpanPositionProvider, node)
        return span.start, span.start + span.length

    def code(self, node: cst.CSTNode) -> str:
        return self.module.code_for_node(node).strip()

    def edits(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, str]]:
        """Yield every node that is to be replaced, and by what."""
        match node:
            case cst.BinaryOperation(left=left, operator=operator, right=right):
                if type(operator) in OPERATORS:
                    yield operator, OPERATORS[type(operator)]
                if isinstance(operator, LEFT_TERMS):
                    yield node, self.code(left)
                if isinstance(operator, RIGHT_TERMS):
                    yield node, self.code(right)
            case cst.BooleanOperation(operator=operator) | cst.AugAssign(operator=operator):
                if type(operator) in OPERATORS:
                    yield operator, OPERATORS[type(operator)]
            case cst.ComparisonTarget(operator=operator):
                yield from ((operator, new) for new in COMPARISONS.get(type(operator), ()))
            case cst.UnaryOperation(expression=expression):
                yield node, f"({self.code(expression)})"
            case cst.Integer():
                value = int(node.value, 0)
                yield node, str(value + 1)
                if value > 2:
                    yield node, str(value - 1)
            case cst.Float():
                yield node, repr(2.0 * float(node.value) or 1.0)
            case cst.IfExp(test=test):
                yield test, f"not ({self.code(test)})"
            case cst.If(test=test) if not isinstance(test, cst.Comparison):
                yield test, f"not ({self.code(test)})"
            case cst.Name(value=name) if name in CONSTANTS:
                yield node, CONSTANTS[name]
            case cst.Call(func=cst.Name() as function) | cst.Call(func=cst.Attribute(attr=function)):
                if function.value in NAMES:
                    yield function, NAMES[function.value]
                if function.value in UNWRAPPED and len(node.args) == 1 and not node.args[0].star:
                    yield node, f"({self.code(node.args[0].value)})"


def _is_guard(node: cst.CSTNode) -> bool:
    match node:
        case cst.If(orelse=None, body=cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Raise()])])):
            return True
    return False


def _is_curve(node: cst.CSTNode) -> bool:
    """Say whether a call makes a ``Curve``, or gives it the intervals of its marks."""
    match node:
        case cst.Call(func=cst.Name(value="Curve") | cst.Attribute(attr=cst.Name(value="within"))):
            return True
    return False
