"""How often each kind of call happens in an office: an assumption, no customer's figures."""

import random
from collections.abc import Mapping

SHARES: Mapping[str, float] = {
    # from outside, in percent of all calls
    "answered": 23.7,
    "ring_group": 8,
    "two_devices": 4,
    "forwarded": 2,
    "loopback": 1,
    "voicemail": 5,
    "no_message": 3,
    "no_mailbox": 1,
    "two_alerts": 0.5,
    "abandoned": 3,
    "ring_group_unanswered": 2,
    "busy": 1,
    "rejected": 0.5,
    "not_registered": 0.5,
    "attendant_person": 6,
    "attendant_unanswered": 1,
    "attendant_voicemail": 1,
    "attendant_abandoned": 1,
    "queue_agent": 4,
    "queue_abandoned": 1,
    "queue_empty": 0.5,
    "blind_transfer": 2,
    "attended_transfer": 2,
    "transfer_unanswered": 0.5,
    "transfer_to_voicemail": 0.5,
    "parked_retrieved": 1,
    "parked_abandoned": 0.2,
    "conference": 0.5,
    "conference_room": 0.5,
    "inbound_fax": 0.5,
    "inbound_fax_error": 0.1,
    "media_lost": 0.1,
    "media_lost_for_good": 0.1,
    "media_lost_ringing": 0.1,
    # within the account
    "internal_answered": 5,
    "internal_unanswered": 2,
    # to outside
    "outbound_answered": 10,
    "outbound_unanswered": 2,
    "outbound_given_up": 1,
    "outbound_busy": 0.5,
    "outbound_unallocated": 0.2,
    "click_to_dial": 1,
    "outbound_fax": 0.4,
    "outbound_fax_error": 0.1,
}


def draw(rng: random.Random) -> str:
    """Draw the name of a scenario."""
    return rng.choices(list(SHARES), list(SHARES.values()))[0]
