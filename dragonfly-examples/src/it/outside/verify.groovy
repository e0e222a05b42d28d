import java.util.concurrent.TimeUnit
import java.util.jar.JarFile

def jar = new File(basedir, 'target/outside-1.jar')
def needed = new JarFile(jar).withCloseable { it.manifest.mainAttributes.getValue('Class-Path') }
def jars = needed.split(' ').collect { new File(localRepositoryPath, it) }

// Whoever depends on the library gets the versions that its tests and its distribution have.
def tested = new File(basedir, '../../dragonfly/lib').list() as List
assert jars*.name - tested == []

def path = ([jar] + jars).join(File.pathSeparator)

def run = { String name, List<String> arguments ->
  def log = new File(basedir, "target/${name}.log")
  def java = new File(System.getProperty('java.home'), 'bin/java').path
  def process =
      new ProcessBuilder([java] + arguments + ["target/${name}" as String])
          .directory(basedir)
          .redirectErrorStream(true)
          .redirectOutput(log)
          .start()
  def ended = process.waitFor(60, TimeUnit.SECONDS)
  if (!ended) {
    process.destroyForcibly().waitFor()
  }
  println "${name}:\n${log.text}"
  assert ended : "It runs for ever with the ${name}"
  assert process.exitValue() == 0 : "It failed with the ${name}"
}

run('class-path', ['-cp', path, 'outside.Main'])
run('module-path', ['-p', path, '-m', 'outside/outside.Main'])
