"""The console's page in a real browser: Chromium of the machine, in front of a console over tables in memory."""
