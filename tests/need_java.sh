#!/bin/sh
# Spark needs Java 17 or newer. Exit 1, saying why, where there is none and it cannot be installed.
set -eu
if command -v java >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing Java for the tests on Spark"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null && exit 0
fi
echo "The tests on Spark are left out: there is no Java, and it could not be installed (openjdk-17-jre-headless)." >&2
exit 1
