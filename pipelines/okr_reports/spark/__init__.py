"""Apache Spark as the engine of the models: the same project, on as many machines as there are.

Raw rows lie as Parquet in a lake (channels/landing.py), Spark reads them through views (raw.py), dbt builds the models
over Spark's Thrift server, and the marts come back into the warehouse file (marts.py), from which everything after them
goes on as ever. cluster.py starts a cluster on this machine's loopback for tests and trying.
"""
