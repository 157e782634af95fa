"""`okr add`: from a file as it was downloaded to the entry that reads it and the KPIs that fit.

recognise.py   which vendor's export it is, and why
guess.py       columns and measures of a sheet that is no vendor's
dialog.py      reads it, asks what it cannot know, corrects the entry
preview.py     what was understood, in words and as JSON
write.py       the definitions, checked before they stay
"""
