"""The process that renders pages: it reads the snapshot and the reports folder, and can do nothing else.

    this process (client) -- starts once --> server, without environment or secrets, everything imported
                          -- a job --------> a fork of it that raises walls, renders, and sends what it made

The renderer writes no file: pages come back through a pipe as bytes with their paths, and are written here. So a page
that breaks out of every sandbox finds no secret, no network, and nothing to write to. It is killed when a page or query
takes too long, ends itself at its memory limit, and another one goes on with the next page.
"""
