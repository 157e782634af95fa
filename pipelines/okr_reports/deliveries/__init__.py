"""Ways out of the house: mail before the check-in, chat, alerts, and copies of the site elsewhere.

The rest of the package calls `commands.py` alone; README.md here says what is promised of each way.
"""
