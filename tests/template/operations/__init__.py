"""Alarms, the runbook and the dashboard."""
