# Starts one of the commands. Read by the scripts in bin, which set:
#   home      the directory of this distribution
#   mode      thin for the command that hands a call to a server; else:
#   main      the main class
#   heap      the heap it may use unless JAVA_OPTS or DRAGONFLY_JAVA_OPTS says otherwise
#   direct    the memory outside of the heap, for network buffers, likewise
#   tuning    more options of Java, likewise
#   collector the option that chooses the garbage collector, unless those choose one
#   compiling a file that tells Java's second compiler what to leave to the first; may be empty
#   data      the directory for an error file of Java; where empty, Java's own choice
# POSIX sh that starts next to nothing but java: dfget should cost little.

min_java=17

fail() {
  echo "${0##*/}: $1" >&2
  exit 1
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    java_home=$JAVA_HOME
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, but there is no bin/java in it: set it to a Java $min_java or newer, or unset it."
  else
    java=$(command -v java) || fail "no Java found: install Java $min_java or newer, or set JAVA_HOME."
    real=$(readlink -f "$java" 2>/dev/null) || real=$java
    java_home=${real%/bin/java}
  fi
}

# Sets java_version to the version, as a JDK or JRE states it in its file "release", and java_major.
find_java_version() {
  java_version=
  if [ -r "$java_home/release" ]; then
    while IFS= read -r line; do
      case $line in
        JAVA_VERSION=*) java_version=${line#JAVA_VERSION=} ;;
      esac
    done <"$java_home/release"
  fi
  if [ -z "$java_version" ]; then
    java_version=$("$java" -version 2>&1 | sed -n 's/^.* version \("[^"]*"\).*$/\1/p')
  fi
  java_version=${java_version#\"}
  java_version=${java_version%\"}
  java_version=${java_version%%[!0-9._+-]*}
  java_major=${java_version#1.} # Java 8 called itself 1.8
  java_major=${java_major%%[!0-9]*}
}

check_java() {
  find_java_version
  [ -n "$java_major" ] || fail "$java does not run: set JAVA_HOME to a Java $min_java or newer."
  [ "$java_major" -ge "$min_java" ] || fail "$java is Java $java_major: set JAVA_HOME to a Java $min_java or newer."
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

# Archives of loaded classes, which "dfget --prepare" and each server make for their Java and their
# place: beside the distribution, or in the user's cache if that cannot be written. One in the cache
# must be the user's own, since it is code. Sets shared to an option of Java.
find_archive() {
  below=$home$java_home
  archives=$home/cds$below
  case ${XDG_CACHE_HOME:-} in
    /*) own_archives=$XDG_CACHE_HOME/dragonfly/cds$below ;;
    *) own_archives=${HOME:-/nonexistent}/.cache/dragonfly/cds$below ;;
  esac
  archive_version=$version-$java_version
  archive=$archives/$1-$archive_version.jsa
  if [ ! -r "$archive" ]; then
    archive=$own_archives/$1-$archive_version.jsa
    [ -r "$archive" ] && [ -O "$archive" ] || archive=
  fi
  shared=${archive:+-XX:SharedArchiveFile=$archive}
}

# The command that people wait for: next to no heap, one quick compiler, and no option of others.
exec_thin() {
  columns=
  if [ -t 2 ]; then
    columns=$(stty size <&2 2>/dev/null) || columns=
    columns=${columns##* }
    case $columns in "" | 0) columns=80 ;; esac # it was never told its size
  fi
  find_archive thin
  exec "$java" -Xmx16m -Xss512k -XX:ReservedCodeCacheSize=8m -XX:+UseSerialGC \
    -XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=50 -XX:-UsePerfData \
    -Xshare:auto -Xlog:disable -Xlog:all=error,cds*=off:stderr ${shared:+"$shared"} \
    "-Ddragonfly.distribution=$home" "-Ddragonfly.version=$version" "-Ddragonfly.columns=$columns" \
    -cp "$examples:$home/lib/dragonfly-core-$version.jar" io.dragonfly.examples.thin.ThinMain "$@"
}

# Java before 17.0.9 does not know the option that gives malloc's memory back.
find_trim() {
  case $java_version in
    17 | 17.0.[0-8] | 17.0.[0-8][!0-9]* | 18* | 19* | 20* | 21 | 21.0.0*) trim= ;;
    *) trim=-XX:TrimNativeHeapInterval=10000 ;;
  esac
}

# A file or a socket that Java opens must not become what it reads or says: that number would be free.
true 3<&0 || exec </dev/null
true >&2 || exec 2>/dev/null

# Where file names hold more than ASCII, Java must know how they are written. The terminal may be plain
# all the same.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
  "" | C | POSIX)
    LC_ALL=C.UTF-8
    dragonfly_plain=1
    export LC_ALL dragonfly_plain
    ;;
esac

find_java
check_java
find_version
if [ "${mode:-}" = thin ]; then
  exec_thin "$@"
fi
path=$(class_path)
find_archive full
find_trim

# Java cannot see which of its streams are terminals.
terminals=
[ -t 1 ] && terminals=out
[ -t 2 ] && terminals="$terminals err"

case "${JAVA_OPTS:-} ${DRAGONFLY_JAVA_OPTS:-}" in
  *-XX:+Use*GC*) collector= ;;
esac
error_file=${data:+-XX:ErrorFile=$data/hs_err_%p.log}

# A peer moves bytes: the system and the digests do the work. Java's second compiler took a CPU-second
# for each of the first few hundred MiB that a peer moved, and made it hardly faster. So it is kept for
# what needs it, digests and TLS, and the rest is compiled by the first one for good. What moves pieces is
# that after 20 calls: with Java's 200, what is called once for a piece would be interpreted for a whole file.
# Nobody reads the profiles that the first one's code would take for the second, but for digests and TLS,
# which do as well without; they were a twelfth of a peer's CPU time. These are options that a later Java may drop.
# Java would say on stdout that it has read the file, so it says nothing there at all.
compiler=
profiles=
if [ "$java_major" -le 25 ]; then
  profiles='-XX:-C1ProfileCalls -XX:-C1ProfileVirtualCalls -XX:-C1ProfileInlinedCalls
    -XX:-C1ProfileBranches -XX:-C1ProfileCheckcasts -XX:-C1UpdateMethodData'
fi
if [ -n "${compiling:-}" ]; then
  compiler='-XX:+UnlockDiagnosticVMOptions -XX:-DisplayVMOutput -XX:CompileCommand=quiet
    -XX:Tier4InvocationThreshold=500 -XX:Tier4MinInvocationThreshold=100
    -XX:Tier4CompileThreshold=600 -XX:Tier4BackEdgeThreshold=4000
    -XX:CompileCommand=CompileThresholdScaling,io.dragonfly.*::*,0.1
    -XX:CompileCommand=CompileThresholdScaling,io.netty.*::*,0.1
    -XX:CompileCommand=CompileThresholdScaling,okhttp3.*::*,0.1
    -XX:CompileCommand=CompileThresholdScaling,okio.*::*,0.1
    -XX:CompileCommand=CompileThresholdScaling,com.fasterxml.*::*,0.1'
  compiler="$compiler $profiles"
fi

# Each thread of malloc's own would keep memory for itself otherwise.
MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
export MALLOC_ARENA_MAX

# Options are separated by white space and may hold none, as everywhere with JAVA_OPTS. The last of
# two that differ wins, so all that is set here can be set again there.
set -f
# shellcheck disable=SC2086
exec "$java" "-Xmx$heap" "-XX:MaxDirectMemorySize=$direct" -XX:+ExitOnOutOfMemoryError \
  "-XX:OnOutOfMemoryError=echo '${0##*/}: out of memory: set DRAGONFLY_JAVA_OPTS to a larger -Xmx or -XX:MaxDirectMemorySize' >&2" \
  --enable-native-access=ALL-UNNAMED \
  -Xshare:auto -Xlog:disable -Xlog:all=error,cds*=off:stderr ${shared:+"$shared"} \
  ${tuning:-} ${collector:-} $trim \
  $compiler ${compiling:+"-XX:CompilerDirectivesFile=$compiling"} ${error_file:+"$error_file"} \
  "-Ddragonfly.distribution=$home" "-Ddragonfly.version=$version" "-Ddragonfly.terminals=$terminals" \
  "-Ddragonfly.archive=$archive" "-Ddragonfly.archives=$archives" "-Ddragonfly.archives.own=$own_archives" \
  "-Ddragonfly.archives.version=$archive_version" \
  ${JAVA_OPTS:-} ${DRAGONFLY_JAVA_OPTS:-} \
  -cp "$path" "$main" "$@"
