"""`okr add`: from a file as it was downloaded to the entry that reads it and the KPIs that fit.

recognise.py   which vendor's export it is, and why
guess.py       the table of a sheet that is no vendor's, its days and its names
measures.py    which of its columns are measures, levels, amounts, and which do not add up
dialog.py      reads it, asks what it cannot know, corrects the entry
preview.py     what was understood, in words and as JSON
write.py       the definitions, checked before they stay

gallery.py     `okr add --channel`: a vendor's declaration, mapping and KPIs from gallery/

`okr add --okrs` and `okr export --okrs`:

okr_words.py   names of columns, types, units and periods in seven languages
okr_table.py   the table of a sheet of OKRs
okr_sheet.py   its rows as objectives and key results; what has no place
okr_export.py  the workbook of all OKRs, written and read again
okrs.py        the command: what is written, checked before it stays
"""
