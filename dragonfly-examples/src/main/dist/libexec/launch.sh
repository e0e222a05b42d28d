# Starts one of the commands. Read by the scripts in bin, which set:
#   main      the main class
#   mode      thin for the command that hands a call to a server; anything else has no meaning here
#   heap      the heap it may use unless JAVA_OPTS or DRAGONFLY_JAVA_OPTS says otherwise
#   direct    the memory outside of the heap, for network buffers, likewise
#   home      the directory of this distribution
# POSIX sh that starts next to nothing but java: dfget should cost little.

min_java=17

fail() {
  echo "${0##*/}: $1" >&2
  exit 1
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, but there is no bin/java in it: set it to a Java $min_java or newer, or unset it."
  else
    java=$(command -v java) || fail "no Java found: install Java $min_java or newer, or set JAVA_HOME."
  fi
}

# Sets java_version to the major version, as a JDK or JRE states it in its file "release".
find_java_version() {
  release=${JAVA_HOME:-}/release
  if [ -z "${JAVA_HOME:-}" ]; then
    real=$(readlink -f "$java" 2>/dev/null) || real=$java
    release=${real%/bin/java}/release
  fi
  java_version=
  if [ -r "$release" ]; then
    while IFS= read -r line; do
      case $line in
        JAVA_VERSION=*) java_version=${line#JAVA_VERSION=} ;;
      esac
    done <"$release"
  fi
  if [ -z "$java_version" ]; then
    java_version=$("$java" -version 2>&1 | sed -n 's/^.* version \("[^"]*"\).*$/\1/p')
  fi
  java_version=${java_version#\"}
  java_version=${java_version%\"}
  java_version=${java_version#1.} # Java 8 called itself 1.8
  java_version=${java_version%%[!0-9]*}
}

check_java() {
  find_java_version
  [ -n "$java_version" ] || fail "$java does not run: set JAVA_HOME to a Java $min_java or newer."
  [ "$java_version" -ge "$min_java" ] || fail "$java is Java $java_version: set JAVA_HOME to a Java $min_java or newer."
}

# The class path in an order that is the same everywhere, so that an archive of classes stays valid.
class_path() {
  LC_ALL=C
  path=
  for jar in "$home"/lib/*.jar; do
    path=$path${path:+:}$jar
  done
  printf '%s\n' "$path"
}

# What tells one build from another: a server works for the commands of its own build alone.
find_version() {
  for examples in "$home"/lib/dragonfly-examples-*.jar; do
    version=${examples##*/dragonfly-examples-}
    version=${version%.jar}
  done
}

# The command that people wait for: next to no heap, one quick compiler, and no option of others.
exec_thin() {
  columns=
  if [ -t 2 ]; then
    columns=$(stty size <&2 2>/dev/null) || columns=
    columns=${columns##* }
    case $columns in "" | 0) columns=80 ;; esac # it was never told its size
  fi
  exec "$java" -Xmx16m -Xss512k -XX:ReservedCodeCacheSize=8m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -XX:-UsePerfData -Xshare:auto -Xlog:disable -Xlog:all=error:stderr \
    "-Ddragonfly.distribution=$home" "-Ddragonfly.version=$version" "-Ddragonfly.columns=$columns" \
    -cp "$examples" io.dragonfly.examples.thin.ThinMain "$@"
}

find_java
check_java
find_version
if [ "${mode:-}" = thin ]; then
  exec_thin "$@"
fi
path=$(class_path)

# Java cannot see which of its streams are terminals.
terminals=
[ -t 1 ] && terminals=out
[ -t 2 ] && terminals="$terminals err"

# Options are separated by white space and may hold none, as everywhere with JAVA_OPTS. The last of
# two that differ wins, so all that is set here can be set again there.
set -f
# shellcheck disable=SC2086
exec "$java" "-Xmx$heap" "-XX:MaxDirectMemorySize=$direct" -XX:+ExitOnOutOfMemoryError \
  --enable-native-access=ALL-UNNAMED "-Ddragonfly.version=$version" "-Ddragonfly.terminals=$terminals" \
  ${JAVA_OPTS:-} ${DRAGONFLY_JAVA_OPTS:-} \
  -cp "$path" "$main" "$@"
