"""`make doctor`: does a stack work, from Dash's webhooks to its subscribers?"""

from devtools.doctor.examination import doctor, examine

__all__ = ["doctor", "examine"]
