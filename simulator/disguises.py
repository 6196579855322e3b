"""Ways in which a notification can carry a secret other than under its own name in plain JSON or a form."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

from simulator.encoding import encode_form, encode_json

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"

type Fields = dict[str, Any]
type Disguise = Callable[[Fields, str, str], tuple[bytes, str]]


def _json(fields: Fields) -> tuple[bytes, str]:
    return encode_json(fields), JSON


def _raw_json(text: str) -> tuple[bytes, str]:
    return text.encode(), JSON


def _multipart(name: str, secret: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{secret}\r\n--x--\r\n'.encode()


def _form(fields: Fields, rest: str) -> tuple[bytes, str]:
    return encode_form(fields) + b"&" + rest.encode(), FORM


def _escaped(name: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in name)


def _spaced(name: str) -> str:
    return f"{name[:4]} {name[4:]}"


DISGUISES: dict[str, Disguise] = {
    "plain": lambda fields, name, secret: _json(fields | {name: secret}),
    "plain form": lambda fields, name, secret: (encode_form(fields | {name: secret}), FORM),
    "another case": lambda fields, name, secret: _json(fields | {name.upper(): secret}),
    "deep": lambda fields, name, secret: _json(fields | {"a": [{"b": {name: {"value": [secret]}}}]}),
    "UTF-16": lambda fields, name, secret: (json.dumps(fields | {name: secret}).encode("utf-16"), JSON),
    "UTF-16 as a form": lambda fields, name, secret: (json.dumps(fields | {name: secret}).encode("utf-16-be"), FORM),
    "UTF-32": lambda fields, name, secret: (json.dumps(fields | {name: secret}).encode("utf-32"), JSON),
    "UTF-8 with a mark": lambda fields, name, secret: (json.dumps(fields | {name: secret}).encode("utf-8-sig"), JSON),
    "JSON in a string": lambda fields, name, secret: _json(fields | {"details": json.dumps({name: secret})}),
    "JSON in JSON in a string": lambda fields, name, secret: _json(
        fields | {"details": json.dumps({"inner": json.dumps({name: secret})})}
    ),
    "form in a string": lambda fields, name, secret: _json(fields | {"details": f"a=1&{name}={quote(secret)}"}),
    "free text": lambda fields, name, secret: _json(fields | {"message": f"Hello.\nYour {name}: {secret}"}),
    "free text in a form": lambda fields, name, secret: (
        encode_form(fields | {"message": f"Your {name} = {secret}&more"}),
        FORM,
    ),
    "name and value": lambda fields, name, secret: _json(fields | {"list": [{"name": name, "value": secret}]}),
    "name and value of the event": lambda fields, name, secret: _json(fields | {"name": name, "value": secret}),
    "name and value in a form": lambda fields, name, secret: _form(fields, f"name={name}&value={quote_plus(secret)}"),
    "two lists": lambda fields, name, secret: _json(fields | {"names": ["email", name], "values": ["x", secret]}),
    "pairs": lambda fields, name, secret: _json(fields | {"list": [["email", "x"], [name, secret]]}),
    "label elsewhere": lambda fields, name, secret: _json(fields | {"a": {"label": f"New {name}:"}, "b": secret}),
    "name with a space": lambda fields, name, secret: _json(fields | {_spaced(name): secret}),
    "name with a space in a form": lambda fields, name, secret: _form(fields, f"{_spaced(name)}={quote_plus(secret)}"),
    "name with zero width": lambda fields, name, secret: _json(fields | {f"{name[:3]}\u200b{name[3:]}": secret}),
    "wide letters": lambda fields, name, secret: _json(
        fields | {"".join(chr(ord(letter) + 0xFEE0) for letter in name.replace("_", "")): secret}
    ),
    "half-encoded name": lambda fields, name, secret: _form(
        fields, f"{name[:2]}%{ord(name[2]):02x}{name[3:]}={quote_plus(secret)}"
    ),
    "twice encoded name": lambda fields, name, secret: _form(
        fields, f"{name[:2]}%25{ord(name[2]):02x}{name[3:]}={quote_plus(secret)}"
    ),
    "name in brackets": lambda fields, name, secret: _form(fields, f"user[{name}]={quote_plus(secret)}"),
    "encoded brackets": lambda fields, name, secret: _form(fields, f"user%5B{name}%5D={quote_plus(secret)}"),
    "escaped name": lambda fields, name, secret: _raw_json(
        json.dumps(fields)[:-1] + f', "{_escaped(name)}": "{secret}"}}'
    ),
    "escaped name in a broken body": lambda fields, name, secret: _raw_json(
        json.dumps(fields)[:-1] + f', "{_escaped(name)}": "{secret}", '
    ),
    "quoted pseudo-JSON": lambda fields, name, secret: _raw_json(repr(fields | {name: secret}).replace("True", "true")),
    "quoted pseudo-JSON as a form": lambda fields, name, secret: (repr(fields | {name: secret}).encode(), FORM),
    "quoted JSON": lambda fields, name, secret: (json.dumps(json.dumps(fields | {name: secret})).encode(), FORM),
    "JSON as a form": lambda fields, name, secret: (
        json.dumps(fields | {name: f"1={secret}&b={secret}&{secret}"}).encode()[1:],
        FORM,
    ),
    "broken JSON": lambda fields, name, secret: _raw_json(json.dumps(fields | {name: secret})[:-2]),
    "multipart": lambda _, name, secret: (_multipart(name, secret), MULTIPART),
    "multipart with signs": lambda _, name, secret: (_multipart(name, f"1={secret}&b={secret}&{secret}"), MULTIPART),
    "multipart as JSON": lambda _, name, secret: (_multipart(name, secret), JSON),
    "base64": lambda fields, name, secret: _json(
        fields | {"html": base64.b64encode(f"<p>Your {name}: {secret}</p>".encode()).decode()}
    ),
    "XML": lambda _, name, secret: (f"<user><{name}>{secret}</{name}></user>".encode(), "application/xml"),
    "link in free text": lambda fields, _, secret: _json(
        fields | {"text": f"Go to https://x.example/#/reset:{secret}"}
    ),
}
"""By what each is: makes a body and its content type from an event, the name of the secret, and the secret."""
