# Sourced by run and report: sets java and jar, and builds the jar when a source is newer.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
jar=$root/benchmarks/target/benchmarks.jar

for tool in "$java" mvn; do
  command -v "$tool" >/dev/null || { echo "benchmarks: $tool is not on the PATH; JDK 17 or newer and Maven are needed" >&2; exit 1; }
done

sources=("$root/pom.xml" "$root"/sdk-*/pom.xml "$root"/sdk-*/src/main "$root"/integrations/test/src/main "$root/benchmarks/pom.xml" "$root/benchmarks/src/main")
if [ ! -f "$jar" ] || [ -n "$(find "${sources[@]}" -newer "$jar" -print -quit)" ]; then
  echo "Building (the first time, Maven fetches what it needs; a few minutes) …" >&2
  (cd "$root" && mvn -q -B -Dstyle.color=never -Pbenchmarks -pl benchmarks -am -DskipTests -Dspotless.check.skip=true -Dplinth.analyze.skip=true -Dcyclonedx.skip=true package >&2)
  touch "$jar"
fi
