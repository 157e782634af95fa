"""Who is asked: the data team for what the pipeline makes, marketing for what it writes itself."""

DATA_TEAM = ["team:data"]
MARKETING = ["team:marketing"]
