# Starts one of the commands. Read by the scripts in bin, which set:
#   main      the main class
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

# Sets version to the major version, as a JDK or JRE states it in its file "release".
java_version() {
  release=${JAVA_HOME:-}/release
  if [ -z "${JAVA_HOME:-}" ]; then
    real=$(readlink -f "$java" 2>/dev/null) || real=$java
    release=${real%/bin/java}/release
  fi
  version=
  if [ -r "$release" ]; then
    while IFS= read -r line; do
      case $line in
        JAVA_VERSION=*) version=${line#JAVA_VERSION=} ;;
      esac
    done <"$release"
  fi
  if [ -z "$version" ]; then
    version=$("$java" -version 2>&1 | sed -n 's/^.* version \("[^"]*"\).*$/\1/p')
  fi
  version=${version#\"}
  version=${version%\"}
  version=${version#1.} # Java 8 called itself 1.8
  version=${version%%[!0-9]*}
}

check_java() {
  java_version
  [ -n "$version" ] || fail "$java does not run: set JAVA_HOME to a Java $min_java or newer."
  [ "$version" -ge "$min_java" ] || fail "$java is Java $version: set JAVA_HOME to a Java $min_java or newer."
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

find_java
check_java
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
  --enable-native-access=ALL-UNNAMED "-Ddragonfly.terminals=$terminals" ${JAVA_OPTS:-} ${DRAGONFLY_JAVA_OPTS:-} \
  -cp "$path" "$main" "$@"
