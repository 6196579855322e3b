"""DynamoDB's expressions, as far as the table of destinations uses them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

type Item = dict[str, Any]

_TOKEN = re.compile(r"\(|\)|<=|<|=|AND\b|OR\b|[#:]?\w+")


class Expressions:
    """The expressions of one call, with what their placeholders stand for."""

    def __init__(self, names: Mapping[str, str], values: Item) -> None:
        self._names, self._values = names, values

    def holds(self, condition: str, item: Item) -> bool:
        """Tell whether a condition holds for an item."""
        tokens = _TOKEN.findall(condition)
        found = self._either(tokens, item)
        assert not tokens, f"left over: {tokens}"
        return found

    def apply(self, update: str, item: Item) -> None:
        """Change an item as an update expression says."""
        parts = re.split(r"\b(SET|REMOVE|ADD)\b", update)[1:]
        for verb, text in zip(parts[::2], parts[1::2], strict=True):
            for clause in text.split(","):
                match verb, clause.split():
                    case "SET", [name, "=", value]:
                        item[self._name(name)] = self._values[value]
                    case "REMOVE", [name]:
                        item.pop(self._name(name), None)
                    case "ADD", [name, value]:
                        before = int(item.get(self._name(name), {"N": "0"})["N"])
                        item[self._name(name)] = {"N": str(before + int(self._values[value]["N"]))}
                    case other:
                        raise AssertionError(other)

    def _either(self, tokens: list[str], item: Item) -> bool:
        found = self._both(tokens, item)
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            found = self._both(tokens, item) or found
        return found

    def _both(self, tokens: list[str], item: Item) -> bool:
        found = self._one(tokens, item)
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = self._one(tokens, item) and found
        return found

    def _one(self, tokens: list[str], item: Item) -> bool:
        first = tokens.pop(0)
        if first == "(":
            found = self._either(tokens, item)
            assert tokens.pop(0) == ")"
            return found
        if first == "attribute_not_exists":
            assert tokens.pop(0) == "("
            found = self._name(tokens.pop(0)) not in item
            assert tokens.pop(0) == ")"
            return found
        operator, value = _OPERATORS[tokens.pop(0)], self._values[tokens.pop(0)]
        actual = item.get(self._name(first))
        return actual is not None and operator(_comparable(actual), _comparable(value))

    def _name(self, token: str) -> str:
        return self._names[token] if token.startswith("#") else token


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


def _comparable(value: Mapping[str, Any]) -> Any:
    ((kind, inner),) = value.items()
    return int(inner) if kind == "N" else inner
