"""Who gets the e-mails of missed-call alerts."""

OPERATIONS = ("ops@acme.example.com", "desk@acme.example.com")
SALES_TEAM = ("sales@acme.example.com",)
