"""`make dashboard`: draws the template's dashboard with a simulated day."""
