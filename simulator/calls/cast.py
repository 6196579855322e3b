"""Who takes part in the simulated calls: phones and the fax box of the account, and telephones outside.

Ids are the same in every run. Names of callers and all numbers are of the kinds in `simulator/confidential.py`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A phone or the fax box of the account, or a telephone outside.

    Attributes:
        name: What scenarios and tests call it.
        title: The name on a display.
        number: The extension of a phone, else the number in E.164.
        device: The id on Dash, if it is a phone of the account; else empty.
        owner: The id of the user that the phone belongs to; else empty.
        username: The phone's SIP user; else empty.
    """

    name: str
    title: str
    number: str
    device: str = ""
    owner: str = ""
    username: str = ""


def document_id(text: str) -> str:
    """Return an id as Dash gives them to documents: 32 hex digits, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _phone(name: str, title: str, extension: str, user: str = "") -> Member:
    owner = document_id(f"user {user or name}")
    return Member(name, title, extension, document_id(f"device {name}"), owner, f"user_{name}")


RECEPTION = _phone("reception", "Front Desk", "100")
SALES = tuple(_phone(f"sales_{n}", f"Sales {n}", f"20{n}") for n in range(1, 6))
SALES_1, SALES_2, SALES_3, SALES_4, SALES_5 = SALES
SUPPORT_1 = _phone("support_1", "Support 1", "301")
SUPPORT_2 = _phone("support_2", "Support 2", "302")
WAREHOUSE = _phone("warehouse", "Warehouse 3", "401")
MANAGER_DESK = _phone("manager_desk", "Manager", "500", user="manager")
MANAGER_SOFT = _phone("manager_soft", "Manager", "500", user="manager")

CUSTOMER = Member("customer", "WIRELESS CALLER", "+15552340017")
SUPPLIER = Member("supplier", "Ünïcode & Söhne", "+15556780042")
MOBILE = Member("mobile", "Reception's mobile", "+15554440033")
FAX_MACHINE = Member("fax_machine", "Café Zürich", "+15557770011")
FAX_BOX = Member("fax_box", "Front Desk", "+15553000199")
UNALLOCATED = Member("unallocated", "Nobody", "+15559990000")

MAIN_NUMBER = "+15553000100"
"""The number of the account that people outside call."""

CAST: Mapping[str, Member] = {
    member.name: member
    for member in (
        RECEPTION,
        *SALES,
        SUPPORT_1,
        SUPPORT_2,
        WAREHOUSE,
        MANAGER_DESK,
        MANAGER_SOFT,
        CUSTOMER,
        SUPPLIER,
        MOBILE,
        FAX_MACHINE,
        FAX_BOX,
        UNALLOCATED,
    )
}
