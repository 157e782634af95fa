"""DuckLake in place of the warehouse file: tables as Parquet on shared storage, their catalogue in a Postgres.

The dialect and the code are DuckDB's. What differs is how a connection is made (connection.py) and by what dlt writes
(`destination`); everything else asks for `warehouse_file.connect` and does not know which of both it got.
"""
