"""Dash has disabled a webhook: its notification `webhook_disabled`, with which Reconcile starts at once."""

from typing import ClassVar, override

from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver


class WebhookDisabled(NotificationPayload):
    """A webhook that Dash has disabled, after six failed deliveries in a minute.

    hookswitch itself needs it, to enable that webhook again within seconds: it is registered whatever `Hooks` says,
    unless `ReconcileAtOnce` is off. It fires for every webhook of the account but its own, and does not say which hook
    a webhook is for; the message `webhook_restored` does.
    """

    hook: ClassVar = "webhook_disabled"

    msg_id: IdentityText
    hook_id: str | None = None

    @override
    def identity(self) -> Identity:
        return (self.msg_id,)

    @override
    def describe(self) -> str:
        return f"Dash has disabled the webhook {part(self.hook_id) or 'of unknown id'}"


handler = receiver(WebhookDisabled)
