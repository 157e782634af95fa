"""A Spark cluster on this machine's loopback: a master, workers and a Thrift server, each a process of its own.

    python -m okr_reports.spark.cluster       (`make spark`, `make spark-iceberg`)

For tests, for trying, and for the whole of one large machine. It needs Java 17 or 21 and the extra `spark`, or a Spark
elsewhere, by its folder. Nothing of it listens beyond 127.0.0.1 and nobody is asked for a password: whoever may open a
socket here may ask it anything.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from okr_reports.errors import EngineError
from okr_reports.settings import Workspace, quiet_environment
from okr_reports.spark.settings import read_settings

HOST = "127.0.0.1"
STARTED_WITHIN = 180.0
JAVA_FROM = 17
SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
CONFIGURATION = {
    "spark.driver.bindAddress": HOST,
    "spark.driver.host": HOST,
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
}


# Tables of Iceberg beside others, in the metastore that is there. Derby has no locks; okr has one writer.
ICEBERG = {
    "spark.hadoop.iceberg.engine.hive.lock-enabled": "false",
    "spark.sql.catalog.spark_catalog": "org.apache.iceberg.spark.SparkSessionCatalog",
    "spark.sql.catalog.spark_catalog.type": "hive",
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
}


@dataclass(frozen=True)
class Size:
    """How large the cluster is, memory in MB, Spark's other settings, and its folder where it is not the extra's."""

    workers: int = 2
    cores: int = 1
    worker_memory: int = 2048
    server_memory: int = 2048
    settings: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None

    def with_iceberg(self, environment: Path) -> Size:
        """The same with the Spark of an environment of its own and Iceberg's jar beside it. Raises EngineError."""
        packages = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        jars = sorted((packages / "snowpark_connect_deps_iceberg" / "jars").glob("iceberg-spark-runtime-*_2.12-*.jar"))
        if not jars:
            raise EngineError(f"{environment} has no Spark with Iceberg; in a checkout `make spark-iceberg` makes it")
        # not spark.jars: the Thrift server closes what it has loaded of those with the session that loaded it
        jar = {f"spark.{part}.extraClassPath": str(jars[-1]) for part in ("driver", "executor")}
        return replace(self, settings={**self.settings, **ICEBERG, **jar}, home=packages / "pyspark")


# Small data waits for compilers, not for processors: the second one of the JVM and Spark's of each query are left out.
FOR_SMALL_DATA = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@dataclass
class Cluster:
    """A running cluster: the Thrift server's port, the folder of its Spark, and its processes by name."""

    port: int
    folder: Path
    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def check(self) -> None:
        """Raise EngineError if the master or the Thrift server has ended."""
        for name in ("master", "thrift"):
            process = self.processes.get(name)
            if process is not None and process.poll() is not None:
                raise EngineError(f"Spark's {name} has ended: {_last_words(self.folder / f'{name}.log')}")


@contextmanager
def cluster(folder: Path, port: int, size: Size = Size()) -> Iterator[Cluster]:
    """A cluster whose logs, metastore and scratch space lie in `folder`; ended, processes and all, at the end.

    Raises EngineError if Java or pyspark is missing, or something does not come up.
    """
    if why := missing(size.home):
        raise EngineError(why)
    if port and _answers(port):
        raise EngineError(f"something listens on {HOST}:{port} already; end it, or set SPARK__PORT to another port")
    (folder / "scratch").mkdir(parents=True, exist_ok=True)
    running = Cluster(port or free_port(), folder, size.home or _home_of_extra())
    try:
        _start_all(running, size)
        yield running
    finally:
        for process in reversed(list(running.processes.values())):
            _end(process)


def missing(home: Path | None = None) -> str | None:
    """What this machine lacks for a cluster of that Spark, or of the extra's, in words; None if nothing."""
    java = shutil.which("java")
    if java is None:
        return "Spark needs Java 17 or newer, and there is no `java`; Debian: apt-get install openjdk-17-jre-headless"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < JAVA_FROM:
        return f"Spark needs Java {JAVA_FROM} or newer, this one says {said.splitlines()[0] if said else 'nothing'}"
    try:
        home = home or _home_of_extra()
    except ImportError:
        return "Spark itself is not installed; install okr-reports with its extra `spark` (in a checkout: make spark)"
    return None if home.is_dir() else f"there is no Spark in {home}"


def _home_of_extra() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _start_all(running: Cluster, size: Size) -> None:
    master = f"spark://{HOST}:{(master_port := free_port())}"
    folder = running.folder
    _start(running, "master", "spark-class", "org.apache.spark.deploy.master.Master",
           "--host", HOST, "--port", str(master_port), "--webui-port", "0")  # fmt: skip
    _wait(running, "master", master_port)
    for number in range(1, size.workers + 1):
        _start(running, f"worker_{number}", "spark-class", "org.apache.spark.deploy.worker.Worker",
               "--host", HOST, "--webui-port", "0", "--cores", str(size.cores), "--memory", f"{size.worker_memory}m",
               "--work-dir", str(folder / f"worker_{number}"), master)  # fmt: skip
    settings = CONFIGURATION | {
        "spark.executor.memory": f"{size.worker_memory * 7 // 8}m",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder / 'metastore'};create=true",
        "spark.local.dir": str(folder / "scratch"),
        "spark.sql.shuffle.partitions": str(size.workers * size.cores),
        "spark.sql.warehouse.dir": str(folder / "tables"),
        **size.settings,
    }
    given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    _start(running, "thrift", "spark-submit", "--master", master, "--class", SERVER,
           "--driver-memory", f"{size.server_memory}m", *given,
           "--hiveconf", f"hive.exec.scratchdir={folder / 'scratch' / 'hive'}",
           "--hiveconf", f"hive.exec.local.scratchdir={folder / 'scratch' / 'hive_local'}",
           "--hiveconf", f"hive.server2.logging.operation.log.location={folder / 'scratch' / 'operations'}",
           "--hiveconf", f"hive.server2.thrift.bind.host={HOST}",
           "--hiveconf", f"hive.server2.thrift.port={running.port}", "spark-internal")  # fmt: skip
    _wait(running, "thrift", running.port)


def _start(running: Cluster, name: str, program: str, *arguments: str) -> None:
    environment = {**os.environ, "SPARK_HOME": str(running.home), "SPARK_LOCAL_IP": HOST, "SPARK_NO_DAEMONIZE": "1"}
    # Nothing of it in the machine's own /tmp.
    environment["JAVA_TOOL_OPTIONS"] = f"-Djava.io.tmpdir={running.folder / 'scratch'}"
    with (running.folder / f"{name}.log").open("wb") as log:
        running.processes[name] = subprocess.Popen(
            [str(running.home / "bin" / program), *arguments],
            # Derby writes derby.log where it is started.
            cwd=running.folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _wait(running: Cluster, name: str, port: int) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while not _answers(port):
        running.check()
        if time.monotonic() > deadline:
            log = running.folder / f"{name}.log"
            raise EngineError(f"Spark's {name} did not come up in {STARTED_WITHIN:g} s: {_last_words(log)}")
        time.sleep(0.2)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started (a worker's executors), politely first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(15)
        except ProcessLookupError:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        if how == signal.SIGTERM and not _group_lives(process.pid):
            return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "Exception" in line]
    return f"{(errors or lines or ['its log is empty'])[-1][:300]} (all of it in {log})"


def main() -> None:
    """Run a cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A Spark cluster on 127.0.0.1, until Ctrl-C.")
    parser.add_argument("--workers", type=int, default=Size.workers)
    parser.add_argument("--cores", type=int, default=Size.cores, help="of each worker")
    parser.add_argument("--memory", type=int, default=Size.worker_memory, help="of each worker, in MB")
    parser.add_argument("--iceberg", type=Path, metavar="FOLDER", help="environment of Spark 3.5 and Iceberg")
    parser.add_argument("--small-data", action="store_true", help="settings for a few hundred thousand rows")
    arguments = parser.parse_args()
    workspace = Workspace.from_environment()
    quiet_environment(workspace)
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, signal.default_int_handler)
    try:
        port = read_settings(workspace).port
        settings = FOR_SMALL_DATA if arguments.small_data else {}
        size = Size(arguments.workers, arguments.cores, arguments.memory, settings=settings)
        size = size.with_iceberg(arguments.iceberg.absolute()) if arguments.iceberg else size
        with cluster(workspace.data_dir.absolute() / "spark", port, size) as running:
            print(f"Spark's Thrift server listens on {HOST}:{port}; in another terminal: okr refresh --engine spark")
            print("Ctrl-C ends it", flush=True)
            while True:
                running.check()
                time.sleep(1)
    except KeyboardInterrupt:
        print("\nended")
    except EngineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
